"""Districts over HTTP."""

from typing import Any

import pytest

from tests.fixtures.client import Client
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
DISTRICTS = "/api/v1/districts"
RING = [[2.4, 54.7], [2.5, 54.7], [2.5, 54.8], [2.4, 54.8], [2.4, 54.7]]


def new_district(**more: object) -> dict[str, Any]:
    geom = {"type": "MultiPolygon", "coordinates": [[RING]]}
    return {"geom": geom, "code": "E", "name": "Gdańska–Oost"} | more


@pytest.mark.parametrize("person", ["alice", "mara", "dora", "stefan"])
async def test_colleagues_read_the_districts(client: Client, person: str) -> None:
    answer = await (await client(person)).get(f"{DISTRICTS}?code=N&code=X")
    assert answer.headers["content-type"] == "application/geo+json"
    assert [feature["properties"]["name"] for feature in answer.json()["features"]] == ["north"]


async def test_a_planner_is_shown_the_way_to_releases(client: Client) -> None:
    answer = await (await client("pim")).get(DISTRICTS)
    assert (answer.status_code, answer.json()["see"]) == (403, "/api/v1/releases")


async def test_a_manager_adds_and_changes_a_district(client: Client) -> None:
    mara = await client("mara")
    added = await mara.post(DISTRICTS, json=new_district())
    assert added.status_code == 201
    path = added.headers["location"]
    assert (await mara.get(path)).json()["properties"]["name"] == "Gdańska–Oost"
    twice = await mara.post(DISTRICTS, json=new_district())
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/conflict")
    assert (await mara.patch(path, json={"name": "Oost"})).status_code == 428
    changed = await mara.patch(path, json={"name": "Oost"}, headers={"If-Match": '"1"'})
    assert changed.json()["properties"]["name"] == "Oost"
    assert (await mara.patch(path, json={"code": "N"}, headers={"If-Match": '"2"'})).status_code == 409


async def test_only_managers_keep_districts(client: Client, town: SmallTown) -> None:
    for person in ("alice", "dora", "stefan"):
        other = await client(person)
        assert (await other.post(DISTRICTS, json=new_district())).status_code == 403
        path = f"{DISTRICTS}/{town.districts['north']}"
        assert (await other.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'})).status_code == 403


async def test_the_districts_of_another_city_are_not_there(client: Client, town: SmallTown) -> None:
    otto = await client("otto")
    assert (await otto.get(DISTRICTS)).json()["features"] == []
    assert (await otto.get(f"{DISTRICTS}/{town.districts['north']}")).status_code == 404
