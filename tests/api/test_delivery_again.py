"""A delivery that comes again after its maker lost reach: acknowledged to them, and told to nobody else."""

from typing import Any

import pytest

from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
SITES, VISITS = "/api/v1/sites", "/api/v1/visits"
AT = {"type": "Point", "coordinates": [2.321, 54.771]}
SITE: dict[str, Any] = {"geom": AT, "site_type": "bridge", "name": "Under the east bridge"}
VISIT: dict[str, Any] = {"visited_at": "2026-01-02T23:30:00+01:00", "outcome": "met", "people_band": "2-5"}


async def hand_over(client: Client, town: SmallTown, owner_url: str, site: str) -> None:
    """The site is handed over, and its area is no more Alice's."""
    mara = await client("mara")
    version = (await mara.get(site)).headers["etag"]
    assert (await mara.post(f"{site}/hand-over", headers={"If-Match": version})).status_code == 200
    run(owner_url, "UPDATE lantern.assignment SET ends_on = current_date - 1 WHERE account_id = :who",
        who=town.accounts["alice"])  # fmt: skip


async def test_a_site_and_a_visit_that_come_again_after_a_hand_over_are_acknowledged_and_no_more(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    alice, ben, mara = await client("alice"), await client("ben"), await client("mara")
    site, visit = new_id(), new_id()
    made = await alice.put(f"{SITES}/{site}", json=SITE)
    body = VISIT | {"site_id": str(site)}
    logged = await alice.put(f"{VISITS}/{visit}", json=body)
    assert (made.status_code, logged.status_code) == (201, 201)
    await mara.patch(f"{SITES}/{site}", json={"name": "Elsewhere"}, headers={"If-Match": made.headers["etag"]})
    await hand_over(client, town, owner_url, f"{SITES}/{site}")
    assert (await alice.get(f"{SITES}/{site}")).status_code == 404
    assert (await alice.get(f"{VISITS}/{visit}")).status_code == 404
    for path, row, sent in ((f"{SITES}/{site}", site, SITE), (f"{VISITS}/{visit}", visit, body)):
        again = await alice.put(path, json=sent)
        assert (again.status_code, again.json()) == (200, {"id": str(row), "version": 1})
        assert "etag" not in again.headers
        posted = await alice.post(path.rpartition("/")[0], json=sent | {"id": str(row)})
        assert (posted.status_code, posted.content) == (200, again.content)
    other = await alice.put(f"{SITES}/{site}", json=SITE | {"name": "Another"})
    taken = await ben.put(f"{SITES}/{site}", json=SITE)
    strange = await ben.put(f"{SITES}/{town.sites['adrift']}", json=SITE)
    assert other.json()["type"] == "/problems/id-taken"
    assert (other.status_code, other.content) == (taken.status_code, taken.content)
    assert (taken.status_code, taken.content) == (strange.status_code, strange.content)
    assert (await mara.get(f"{VISITS}?site={site}")).json()["numberReturned"] == 1


async def test_a_visit_that_was_never_taken_is_refused_alike_for_any_site_out_of_reach_and_taken_without_one(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    alice, path = await client("alice"), f"{VISITS}/{new_id()}"
    run(owner_url, "UPDATE lantern.assignment SET ends_on = current_date - 1 WHERE account_id = :who",
        who=town.accounts["alice"])  # fmt: skip
    late = [await alice.put(path, json=VISIT | {"site_id": str(site)}) for site in (town.sites["quay"], new_id())]
    assert [answer.status_code for answer in late] == [422, 422]
    assert late[0].content == late[1].content
    assert late[0].json()["errors"][0]["where"] == "body.site_id"
    kept = await alice.put(path, json=VISIT | {"geom": AT})
    assert (kept.status_code, kept.json()["properties"]["site_id"]) == (201, None)


async def test_a_manager_who_logs_for_a_colleague_has_the_receipt_and_the_colleague_has_none(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    mara, ben, path = await client("mara"), await client("ben"), f"{VISITS}/{new_id()}"
    body = VISIT | {"account_id": str(town.accounts["ben"]), "geom": AT}
    assert (await mara.put(path, json=body)).status_code == 201
    assert (await mara.put(path, json=body)).status_code == 200
    assert (await ben.put(path, json=body)).json()["type"] == "/problems/id-taken"
    held = look(owner_url, "SELECT account_id, version, received_at <= now() FROM lantern.receipt")
    assert held == [(town.accounts["mara"], 1, True)]


async def test_a_refused_delivery_leaves_no_receipt(client: Client, owner_url: str) -> None:
    alice, path = await client("alice"), f"{SITES}/{new_id()}"
    assert (await alice.put(path, json=SITE | {"site_type": "castle"})).status_code == 422
    assert look(owner_url, "SELECT count(*) FROM lantern.receipt") == [(0,)]
    assert (await alice.put(path, json=SITE)).status_code == 201
