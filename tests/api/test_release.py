"""Releases over HTTP: who draws, who reads, and that it is the same bytes each time."""

import asyncio
import hashlib
import json
from uuid import uuid4

import anyio
import httpx
import pytest
from fastapi import FastAPI

from tests.fixtures.client import Client
from tests.fixtures.crowd import Crowd
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
RELEASES = "/api/v1/releases"


async def drawn(client: Client, crowd: Crowd, half: str) -> dict[str, str]:
    await crowd(25)
    answer = await (await client("mara")).post(RELEASES, json={"series": "cells", "period": half})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{RELEASES}/{answer.json()['id']}"
    made: dict[str, str] = answer.json()
    return made


async def test_a_manager_draws_and_a_planner_finds_the_release_and_its_file(
    client: Client, crowd: Crowd, half: str
) -> None:
    made = await drawn(client, crowd, half)
    pim = await client("pim")
    listed = (await pim.get(RELEASES)).json()
    assert listed == {"items": [made], "numberReturned": 1}
    assert (await pim.get(f"{RELEASES}/{made['id']}")).json() == made
    file = await pim.get(made["href"])
    assert file.headers["content-type"] == "application/geo+json"
    assert hashlib.sha256(file.content).hexdigest() == made["sha256"]
    assert file.json()["release"]["id"] == made["id"]
    assert file.json()["release"]["method"] == made["method"]


async def test_the_file_is_known_again_by_its_digest(client: Client, crowd: Crowd, half: str) -> None:
    made = await drawn(client, crowd, half)
    pim = await client("pim")
    first = await pim.get(made["href"])
    assert first.headers["etag"] == f'"{made["sha256"]}"'
    assert first.headers["cache-control"] == "no-store"
    again = await pim.get(made["href"], headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    other = await pim.get(made["href"], headers={"If-None-Match": '"x"'})
    assert (other.status_code, other.content) == (200, first.content)


async def test_a_second_draw_is_told_of_the_first(client: Client, crowd: Crowd, half: str) -> None:
    made = await drawn(client, crowd, half)
    again = await (await client("mara")).post(RELEASES, json={"series": "cells", "period": half, "profile": "careful"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/release-exists")
    assert again.json()["see"] == f"{RELEASES}/{made['id']}"


async def test_a_period_that_is_open_and_one_that_is_none_are_refused(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    still_open = await mara.post(RELEASES, json={"series": "cells", "period": f"{town.today.year + 1}-H1"})
    assert (still_open.status_code, still_open.json()["type"]) == (409, "/problems/release-refused")
    for series, period in (("cells", "2026-Q1"), ("districts", "2026-H1"), ("cells", "1999-H1"), ("cells", "2026-H3")):
        none = await mara.post(RELEASES, json={"series": series, "period": period})
        assert (none.status_code, none.json()["errors"][0]["where"]) == (422, "body.period")


@pytest.mark.parametrize("person", ["pim", "alice", "dora", "stefan"])
async def test_only_a_manager_draws(client: Client, town: SmallTown, half: str, person: str) -> None:
    told = await (await client(person)).post(RELEASES, json={"series": "cells", "period": half})
    assert told.status_code == 403


async def test_releases_are_for_planners_managers_and_stewards_of_the_own_city(
    client: Client, crowd: Crowd, half: str, anyone: httpx.AsyncClient
) -> None:
    made = await drawn(client, crowd, half)
    for path in (RELEASES, f"{RELEASES}/{made['id']}", made["href"]):
        for person, status in (("pim", 200), ("mara", 200), ("stefan", 200), ("alice", 403), ("dora", 403)):
            assert (await (await client(person)).get(path)).status_code == status, (person, path)
        assert (await anyone.get(path)).status_code == 401
    otto = await client("otto")
    assert (await otto.get(RELEASES)).json()["items"] == []
    for other in (made["id"], str(uuid4())):
        for suffix in ("", ".geojson"):
            told = await otto.get(f"{RELEASES}/{other}{suffix}")
            assert (told.status_code, told.json()) == (404, json.loads(told.text))
            assert told.json()["type"] == "/problems/not-found"


async def test_many_planners_at_once_hold_up_nobody(client: Client, crowd: Crowd, half: str, app: FastAPI) -> None:
    await drawn(client, crowd, half)
    pim, alice = await client("pim"), await client("alice")
    pages = [pim.get("/planner") for _ in range(2 * app.state.database.engine.pool.size())]
    with anyio.fail_after(15):
        answers = await asyncio.gather(*pages, alice.get("/api/v1/sites"))
    assert {answer.status_code for answer in answers} == {200}
