"""Guessing is slowed down, and whoever guesses keeps nobody out."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable

import httpx
import psutil
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import create_engine, text

from api.key_file import KeyFile
from api.settings import Settings
from api.sign_in_tries import FOR_AN_ADDRESS, FROM_A_CLIENT, MOST_AT_ONCE, OF_CODES
from tests.fixtures.client import Client
from tests.fixtures.town import PASSWORD, SmallTown
from web.app import create_app

pytestmark = pytest.mark.anyio
SESSION, ME = "/api/v1/session", "/api/v1/me"
Elsewhere = Callable[[str], httpx.AsyncClient]


@pytest.fixture
def elsewhere(app: FastAPI) -> Elsewhere:
    """A browser at another address."""

    def browser(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=(address, 1), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://lantern.test")

    return browser


def after(owner_url: str, interval: str) -> None:
    """Lets time pass for all that is counted."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE lantern.sign_in_try SET until = until - CAST(:by AS interval), "
                 "tried_at = tried_at - CAST(:by AS interval)"), {"by": interval}
        )  # fmt: skip
    engine.dispose()


async def guess(person: httpx.AsyncClient, email: str, **more: str) -> httpx.Response:
    return await person.post(SESSION, json={"email": email, "password": "nonsense"} | more)


async def test_each_further_wrong_password_has_to_wait_longer(
    anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    email = town.email("alice")
    for _ in range(FOR_AN_ADDRESS.free):
        assert (await guess(anyone, email)).status_code == 401
    waits = []
    for _ in range(11):
        refused = await guess(anyone, email, password=PASSWORD)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many")
        waits.append(int(refused.headers["retry-after"]))
        if waits[-1] > 60:  # the shorter ones may be over by then
            assert (await anyone.post("/sign-in", data={"email": email, "password": PASSWORD})).status_code == 429
        after(owner_url, f"{waits[-1]} seconds")
        assert (await guess(anyone, email)).status_code == 401
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    after(owner_url, "300 seconds")
    assert (await guess(anyone, email, password=PASSWORD)).status_code == 201
    assert (await guess(anyone, email)).status_code == 401


async def test_an_address_written_otherwise_counts_as_the_same(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    email = town.email("alice")
    for written in (email.upper(), f" {email} ", f"\t{email}", email.title(), f"{email}\u00a0"):
        assert (await guess(anyone, written)).status_code == 401
    assert (await guess(anyone, email, password=PASSWORD)).status_code == 429


@pytest.mark.parametrize("unseen", ["\0", "\x01", "\x7f", "\u200b", "\u00ad", "\ufeff"])
async def test_an_address_with_signs_that_cannot_be_seen_is_refused(
    anyone: httpx.AsyncClient, town: SmallTown, unseen: str
) -> None:
    """Each way to place them would otherwise be a counter of its own."""
    email = town.email("ben")
    for bent in (f"{unseen}{email}", f"{email[:3]}{unseen}{email[3:]}", unseen.join(email)):
        refused = await guess(anyone, bent, password=PASSWORD)
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "body.email")
        page = await anyone.post("/sign-in", data={"email": bent, "password": "nonsense"})
        assert page.status_code == (401 if unseen == "\0" else 422)  # forms come without NUL, whatever was typed


async def test_nul_in_a_form_is_no_counter_of_its_own(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    email = town.email("ben")
    for n in range(FOR_AN_ADDRESS.free):
        form = {"email": f"{email[:n]}\0{email[n:]}", "password": "nonsense"}
        assert (await anyone.post("/sign-in", data=form)).status_code == 401
    assert (await anyone.post("/sign-in", data={"email": email, "password": PASSWORD})).status_code == 429


async def test_many_guesses_at_once_are_no_way_around_the_wait(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    answers = await asyncio.gather(*(guess(anyone, town.email("alice")) for _ in range(20)))
    found = Counter(answer.status_code for answer in answers)
    assert found[401] <= FOR_AN_ADDRESS.free
    assert found[401] + found[429] == 20


async def test_a_stranger_locks_nobody_out(anyone: httpx.AsyncClient, elsewhere: Elsewhere, town: SmallTown) -> None:
    """Not at another address, not on a device where they signed in before, and not a colleague."""
    async with elsewhere("192.0.2.7") as desk, elsewhere("192.0.2.8") as phone:
        assert (await guess(desk, town.email("alice"), password=PASSWORD)).status_code == 201
        await desk.post("/sign-out")
        stranger = httpx.AsyncClient(transport=desk._transport, base_url="http://lantern.test")
        while (await guess(stranger, town.email("alice"))).status_code == 401:
            pass
        assert (await guess(stranger, town.email("alice"), password=PASSWORD)).status_code == 429
        assert (await guess(desk, town.email("alice"), password=PASSWORD)).status_code == 201
        assert (await guess(phone, town.email("alice"), password=PASSWORD)).status_code == 201
        assert (await guess(stranger, town.email("ben"), password=PASSWORD)).status_code == 201


async def test_a_mark_of_one_address_is_no_way_around_the_wait_of_another(
    anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    assert (await guess(anyone, town.email("ben"), password=PASSWORD)).status_code == 201
    for _ in range(FOR_AN_ADDRESS.free):
        assert (await guess(anyone, town.email("alice"))).status_code == 401
    anyone.cookies.set("lantern_device", anyone.cookies["lantern_device"] + "x", domain="lantern.test")
    assert (await guess(anyone, town.email("alice"))).status_code == 429


async def test_whoever_tries_many_addresses_waits_too(
    anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    for n in range(FROM_A_CLIENT.free):
        assert (await guess(anyone, f"eve{n}@doggerstad.example")).status_code == 401
    refused = await guess(anyone, "another@doggerstad.example")
    assert refused.status_code == 429
    after(owner_url, "1 day")
    assert (await guess(anyone, "another@doggerstad.example")).status_code == 401


async def test_addresses_of_one_household_count_as_one(elsewhere: Elsewhere, town: SmallTown) -> None:
    for n in range(FOR_AN_ADDRESS.free):
        async with elsewhere(f"2001:db8::{n}") as browser:
            assert (await guess(browser, town.email("alice"))).status_code == 401
    async with elsewhere("2001:db8::ffff") as browser, elsewhere("2001:db8:1::1") as neighbour:
        assert (await guess(browser, town.email("alice"))).status_code == 429
        assert (await guess(neighbour, town.email("alice"))).status_code == 401


async def test_the_count_holds_across_processes_and_names_nobody(
    anyone: httpx.AsyncClient, settings: Settings, town: SmallTown, owner_url: str
) -> None:
    for _ in range(FOR_AN_ADDRESS.free):
        assert (await guess(anyone, town.email("alice"))).status_code == 401
    second = create_app(settings)
    transport = httpx.ASGITransport(second)
    async with second.router.lifespan_context(second), httpx.AsyncClient(
        transport=transport, base_url="http://lantern.test"
    ) as other:  # fmt: skip
        assert (await guess(other, town.email("alice"))).status_code == 429
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM lantern.sign_in_try")).all())
    engine.dispose()
    assert "alice" not in kept
    assert "127.0.0.1" not in kept


async def test_without_the_master_key_people_still_sign_in(
    settings: Settings, town: SmallTown, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bare = create_app(settings.model_copy(update={"home": tmp_path_factory.mktemp("bare")}))
    assert not KeyFile.of(bare.state.settings).exists()
    async with bare.router.lifespan_context(bare), httpx.AsyncClient(
        transport=httpx.ASGITransport(bare), base_url="http://lantern.test"
    ) as alice:  # fmt: skip
        assert (await guess(alice, town.email("alice"), password=PASSWORD)).status_code == 201


async def test_guessing_codes_with_the_password_waits_wherever_it_comes_from(
    elsewhere: Elsewhere, town: SmallTown
) -> None:
    """A million codes are few for who has many addresses. The owner's recovery codes stay good meanwhile."""
    form = {"password": PASSWORD, "code": "000000"}
    for n in range(OF_CODES.free):
        async with elsewhere(f"192.0.2.{n}") as browser:
            assert (await guess(browser, town.email("mara"), **form)).status_code == 401
    async with elsewhere("192.0.2.99") as browser:
        refused = await guess(browser, town.email("mara"), **form)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        recovery = form | {"code": town.recovery["mara"].pop()}
        assert (await guess(browser, town.email("mara"), **recovery)).status_code == 201


async def test_giving_the_password_without_a_code_does_not_reset_the_wait_for_codes(
    anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    for _ in range(FOR_AN_ADDRESS.free):
        assert (await guess(anyone, town.email("mara"), password=PASSWORD)).json()["type"] == "/problems/code-required"
        assert (await guess(anyone, town.email("mara"), password=PASSWORD, code="000000")).status_code == 401
    assert (await guess(anyone, town.email("mara"), password=PASSWORD, code="000000")).status_code == 429


async def test_guessing_the_password_inside_a_session_waits_too(client: Client) -> None:
    alice = await client("alice")
    change = {"current": "not this one", "new": "another long one"}
    for _ in range(5):
        assert (await alice.post(f"{ME}/password", json=change)).status_code == 422
    assert (await alice.post(f"{ME}/password", json=change | {"current": PASSWORD})).status_code == 429


async def test_two_hundred_sign_ins_at_once_take_little_and_hold_nobody_up(
    app: FastAPI, town: SmallTown, client: Client, elsewhere: Elsewhere, owner_url: str
) -> None:
    """Argon2 takes 64 MB a piece: two at a time, and some that wait. The rest hears to come again."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE lantern.account_secret SET password_hash = :hash"),
                           {"hash": PasswordHasher().hash(PASSWORD)})  # fmt: skip
    engine.dispose()
    dora = await client("dora")
    process, most, threads = psutil.Process(), 0, 0
    before, done = process.memory_info().rss, threading.Event()

    def watch() -> None:
        nonlocal most, threads
        while not done.wait(0.005):
            most, threads = max(most, process.memory_info().rss), max(threads, process.num_threads())

    watcher = threading.Thread(target=watch)
    idle = process.num_threads()
    watcher.start()
    browsers = [elsewhere(f"192.0.2.{n}") for n in range(200)]
    form = {"email": town.email("alice"), "password": PASSWORD}
    flood = asyncio.gather(*(browser.post(SESSION, json=form) for browser in browsers))
    waits = []
    while not flood.done():
        started = time.monotonic()
        assert (await dora.get(SESSION)).status_code == 200
        waits.append(time.monotonic() - started)
        await asyncio.sleep(0.01)
    found = Counter(answer.status_code for answer in await flood)
    done.set()
    watcher.join()
    for browser in browsers:
        await browser.aclose()
    assert found[201] == MOST_AT_ONCE
    assert found[429] == 200 - MOST_AT_ONCE
    assert most - before < 200 * 1024 * 1024, most - before
    assert threads - idle < 20, threads - idle  # two hash, each in Argon2's four lanes: of forty it would be 200
    assert len(waits) > 3
    assert sorted(waits)[len(waits) // 2] < 1.0, sorted(waits)
