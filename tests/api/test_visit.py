"""Visits over HTTP: acknowledged once, never lost, never counted twice."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
VISITS = "/api/v1/visits"
UNKNOWN = "01990000-0000-7000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


def at(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def ago(**since: float) -> str:
    return (datetime.now(UTC) - timedelta(**since)).isoformat()


def search(**more: object) -> dict[str, Any]:
    """A visit to no known site."""
    return {"visited_at": "2026-01-02T23:30:00+01:00", "outcome": "nobody-found", "geom": at(2.321, 54.771)} | more


def ids(answer: httpx.Response) -> set[str]:
    return {feature["id"] for feature in answer.json()["features"]}


async def site_of(person: httpx.AsyncClient, **more: object) -> str:
    """A new site in Alice's area."""
    body = {"geom": at(2.325, 54.772), "site_type": "tent"} | more
    return str((await person.post("/api/v1/sites", json=body)).json()["id"])


async def status_of(person: httpx.AsyncClient, site: str) -> str:
    return str((await person.get(f"/api/v1/sites/{site}")).json()["properties"]["status"])


async def test_a_streetworker_logs_a_visit_of_their_own_at_the_place_of_the_site(
    client: Client, town: SmallTown
) -> None:
    alice = await client("alice")
    visit = {"visited_at": ago(hours=1), "outcome": "met", "people_band": "1", "site_id": str(town.sites["quay"])}
    answer = await alice.post(VISITS, json=visit)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.json()["geometry"] == at(2.32, 54.77)
    properties = answer.json()["properties"]
    assert properties["account_id"] == str(town.accounts["alice"])
    assert properties["team_id"] == str(town.team)
    assert properties["source"] == "form"
    assert (await alice.get(answer.headers["location"])).content == answer.content


async def test_a_visit_that_a_token_sent_says_so(client: Client, anyone: httpx.AsyncClient) -> None:
    token = (await (await client("alice")).post("/api/v1/access-tokens", json={"name": "script"})).json()["token"]
    answer = await anyone.post(VISITS, json=search(), headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["properties"]["source"]) == (201, "api")


async def test_the_same_visit_sent_twice_is_one_visit(client: Client) -> None:
    alice, path = await client("alice"), f"{VISITS}/{new_id()}"
    first = await alice.put(path, json=search())
    again = await alice.put(path, json=search())
    reordered = await alice.put(path, json=dict(reversed(search().items())) | {"visited_at": "2026-01-02T22:30:00Z"})
    other = await alice.put(path, json=search(outcome="met"))
    assert [answer.status_code for answer in (first, again, reordered, other)] == [201, 200, 200, 409]
    assert first.content == again.content == reordered.content


@pytest.mark.parametrize("time", range(3))
async def test_fifty_deliveries_at_once_make_one_visit(client: Client, town: SmallTown, time: int) -> None:
    alice, site = await client("alice"), str(town.sites["quay"])
    path, body = f"{VISITS}/{new_id()}", search(outcome="met", site_id=site)
    answers = await asyncio.gather(*(alice.put(path, json=body) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert len(ids(await alice.get(f"{VISITS}?site={site}"))) == 2


async def test_fifty_visits_in_five_parallel_deliveries_make_fifty(client: Client) -> None:
    alice = await client("alice")
    bodies = {f"{VISITS}/{new_id()}": search(note=f"visit {n}") for n in range(50)}
    for _ in range(2):
        sent = (alice.put(path, json=body) for path, body in list(bodies.items()) * 5)
        assert {answer.status_code for answer in await asyncio.gather(*sent)} <= {200, 201}
    notes = [f["properties"]["note"] for f in (await alice.get(f"{VISITS}?outcome=nobody-found")).json()["features"]]
    assert sorted(notes) == sorted(f"visit {n}" for n in range(50))


async def test_a_visit_that_was_taken_is_known_again_after_its_site_went_out_of_reach(
    client: Client, town: SmallTown
) -> None:
    alice, mara = await client("alice"), await client("mara")
    path, body = f"{VISITS}/{new_id()}", search(site_id=str(town.sites["quay"]))
    assert (await alice.put(path, json=body)).status_code == 201
    closing = {"last_day": (town.today - timedelta(days=1)).isoformat()}
    area = f"/api/v1/work-areas/{town.areas['north']}"
    assert (await mara.post(f"{area}/close", json=closing, headers={"If-Match": '"1"'})).status_code == 200
    assert (await alice.get(f"/api/v1/sites/{town.sites['quay']}")).status_code == 404
    assert (await alice.put(path, json=body)).status_code == 200


async def test_a_visit_cannot_be_attached_to_a_site_out_of_reach(client: Client, town: SmallTown) -> None:
    alice = await client("alice")
    answers = [
        await alice.post(VISITS, json=search(site_id=str(site)))
        for site in (town.sites["lane"], town.sites["silverpit"], UNKNOWN)
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.content for answer in answers}) == 1


async def test_nobody_logs_a_visit_in_the_name_of_a_colleague_but_a_manager(client: Client, town: SmallTown) -> None:
    alice, mara = await client("alice"), await client("mara")
    body = search(account_id=str(town.accounts["ben"]))
    assert (await alice.post(VISITS, json=body)).status_code == 422
    logged = await mara.post(VISITS, json=body)
    assert logged.json()["properties"]["account_id"] == str(town.accounts["ben"])
    nobodys = await mara.post(VISITS, json=search(account_id=None))
    assert nobodys.json()["properties"]["account_id"] is None
    strangers = await mara.post(VISITS, json=search(account_id=str(town.accounts["otto"])))
    assert strangers.status_code == 422


async def test_the_visits_of_a_colleague_elsewhere_are_not_there(client: Client, town: SmallTown) -> None:
    alice, mara, otto = await client("alice"), await client("mara"), await client("otto")
    assert ids(await alice.get(VISITS)) == {str(town.visits["quay"])}
    assert ids(await mara.get(VISITS)) == {str(town.visits["quay"]), str(town.visits["lane"])}
    unknown = await alice.get(f"{VISITS}/{UNKNOWN}")
    for person, visit in ((alice, "lane"), (alice, "silverpit"), (otto, "quay")):
        answer = await person.get(f"{VISITS}/{town.visits[visit]}")
        assert (answer.status_code, answer.content) == (404, unknown.content)


@pytest.mark.parametrize("person", ["pim", "dora", "stefan"])
async def test_who_does_not_look_after_places_reads_no_visit(client: Client, town: SmallTown, person: str) -> None:
    other = await client(person)
    for path in (VISITS, f"{VISITS}/{town.visits['quay']}"):
        assert (await other.get(path)).status_code == 403
    assert (await other.post(VISITS, json=search())).status_code == 403


async def test_a_visit_is_mended_by_who_made_it_and_by_a_manager(client: Client, town: SmallTown) -> None:
    alice, mara = await client("alice"), await client("mara")
    own = f"{VISITS}/{town.visits['quay']}"
    assert (await alice.patch(own, json={"note": "two tents"})).status_code == 428
    mended = await alice.patch(own, json={"note": "two tents"}, headers={"If-Match": '"1"'})
    assert (mended.status_code, mended.json()["properties"]["note"]) == (200, "two tents")
    assert (await mara.patch(own, json={"note": None}, headers={"If-Match": '"1"'})).status_code == 412
    assert (await mara.patch(own, json={"note": None}, headers={"If-Match": '"2"'})).status_code == 200
    whole = await alice.put(own, json=search(), headers={"If-Match": '"3"'})
    assert (whole.status_code, whole.json()["properties"]["site_id"]) == (200, None)
    colleagues = await mara.post(VISITS, json=search(site_id=str(town.sites["quay"])))
    seen = colleagues.headers["location"]
    assert (await alice.get(seen)).status_code == 200
    assert (await alice.patch(seen, json={"note": "x"}, headers={"If-Match": '"1"'})).status_code == 403


async def test_a_change_may_not_leave_a_visit_that_contradicts_itself(client: Client, town: SmallTown) -> None:
    alice, own = await client("alice"), f"{VISITS}/{town.visits['quay']}"
    answer = await alice.patch(own, json={"outcome": "nobody-found"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    both = {"outcome": "nobody-found", "people_band": "0"}
    assert (await alice.patch(own, json=both, headers={"If-Match": '"1"'})).status_code == 200


async def test_people_met_make_an_unverified_site_active(client: Client) -> None:
    alice = await client("alice")
    site = await site_of(alice)
    await alice.post(VISITS, json=search(site_id=site, outcome="signs-of-use"))
    assert await status_of(alice, site) == "unverified"
    await alice.post(VISITS, json=search(site_id=site, outcome="contact-refused"))
    assert await status_of(alice, site) == "active"
    steps = (await alice.get(f"/api/v1/sites/{site}/history")).json()["statuses"]
    assert [(step["status"], step["cause"]) for step in steps] == [("unverified", None), ("active", "visit")]


async def test_many_encounters_at_once_make_a_site_active_once(client: Client) -> None:
    mara = await client("mara")
    site = await site_of(mara)
    met = (mara.post(VISITS, json=search(site_id=site, outcome="met", note=f"{n}")) for n in range(20))
    assert {answer.status_code for answer in await asyncio.gather(*met)} == {201}
    read = await mara.get(f"/api/v1/sites/{site}")
    assert (read.json()["properties"]["status"], read.headers["etag"]) == ("active", '"2"')
    assert len((await mara.get(f"/api/v1/sites/{site}/history")).json()["statuses"]) == 2


async def test_of_two_changes_at_once_one_is_stale(client: Client, town: SmallTown) -> None:
    mara, path = await client("mara"), f"{VISITS}/{town.visits['quay']}"
    changes = (mara.patch(path, json={"note": f"{n}"}, headers={"If-Match": '"1"'}) for n in range(8))
    assert sorted(answer.status_code for answer in await asyncio.gather(*changes)) == [200] + [412] * 7


async def test_an_old_visit_that_comes_late_does_not_revive_an_inactive_site(client: Client) -> None:
    alice = await client("alice")
    site = await site_of(alice, status="inactive")
    await alice.post(VISITS, json=search(site_id=site, outcome="met", visited_at=ago(days=2)))
    assert await status_of(alice, site) == "inactive"
    await alice.post(VISITS, json=search(site_id=site, outcome="met", visited_at=ago(minutes=-5)))
    assert await status_of(alice, site) == "active"


async def test_a_site_that_is_not_to_be_listed_stays_so(client: Client) -> None:
    alice = await client("alice")
    site = await site_of(alice, status="do-not-list")
    await alice.post(VISITS, json=search(site_id=site, outcome="met", visited_at=ago(minutes=-5)))
    assert await status_of(alice, site) == "do-not-list"


async def test_lists_narrow_by_period_outcome_account_team_site_box_and_area(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    quay, lane = str(town.visits["quay"]), str(town.visits["lane"])
    midnight = (await mara.post(VISITS, json=search(visited_at="2026-07-01T23:30:00Z"))).json()["id"]
    for query, expected in (
        (f"account={town.accounts['alice']}", {quay}),
        (f"account={UNKNOWN}", set()),
        (f"team={town.team}", set()),
        (f"site={town.sites['lane']}", {lane}),
        ("outcome=met", {quay, lane}),
        ("outcome=nobody-found&outcome=signs-of-use", {midnight}),
        ("from=2026-07-02&to=2026-07-02", {midnight}),  # 00:30 on London's clock in summer
        ("from=2026-07-01&to=2026-07-01", set()),
        (f"area={town.areas['south']}", {lane}),
    ):
        assert ids(await mara.get(f"{VISITS}?{query}")) == expected, query
    boxed = await mara.get(VISITS, headers={"Lantern-Box": "2.31,54.76,2.33,54.78"})
    assert ids(boxed) == {quay, midnight}
    backwards = await mara.get(f"{VISITS}?from=2026-02-01&to=2026-01-01")
    assert backwards.status_code == 422


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"visited_at": "2026-01-02T23:30:00"}, "body.visited_at"),
        ({"visited_at": "0001-01-01T00:00:00+14:00"}, "body.visited_at"),
        ({"visited_at": "9999-12-31T23:59:59-14:00"}, "body.visited_at"),
        ({"visited_at": "1989-12-31T00:00:00Z"}, "body.visited_at"),
        ({"visited_at": "2036-01-01T00:00:00Z"}, "body.visited_at"),
        ({"visited_at": float("nan")}, "body.visited_at"),
        ({"visited_at": 1e30}, "body.visited_at"),
        ({"outcome": "dead"}, "body.outcome"),
        ({"people_band": "3"}, "body.people_band"),
        ({"people_band": "2-5"}, "body"),
        ({"note": "x" * 4001}, "body.note"),
        ({"note": "\x00"}, "body.note"),
        ({"note": "\udfff"}, "body.note"),
        ({"geom": None}, "body.geom"),
        ({"geom": at(54.77, 2.32)}, "body.geom"),
        ({"geom": {"type": "Point", "coordinates": [float("nan"), 1]}}, "body.geom"),
        ({"geom": "POINT(2 54)"}, "body.geom"),
        ({"source": "import"}, "body.source"),
        ({"site_id": 3}, "body.site_id"),
    ],
)
async def test_what_is_wrong_with_a_visit_is_said_with_its_place(
    client: Client, wrong: dict[str, Any], where: str
) -> None:
    alice = await client("alice")
    answer = await alice.post(VISITS, content=json.dumps(search(**wrong)), headers=JSON)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]
