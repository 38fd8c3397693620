"""Devices: listed, named, and out at once when they are revoked."""

import httpx
import pytest
from sqlalchemy import create_engine, text

from api.device import device_name
from tests.fixtures.client import Client
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
SESSIONS, SESSION, TOKENS = "/api/v1/sessions", "/api/v1/session", "/api/v1/access-tokens"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"


async def of(person: httpx.AsyncClient) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = (await person.get(SESSIONS)).json()["items"]
    return listed


async def test_everyone_sees_their_own_devices_and_which_is_this_one(client: Client) -> None:
    desk, phone, ben = await client("alice"), await client("alice"), await client("ben")
    listed = await of(phone)
    assert len(listed) == 2
    assert [row["current"] for row in listed].count(True) == 1
    assert set(listed[0]) == {"id", "name", "device", "created_at", "last_seen_at", "expires_at", "current", "passkeys"}
    this = next(row["id"] for row in listed if row["current"])
    assert this != next(row["id"] for row in await of(desk) if row["current"])
    assert this not in [row["id"] for row in await of(ben)]


async def test_a_device_takes_a_name(client: Client) -> None:
    alice, ben = await client("alice"), await client("ben")
    path = f"{SESSIONS}/{(await of(alice))[0]['id']}"
    named = await alice.patch(path, json={"name": "Team phone <2>"})
    assert (named.status_code, named.json()["name"]) == (200, "Team phone <2>")
    assert (await of(alice))[0]["name"] == "Team phone <2>"
    assert (await alice.patch(path, json={"name": " "})).status_code == 422
    assert (await ben.patch(path, json={"name": "mine"})).status_code == 404


async def test_a_revoked_device_is_out_at_its_next_request_and_clears_what_it_kept(client: Client) -> None:
    desk, phone = await client("alice"), await client("alice")
    lost = next(row["id"] for row in await of(phone) if row["current"])
    assert (await desk.delete(f"{SESSIONS}/{lost}")).status_code == 204
    answer = await phone.get("/api/v1/sites")
    assert answer.status_code == 401
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert "lantern_session" not in phone.cookies
    assert (await desk.get(SESSION)).status_code == 200


async def test_a_page_of_a_revoked_device_leads_to_sign_in_and_clears_too(client: Client) -> None:
    desk, phone = await client("alice"), await client("alice")
    assert (await desk.delete(SESSIONS)).status_code == 204
    answer = await phone.get("/phone", headers={"Accept": "text/html"})
    assert answer.headers["location"] == "/sign-in?next=%2Fphone"
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'


async def test_who_was_never_signed_in_has_nothing_to_clear(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/api/v1/sites")
    assert answer.status_code == 401
    assert "clear-site-data" not in answer.headers


async def test_all_other_devices_end_and_this_one_and_the_colleagues_stay(client: Client) -> None:
    here, there, ben = await client("alice"), await client("alice"), await client("ben")
    assert (await here.delete(SESSIONS)).status_code == 204
    assert (await there.get(SESSION)).status_code == 401
    assert (await here.get(SESSION)).status_code == 200
    assert (await ben.get(SESSION)).status_code == 200


async def test_nobody_ends_the_session_of_a_colleague(client: Client) -> None:
    alice, ben = await client("alice"), await client("ben")
    theirs = (await of(ben))[0]["id"]
    unknown = await alice.delete(f"{SESSIONS}/01990000-0000-7000-8000-000000000000")
    foreign = await alice.delete(f"{SESSIONS}/{theirs}")
    assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content) == (404, unknown.content)
    assert (await ben.get(SESSION)).status_code == 200


@pytest.mark.parametrize("keeper", ["mara", "stefan"])
async def test_a_manager_ends_all_sessions_and_tokens_of_a_colleague(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str, keeper: str
) -> None:
    alice, ben, who = await client("alice"), await client("ben"), await client(keeper)
    token = (await alice.post(TOKENS, json={"name": "QGIS"})).json()["token"]
    path = f"/api/v1/accounts/{town.accounts['alice']}/sessions"
    assert (await who.delete(path)).status_code == 204
    assert (await alice.get(SESSION)).status_code == 401
    assert (await anyone.get(SESSION, headers={"Authorization": f"Bearer {token}"})).status_code == 401
    assert (await ben.get(SESSION)).status_code == 200
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        noted = connection.execute(
            text("SELECT account_id, ids FROM lantern.log_entry WHERE act = 'device-revoked'")
        ).all()
    engine.dispose()
    assert [tuple(row) for row in noted] == [(town.accounts[keeper], [town.accounts["alice"]])]


@pytest.mark.parametrize("person", ["alice", "dora", "pim"])
async def test_others_end_nobodys_sessions(client: Client, town: SmallTown, person: str) -> None:
    ben, who = await client("ben"), await client(person)
    assert (await who.delete(f"/api/v1/accounts/{town.accounts['ben']}/sessions")).status_code == 403
    assert (await ben.get(SESSION)).status_code == 200


async def test_a_device_of_another_organisation_answers_as_none(client: Client, town: SmallTown) -> None:
    alice, otto, mara = await client("alice"), await client("otto"), await client("mara")
    device = (await of(alice))[0]["id"]
    nothing = "01990000-0000-7000-8000-000000000000"
    for who in (otto, mara):
        answers = [await who.delete(f"{SESSIONS}/{one}") for one in (device, nothing)]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].content == answers[1].content
    answers = [await otto.delete(f"/api/v1/accounts/{one}/sessions") for one in (town.accounts["alice"], nothing)]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].content == answers[1].content
    assert (await alice.get(SESSION)).status_code == 200


async def test_a_token_neither_lists_nor_ends_devices(client: Client, anyone: httpx.AsyncClient) -> None:
    alice = await client("alice")
    bearer = {"Authorization": f"Bearer {(await alice.post(TOKENS, json={'name': 'QGIS'})).json()['token']}"}
    assert (await anyone.get(SESSIONS, headers=bearer)).status_code == 403
    assert (await anyone.delete(SESSIONS, headers=bearer)).status_code == 403
    assert (await alice.get(SESSION)).status_code == 200


async def test_a_device_that_signs_in_again_and_again_leaves_no_heap_of_sessions(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    alice = await client("alice")
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO lantern.session (organisation_id, id, account_id, token_hash, expires_at, last_seen_at)
            SELECT organisation_id, gen_random_uuid(), account_id, sha256(n::text::bytea), now() + interval '1 day',
                now() - n * interval '1 minute' FROM lantern.session, generate_series(1, 80) AS n""")
        )
    engine.dispose()
    await client("alice")
    assert len(await of(alice)) == 50


@pytest.mark.parametrize(
    ("browser", "name"),
    [
        (PHONE, "Chrome, Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1",
         "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge, Windows"),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_device_is_called_what_its_browser_says_it_is(browser: str, name: str) -> None:
    assert device_name(browser) == name
