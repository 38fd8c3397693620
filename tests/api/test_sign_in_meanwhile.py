"""What is shown at sign-in is taken away while the session is being opened."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pyotp
import pytest

from api import sign_in
from api.settings import Settings
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.shown_passkey import ORIGIN, Browser, added, refused, used
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio
SESSION, ME, OWN = "/api/v1/session", "/api/v1/me", "five quiet words at sea"
FACTOR = "/api/v1/second-factor/authenticator"
Meanwhile = Callable[[Callable[[], Awaitable[Any]]], None]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"origin": ORIGIN})


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Does something once all that was shown has been checked, and before the session is opened."""

    def arrange(act: Callable[[], Awaitable[Any]]) -> None:
        opens = sign_in._open

        async def later(*given: Any, **named: Any) -> sign_in.Opened:
            monkeypatch.setattr(sign_in, "_open", opens)
            await act()
            return await opens(*given, **named)

        monkeypatch.setattr(sign_in, "_open", later)

    return arrange


async def change(person: httpx.AsyncClient) -> None:
    answer = await person.post(f"{ME}/password", json={"current": PASSWORD, "new": OWN})
    assert answer.status_code == 204, answer.text


async def set_up(person: httpx.AsyncClient) -> None:
    secret = (await person.post(FACTOR, json={})).json()["secret"]
    assert (await person.post(f"{FACTOR}/confirm", json={"code": pyotp.TOTP(secret).now()})).status_code == 200


def sessions(owner_url: str, account_id: object) -> int:
    rows = look(owner_url, f"SELECT count(*) FROM lantern.session WHERE account_id = '{account_id}'")
    return int(str(rows[0][0]))


@pytest.mark.parametrize("act", [change, set_up])
async def test_a_password_alone_opens_nothing_once_it_is_another_or_not_enough(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str, meanwhile: Meanwhile, act: Any
) -> None:
    alice = await client("alice")
    meanwhile(lambda: act(alice))
    answer = await anyone.post(SESSION, json={"email": town.email("alice"), "password": PASSWORD})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/sign-in-failed")
    assert sessions(owner_url, town.accounts["alice"]) == 1
    assert (await alice.get(ME)).status_code == 200


async def test_a_first_step_is_not_kept_by_a_password_that_is_another_by_then(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, meanwhile: Meanwhile
) -> None:
    mara = await client("mara")
    meanwhile(lambda: change(mara))
    answer = await anyone.post("/sign-in", data={"email": town.email("mara"), "password": PASSWORD})
    assert (answer.status_code, answer.cookies.get("lantern_sign_in")) == (401, None)


async def test_a_code_opens_nothing_once_its_first_step_or_its_authenticator_is_gone(
    client: Client, browser: Browser, town: SmallTown, owner_url: str, meanwhile: Meanwhile
) -> None:
    mara = await client("mara")

    async def reset() -> None:
        run(owner_url, f"DELETE FROM lantern.authenticator WHERE account_id = '{town.accounts['mara']}'")

    for act, password in ((lambda: change(mara), PASSWORD), (reset, OWN)):
        anyone = await browser()
        first = await anyone.post("/sign-in", data={"email": town.email("mara"), "password": password})
        assert first.headers["location"] == "/sign-in/code"
        meanwhile(act)
        answer = await anyone.post("/sign-in/code", data={"code": town.recovery["mara"].pop()})
        assert (answer.status_code, answer.cookies.get("lantern_session")) == (401, None)
        assert (await anyone.get(ME)).status_code == 401


async def test_a_change_that_comes_while_the_session_is_opened_waits_and_ends_it(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, clear_away = await client("alice"), sign_in._clear_away
    changes: list[asyncio.Task[None]] = []

    async def slowly(*given: Any) -> None:
        if not changes:
            changes.append(asyncio.create_task(change(alice)))
            await asyncio.sleep(1.5)
            assert not changes[0].done()
        await clear_away(*given)

    monkeypatch.setattr(sign_in, "_clear_away", slowly)
    answer = await anyone.post(SESSION, json={"email": town.email("alice"), "password": PASSWORD})
    assert answer.status_code == 201
    await changes[0]
    assert (await anyone.get(ME)).status_code == 401
    assert sessions(owner_url, town.accounts["alice"]) == 1


async def test_a_passkey_that_is_removed_meanwhile_opens_nothing(
    client: Client, anyone: httpx.AsyncClient, owner_url: str, meanwhile: Meanwhile
) -> None:
    device = await added(await client("alice"))

    async def remove() -> None:
        run(owner_url, "DELETE FROM lantern.passkey")

    meanwhile(remove)
    assert refused(await used(anyone, device))
    assert anyone.cookies.get("lantern_session") is None
