"""Sign-in, sign-out, and what a session is good for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, text

from api.problem import SIGN_IN_FAILED, TOO_MANY, Problem
from api.sign_in_tries import MOST_AT_ONCE, MOST_FOR_AN_ADDRESS, MOST_FROM_A_CLIENT, WINDOW_S, SignInTries
from tests.fixtures.client import Client
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio


async def test_alice_signs_in_and_is_known(client: Client) -> None:
    alice = await client("alice")
    answer = await alice.get("/api/v1/session")
    assert answer.json() == {"name": "Alice", "organisation": "doggerstad", "roles": ["streetworker"]}


async def test_the_cookie_is_strict_and_out_of_reach_of_scripts(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    form = {"email": town.email("alice").upper(), "password": PASSWORD}
    answer = await anyone.post("/api/v1/session", json=form)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert answer.headers["cache-control"] == "no-store"


async def test_over_tls_the_cookie_stays_on_tls(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    form = {"email": town.email("alice"), "password": PASSWORD}
    answer = await anyone.post("https://lantern.test/api/v1/session", json=form)
    assert "; secure" in answer.headers["set-cookie"].lower()


async def test_a_wrong_password_and_an_unknown_address_answer_alike(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    wrong = await anyone.post("/api/v1/session", json={"email": town.email("alice"), "password": "nonsense"})
    unknown = await anyone.post("/api/v1/session", json={"email": "eve@doggerstad.example", "password": "nonsense"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content
    assert wrong.headers["content-type"] == "application/problem+json"


async def test_after_signing_out_the_old_cookie_opens_nothing(client: Client, anyone: httpx.AsyncClient) -> None:
    alice = await client("alice")
    cookie = dict(alice.cookies)
    answer = await alice.delete("/api/v1/session")
    assert answer.status_code == 204
    assert '"storage"' in answer.headers["clear-site-data"]
    anyone.cookies.update(cookie)
    assert (await anyone.get("/api/v1/session")).status_code == 401


async def test_whoever_has_left_is_out_at_once(client: Client, town: SmallTown, owner_url: str) -> None:
    alice = await client("alice")
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE lantern.account SET left_on = current_date - 1 WHERE name = 'Alice'"))
    engine.dispose()
    assert (await alice.get("/api/v1/session")).status_code == 401
    form = {"email": town.email("alice"), "password": PASSWORD}
    assert (await alice.post("/api/v1/session", json=form)).status_code == 401


async def test_an_idle_session_ends(client: Client, owner_url: str) -> None:
    alice = await client("alice")
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE lantern.session SET last_seen_at = now() - interval '13 hours'"))
    engine.dispose()
    assert (await alice.get("/api/v1/session")).status_code == 401


async def test_the_database_keeps_neither_secret_nor_password(client: Client, owner_url: str) -> None:
    alice = await client("alice")
    secret = alice.cookies["lantern_session"]
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        sessions = connection.scalars(text("SELECT encode(token_hash, 'hex') FROM lantern.session")).all()
        hashes = connection.scalars(text("SELECT password_hash FROM lantern.account_secret")).all()
    engine.dispose()
    assert len(sessions) == 1
    assert secret not in sessions[0]
    assert all(hashed.startswith("$argon2id$") for hashed in hashes)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_write_that_another_site_sends_is_refused(client: Client, site: str) -> None:
    alice = await client("alice")
    answer = await alice.delete("/api/v1/session", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/cross-site"
    assert (await alice.get("/api/v1/session")).status_code == 200


async def test_an_older_browser_is_judged_by_its_origin(client: Client) -> None:
    alice = await client("alice")
    other = await alice.delete("/api/v1/session", headers={"Origin": "https://evil.example"})
    assert other.status_code == 403
    own = await alice.delete("/api/v1/session", headers={"Origin": "http://lantern.test"})
    assert own.status_code == 204


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[" * 100_000, b'{"email": 1, "password": NaN}', b'{"email":"\\u0000","password":"x"}'],
)
async def test_nonsense_at_the_door_is_refused_without_an_echo(anyone: httpx.AsyncClient, body: bytes) -> None:
    answer = await anyone.post("/api/v1/session", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "input" not in answer.json()


async def test_a_body_over_the_limit_is_refused_announced_or_not(anyone: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    announced = await anyone.post("/api/v1/session", content=b" " * 5_000_000, headers=headers)
    assert announced.status_code == 413

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 65_536

    streamed = await anyone.post("/api/v1/session", content=trickle(), headers=headers)
    assert streamed.status_code == 413
    assert streamed.json()["type"] == "/problems/too-large"


async def test_guessing_at_an_account_is_stopped_and_leaves_its_owner_alone(
    anyone: httpx.AsyncClient, app: FastAPI, town: SmallTown
) -> None:
    guess = {"email": town.email("alice"), "password": "nonsense"}
    for _ in range(MOST_FOR_AN_ADDRESS):
        assert (await anyone.post("/api/v1/session", json=guess)).status_code == 401
    for password in ("nonsense", PASSWORD):
        answer = await anyone.post("/api/v1/session", json=guess | {"password": password})
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many")
        assert int(answer.headers["retry-after"]) > 0
        assert (await anyone.post("/sign-in", data=guess | {"password": password})).status_code == 429
    assert (await anyone.post("/api/v1/session", json={"email": town.email("ben"), "password": PASSWORD})).is_success
    elsewhere = httpx.ASGITransport(app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://lantern.test") as alice:
        assert (await alice.post("/api/v1/session", json=guess | {"password": PASSWORD})).is_success


async def test_a_flood_of_sign_ins_is_turned_away_before_passwords_are_looked_at(
    anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    guesses = [
        anyone.post("/api/v1/session", json={"email": f"eve{n}@doggerstad.example", "password": "nonsense"})
        for n in range(2 * MOST_AT_ONCE)
    ]
    found = Counter(answer.status_code for answer in await asyncio.gather(*guesses))
    assert found[429] >= MOST_AT_ONCE / 2
    assert found[401] + found[429] == 2 * MOST_AT_ONCE


def test_failed_tries_are_forgotten_in_time_and_bounded() -> None:
    now = [0.0]
    tries = SignInTries(lambda: now[0])
    for n in range(MOST_FROM_A_CLIENT):
        with pytest.raises(Problem) as refused, tries.one("192.0.2.7", f"{n}@x"):
            raise Problem(SIGN_IN_FAILED)
        assert refused.value.kind is SIGN_IN_FAILED
    with pytest.raises(Problem) as refused, tries.one("192.0.2.7", "another@x"):
        pytest.fail("was let in")
    assert refused.value.kind is TOO_MANY
    now[0] = WINDOW_S
    with tries.one("192.0.2.7", "another@x"):
        pass
