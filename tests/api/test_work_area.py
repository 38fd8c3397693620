"""Work areas and assignments over HTTP."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.fixtures.client import Client
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
AREAS, ASSIGNMENTS = "/api/v1/work-areas", "/api/v1/assignments"
UNKNOWN = "01990000-0000-7000-8000-000000000000"
FIRST = {"If-Match": '"1"'}


def square(west: float, south: float, side: float = 0.01) -> dict[str, Any]:
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def new_area(**more: object) -> dict[str, Any]:
    return {"geom": square(2.49, 54.89, 0.02), "name": "East pier", "valid_from": "2026-01-01"} | more


def names(answer: httpx.Response) -> set[str]:
    return {feature["properties"]["name"] for feature in answer.json()["features"]}


async def test_a_streetworker_reads_the_areas_of_today_and_a_manager_all(client: Client, town: SmallTown) -> None:
    alice, mara = await client("alice"), await client("mara")
    assert names(await alice.get(AREAS)) == {"north area"}
    assert names(await mara.get(AREAS)) == {"north area", "south area"}
    own = await alice.get(f"{AREAS}/{town.areas['north']}")
    assert (own.status_code, own.headers["etag"]) == (200, '"1"')
    unknown = await alice.get(f"{AREAS}/{UNKNOWN}")
    for area in ("south", "silverpit"):
        answer = await alice.get(f"{AREAS}/{town.areas[area]}")
        assert (answer.status_code, answer.content) == (404, unknown.content)


async def test_a_manager_draws_an_area_and_hands_it_out_and_the_worker_reaches_its_sites(
    client: Client, town: SmallTown
) -> None:
    alice, mara = await client("alice"), await client("mara")
    drawn = await mara.post(AREAS, json=new_area(team_id=str(town.team)))
    assert drawn.status_code == 201
    assert (await mara.get(drawn.headers["location"])).content == drawn.content
    assert drawn.json()["geometry"]["type"] == "MultiPolygon"
    adrift = f"/api/v1/sites/{town.sites['adrift']}"
    assert (await alice.get(adrift)).status_code == 404
    handed = {"work_area_id": drawn.json()["id"], "account_id": str(town.accounts["alice"])}
    assigned = await mara.post(ASSIGNMENTS, json=handed | {"starts_on": town.today.isoformat()})
    assert assigned.status_code == 201
    assert (await alice.get(adrift)).status_code == 200
    assert names(await alice.get(AREAS)) == {"north area", "East pier"}
    yesterday = {"ends_on": (town.today - timedelta(days=1)).isoformat()}
    before = await mara.patch(assigned.headers["location"], json=yesterday, headers=FIRST)
    assert before.status_code == 422
    days = yesterday | {"starts_on": yesterday["ends_on"]}
    assert (await mara.patch(assigned.headers["location"], json=days, headers=FIRST)).status_code == 200
    assert (await alice.get(adrift)).status_code == 404


async def test_only_managers_draw_change_close_and_assign(client: Client, town: SmallTown) -> None:
    area = f"{AREAS}/{town.areas['north']}"
    assignment = {"work_area_id": str(town.areas["north"]), "account_id": str(town.accounts["alice"])}
    for person in ("alice", "stefan", "dora", "pim"):
        other = await client(person)
        for answer in (
            await other.post(AREAS, json=new_area()),
            await other.patch(area, json={"name": "x"}, headers=FIRST),
            await other.post(f"{area}/close", json={"last_day": "2026-01-01"}, headers=FIRST),
            await other.post(ASSIGNMENTS, json=assignment | {"starts_on": "2026-01-01"}),
        ):
            assert answer.status_code == 403, person


async def test_outlines_come_out_counter_clockwise(client: Client) -> None:
    mara = await client("mara")
    clockwise = square(2.4, 54.8)
    clockwise["coordinates"][0].reverse()
    drawn = await mara.post(AREAS, json=new_area(geom=clockwise))
    ring = drawn.json()["geometry"]["coordinates"][0][0]
    assert sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) > 0


async def test_an_area_changes_by_version(client: Client, town: SmallTown) -> None:
    mara, path = await client("mara"), f"{AREAS}/{town.areas['north']}"
    assert (await mara.patch(path, json={"name": "x"})).status_code == 428
    changed = await mara.patch(path, json={"name": "Harbour", "geom": square(2.3, 54.76)}, headers=FIRST)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (await mara.patch(path, json={"name": "x"}, headers=FIRST)).status_code == 412
    wrong_way = {"valid_to": "1999-01-01"}
    assert (await mara.patch(path, json=wrong_way, headers={"If-Match": '"2"'})).status_code == 422


async def test_a_closed_area_ends_its_assignments_on_its_last_day(client: Client, town: SmallTown) -> None:
    mara, alice = await client("mara"), await client("alice")
    path = f"{AREAS}/{town.areas['north']}"
    last = town.today.isoformat()
    closed = await mara.post(f"{path}/close", json={"last_day": last}, headers=FIRST)
    assert (closed.status_code, closed.json()["properties"]["valid_to"]) == (200, last)
    listed = (await mara.get(f"{ASSIGNMENTS}?area={town.areas['north']}")).json()["items"]
    assert [row["ends_on"] for row in listed] == [last]
    assert names(await alice.get(AREAS)) == {"north area"}
    tomorrow = (town.today + timedelta(days=1)).isoformat()
    assert names(await mara.get(f"{AREAS}?on={tomorrow}")) == {"south area"}
    too_early = {"last_day": "1999-01-01"}
    assert (await mara.post(f"{path}/close", json=too_early, headers={"If-Match": '"2"'})).status_code == 422


async def test_areas_and_assignments_narrow(client: Client, town: SmallTown) -> None:
    mara, alice = await client("mara"), await client("alice")
    await mara.post(AREAS, json=new_area(team_id=str(town.team)))
    for query, expected in (
        (f"account={town.accounts['alice']}", {"north area"}),
        (f"account={town.accounts['alice']}&on={town.today}", {"north area"}),
        (f"account={town.accounts['alice']}&on={town.today - timedelta(days=301)}", set()),
        (f"team={town.team}", {"East pier"}),
        (f"on={town.today - timedelta(days=401)}", {"East pier"} if town.today.year > 2027 else set()),
    ):
        assert names(await mara.get(f"{AREAS}?{query}")) == expected, query
    everyone = (await mara.get(ASSIGNMENTS)).json()
    assert everyone["numberReturned"] == 2
    bens = (await mara.get(f"{ASSIGNMENTS}?account={town.accounts['ben']}&on={town.today}")).json()
    assert [row["work_area_id"] for row in bens["items"]] == [str(town.areas["south"])]
    own = (await alice.get(ASSIGNMENTS)).json()["items"]
    assert [row["account_id"] for row in own] == [str(town.accounts["alice"])]
    assert (await alice.get(f"{ASSIGNMENTS}/{bens['items'][0]['id']}")).status_code == 404


BOW_TIE = [[2.3, 54.7], [2.4, 54.8], [2.4, 54.7], [2.3, 54.8], [2.3, 54.7]]


@pytest.mark.parametrize(
    ("wrong", "slug", "where"),
    [
        ({"geom": {"type": "Polygon", "coordinates": [BOW_TIE]}}, "invalid-geometry", "body.geom, polygon 1, ring 1"),
        ({"geom": {"type": "Polygon", "coordinates": [BOW_TIE[:4]]}}, "invalid-geometry", "body.geom, polygon 1"),
        ({"geom": square(54.7, 2.3)}, "invalid-geometry", "body.geom, polygon 1, ring 1, point 1"),
        ({"geom": {"type": "Point", "coordinates": [2.3, 54.7]}}, "invalid-geometry", "body.geom"),
        ({"name": None}, "invalid-input", "body.name"),
        ({"valid_to": "2025-01-01"}, "invalid-input", "body"),
        ({"valid_from": None}, "invalid-input", "body.valid_from"),
        ({"version": 3}, "invalid-input", "body.version"),
    ],
)
async def test_what_is_wrong_with_an_area_is_said_with_its_place(
    client: Client, wrong: dict[str, Any], slug: str, where: str
) -> None:
    mara = await client("mara")
    answer = await mara.post(AREAS, json=new_area(**wrong))
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{slug}")
    assert answer.json()["errors"][0]["where"].startswith(where)


async def test_an_area_goes_only_to_a_streetworker_of_the_same_organisation(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    valid = {"work_area_id": str(town.areas["north"]), "account_id": str(town.accounts["ben"])}
    for wrong in (
        {"account_id": str(town.accounts["otto"])},
        {"account_id": str(town.accounts["dora"])},
        {"account_id": UNKNOWN},
        {"work_area_id": str(town.areas["silverpit"])},
        {"work_area_id": UNKNOWN},
        {"ends_on": "2025-12-31"},
    ):
        answer = await mara.post(ASSIGNMENTS, json=valid | {"starts_on": "2026-01-01"} | wrong)
        assert answer.status_code == 422, wrong


async def test_an_id_that_the_client_chose_is_used_once(client: Client) -> None:
    mara = await client("mara")
    first = await mara.post(AREAS, json=new_area(id=UNKNOWN))
    again = await mara.post(AREAS, json=new_area(id=UNKNOWN))
    assert (first.status_code, again.status_code) == (201, 409)
    assert again.json()["type"] == "/problems/id-taken"
