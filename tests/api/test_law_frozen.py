"""What a request by law covers is fixed when release is proposed, and one person's word does not end what it holds."""

from datetime import timedelta
from typing import Any

import pytest

from api.database import Database
from api.retention_run import run
from tests.fixtures.client import Client
from tests.fixtures.law_request import LAW, PURPOSE, READ, id_of, person, proposed, registered
from tests.fixtures.look import look
from tests.fixtures.look import run as arrange
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
ERASURES, EXPORT = "/api/v1/erasures", "/api/v1/export/sites"
EVERYWHERE = "UPDATE lantern.work_area SET geom = ST_Multi(ST_MakeEnvelope(2.2, 54.6, 2.5, 54.9, 4326)) WHERE id = :id"
AWAY = "UPDATE lantern.{} SET geom = ST_Translate(geom, 0.5, 0) WHERE id = :id"
LONG_AGO = "UPDATE lantern.visit SET visited_at = now() - interval '800 days', recorded_at = visited_at WHERE id = :id"


def days(town: SmallTown) -> dict[str, Any]:
    return {"noun": "visits", "first_day": (town.today - timedelta(days=30)).isoformat(),
            "last_day": town.today.isoformat()}  # fmt: skip


async def went_out(client: Client, path: str) -> set[str]:
    mara = await client("mara")
    answer = await mara.post(f"{path}/agree", json=READ)
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in (await mara.post(f"{path}/file", json=PURPOSE)).json()["features"]}


async def test_what_is_redrawn_or_moved_into_a_proposal_does_not_go_out_with_it(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    wide = {"site_ids": [], "work_area_id": str(town.areas["north"])}
    sites, visits = await proposed(client, town, **wide), await proposed(client, town, **wide, **days(town))
    told = [(await (await client("mara")).get(path)).json() for path in (sites, visits)]
    quay = {"sites": str(town.sites["quay"]), "visits": str(town.visits["quay"])}
    assert [each["covers_sites"] for each in told] == [[quay["sites"]], [quay["sites"]]]
    assert [each["covers_visits"] for each in told] == [[], [quay["visits"]]]
    arrange(owner_url, EVERYWHERE, id=town.areas["north"])
    arrange(owner_url, "UPDATE lantern.visit SET visited_at = now() - interval '1 day'")
    assert await went_out(client, sites) == {quay["sites"]}
    assert await went_out(client, visits) == {quay["visits"]}


async def test_what_left_the_outline_or_the_days_since_does_not_go_out_but_is_held(
    client: Client, town: SmallTown, database: Database, owner_url: str
) -> None:
    wide = {"site_ids": [], "work_area_id": str(town.areas["north"])}
    sites = await proposed(client, town, **wide)
    visits = await proposed(client, town, **wide, **days(town))
    stefan, quay = await client("stefan"), town.sites["quay"]
    arrange(owner_url, AWAY.format("site"), id=quay)
    arrange(owner_url, LONG_AGO, id=town.visits["quay"])
    assert await went_out(client, sites) == set()  # from then on the visit alone is held, and with it its site
    assert (await stefan.post(ERASURES, json={"site_id": str(quay), "reason": "asked"})).status_code == 409
    await run(database, person(town, "stefan"))
    assert (town.visits["quay"],) in look(owner_url, "SELECT id FROM lantern.visit")
    arrange(owner_url, "UPDATE lantern.visit SET site_id = :lane WHERE id = :id", lane=town.sites["lane"],
            id=town.visits["quay"])  # fmt: skip
    answer = await stefan.post(ERASURES, json={"site_id": str(town.sites["lane"]), "reason": "asked"})
    assert (answer.status_code, str(id_of(visits)) in answer.json()["detail"]) == (409, True)
    assert await went_out(client, visits) == set()
    assert (await stefan.post(ERASURES, json={"site_id": str(quay), "reason": "asked"})).status_code == 201


async def test_a_site_that_moved_away_is_held_from_the_proposal_on(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    path = await proposed(client, town, site_ids=[], work_area_id=str(town.areas["north"]))
    arrange(owner_url, AWAY.format("site"), id=town.sites["quay"])
    arrange(owner_url, "UPDATE lantern.work_area SET geom = ST_Translate(geom, 1, 0)")
    answer = await (await client("stefan")).post(ERASURES, json={"site_id": str(town.sites["quay"]), "reason": "asked"})
    assert (answer.status_code, str(id_of(path)) in answer.json()["detail"]) == (409, True)


async def test_a_refusal_by_one_person_ends_nothing_for_a_week(client: Client, town: SmallTown, owner_url: str) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    erase = {"site_id": str(town.sites["quay"]), "reason": "asked"}
    aged = "UPDATE lantern.law_request SET refused_at = refused_at - interval '{}' WHERE id = :id"
    for make in (registered, proposed):
        path = await make(client, town)
        told = (await mara.post(f"{path}/refuse", json={"reason": "no court ordered it"})).json()
        assert (told["state"], told["held_until"] > told["refused_at"]) == ("refused", True)
        arrange(owner_url, aged.format("6 days 23 hours"), id=id_of(path))
        assert (await mara.get(EXPORT)).status_code == 409
        assert (await stefan.post(ERASURES, json=erase)).status_code == 409
        assert [each["id"] for each in (await mara.get(f"{LAW}?live=true")).json()["items"]] == [told["id"]]
        assert told["id"] in (await mara.get("/office")).text
        assert "Who still needs it registers it anew before." in (await mara.get(f"/law-requests/{told['id']}")).text
        arrange(owner_url, aged.format("1 hour"), id=id_of(path))
        assert (await mara.get(EXPORT)).status_code == 200
    assert (await stefan.post(ERASURES, json=erase)).status_code == 201


async def test_where_who_proposed_it_left_or_is_no_steward_another_proposes_it_anew(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    path, mara, stefan = await proposed(client, town), await client("mara"), town.accounts["stefan"]
    account = "UPDATE lantern.account SET {} WHERE id = :id"
    for gone in ("left_on = current_date - 1", "left_on = NULL, roles = '{manager}'"):
        arrange(owner_url, account.format(gone), id=stefan)
        answer = await mara.post(f"{path}/agree", json=READ)
        assert (answer.status_code, "A steward proposes it anew" in answer.json()["detail"]) == (409, True), gone
    page = f"/law-requests/{id_of(path)}"
    text = (await mara.get(page)).text
    assert ("A steward proposes it anew" in text, "Agree, and release" in text) == (True, False)
    arrange(owner_url, account.format("roles = '{manager,steward}'"), id=town.accounts["mara"])
    assert (await mara.post(f"{path}/propose")).json()["proposed_by"] == str(town.accounts["mara"])
    assert (await mara.post(f"{path}/agree", json=READ)).status_code == 403
    answer = await (await client("stefan")).post(f"{path}/agree", json=READ)  # a manager now
    assert (answer.status_code, answer.json()["state"]) == (200, "released")


async def test_more_than_goes_out_by_one_request_is_not_proposed(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    many = """INSERT INTO lantern.site (organisation_id, id, site_type, status, geom, revisit_days)
        SELECT organisation_id, gen_random_uuid(), site_type, 'active', geom, 7
        FROM lantern.site, generate_series(1, :more) WHERE id = :quay"""
    arrange(owner_url, many, quay=town.sites["quay"], more=999)
    wide = {"site_ids": [], "work_area_id": str(town.areas["north"])}
    assert (
        len((await (await client("stefan")).get(await proposed(client, town, **wide))).json()["covers_sites"]) == 1000
    )
    arrange(owner_url, many, quay=town.sites["quay"], more=1)
    path, stefan = await registered(client, town, **wide), await client("stefan")
    answer = await stefan.post(f"{path}/propose")
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert (await stefan.get(path)).json()["state"] == "open"
