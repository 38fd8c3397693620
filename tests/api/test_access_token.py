"""Personal access tokens."""

import httpx
import pytest

from tests.fixtures.client import Client

pytestmark = pytest.mark.anyio


async def make(person: httpx.AsyncClient, name: str = "QGIS") -> dict[str, str]:
    answer = await person.post("/api/v1/access-tokens", json={"name": name})
    assert answer.status_code == 201
    made: dict[str, str] = answer.json()
    return made


def bearer(made: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {made['token']}"}


@pytest.mark.parametrize("person", ["alice", "mara", "pim", "dora", "stefan"])
async def test_everyone_makes_a_token_that_stands_for_them(
    client: Client, anyone: httpx.AsyncClient, person: str
) -> None:
    made = await make(await client(person))
    answer = await anyone.get("/api/v1/session", headers=bearer(made))
    assert answer.json()["name"] == person.title()


async def test_a_token_is_shown_once_and_is_listed_without_its_secret(client: Client) -> None:
    mara = await client("mara")
    made = await make(mara)
    listed = await mara.get("/api/v1/access-tokens")
    assert [row["name"] for row in listed.json()] == ["QGIS"]
    assert made["token"] not in listed.text


async def test_a_revoked_token_is_out_at_once(client: Client, anyone: httpx.AsyncClient) -> None:
    mara = await client("mara")
    made = await make(mara)
    assert (await mara.delete(f"/api/v1/access-tokens/{made['id']}")).status_code == 204
    assert (await anyone.get("/api/v1/session", headers=bearer(made))).status_code == 401


async def test_nobody_lists_or_revokes_the_token_of_another(client: Client, anyone: httpx.AsyncClient) -> None:
    made = await make(await client("alice"))
    mara = await client("mara")
    assert (await mara.get("/api/v1/access-tokens")).json() == []
    foreign = await mara.delete(f"/api/v1/access-tokens/{made['id']}")
    unknown = await mara.delete("/api/v1/access-tokens/01990000-0000-7000-8000-000000000000")
    assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content) == (404, unknown.content)
    assert (await anyone.get("/api/v1/session", headers=bearer(made))).status_code == 200


async def test_a_token_cannot_make_another(client: Client, anyone: httpx.AsyncClient) -> None:
    made = await make(await client("mara"))
    answer = await anyone.post("/api/v1/access-tokens", json={"name": "more"}, headers=bearer(made))
    assert answer.status_code == 403


@pytest.mark.parametrize("day", ["2020-01-01", "2999-01-01", "soon"])
async def test_a_token_ends_within_a_year(client: Client, day: str) -> None:
    mara = await client("mara")
    answer = await mara.post("/api/v1/access-tokens", json={"name": "QGIS", "expires_on": day})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer lantern_x", "Bearer \x80", "Basic bWFyYTp4", "Bearer " + "x" * 5000]
)
async def test_a_header_that_is_no_token_signs_nobody_in(client: Client, header: str) -> None:
    mara = await client("mara")
    answer = await mara.get("/api/v1/session", headers={b"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
