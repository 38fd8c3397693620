"""Sign-in, sign-out, and what a session is good for."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.fixtures.client import Client
from tests.fixtures.look import look
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio


async def test_alice_signs_in_and_is_known(client: Client) -> None:
    alice = await client("alice")
    answer = await alice.get("/api/v1/session")
    assert answer.json() == {
        "name": "Alice",
        "organisation": "doggerstad",
        "roles": ["streetworker"],
        "setting_up": False,
    }


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


@pytest.mark.parametrize("way", ["/api/v1/session", "/sign-in"])
async def test_signing_in_ends_the_session_that_the_browser_still_had(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str, way: str
) -> None:
    """Also one of another organisation; a wrong password ends nothing, and other browsers stay as they are."""
    otto, alice = await client("otto"), await client("alice")
    before = dict(otto.cookies)
    form = {"email": town.email("alice"), "password": PASSWORD}
    body: dict[str, object] = {"data": form} if way == "/sign-in" else {"json": form}
    wrong = {kind: form | {"password": "nonsense"} for kind in body}
    assert (await otto.post(way, **wrong)).status_code == 401  # type: ignore[arg-type]
    assert (await otto.get("/api/v1/session")).json()["name"] == "Otto"
    assert (await otto.post(way, **body)).status_code in {201, 303}  # type: ignore[arg-type]
    assert (await otto.get("/api/v1/session")).json()["name"] == "Alice"
    anyone.cookies.update(before)
    assert (await anyone.get("/api/v1/session")).status_code == 401
    assert (await alice.get("/api/v1/session")).status_code == 200
    told = "SELECT organisation_id, account_id FROM lantern.log_entry WHERE act = 'signed-out'"
    assert look(owner_url, told) == [(town.silverpit_id, town.accounts["otto"])]


async def test_whoever_has_left_is_out_at_once(client: Client, town: SmallTown, owner_url: str) -> None:
    alice = await client("alice")
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE lantern.account SET left_on = current_date - 1 WHERE name = 'Alice'"))
    engine.dispose()
    assert (await alice.get("/api/v1/session")).status_code == 401
    form = {"email": town.email("alice"), "password": PASSWORD}
    assert (await alice.post("/api/v1/session", json=form)).status_code == 401


async def test_an_idle_session_ends_and_leaves_what_the_browser_could_not_send_yet(
    client: Client, owner_url: str
) -> None:
    alice = await client("alice")
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE lantern.session SET last_seen_at = now() - interval '13 hours'"))
    engine.dispose()
    answer = await alice.get("/api/v1/session")
    assert answer.status_code == 401
    assert "clear-site-data" not in answer.headers
    assert "lantern_session" not in alice.cookies


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
