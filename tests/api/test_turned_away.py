"""Failed sign-ins, refusals and waits are in the log of whom they concern: counted, bounded, without what was typed."""

import json
import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.database import Database
from api.settings import Settings
from api.sign_in_tries import FOR_AN_ADDRESS
from api.turned_away import LEARNS_EVERY_S, MOST_ADDRESSES, TOGETHER_S, TurnedAway
from geo.account import address_of
from geo.log import Act
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import PASSWORD, SmallTown
from web.app import create_app

pytestmark = pytest.mark.anyio
SESSION = "/api/v1/session"
TURNED = ("sign-in-failed", "second-factor-failed", "refused", "made-to-wait")


def turned_away(owner_url: str) -> list[dict[str, Any]]:
    rows = look(owner_url, "SELECT entry FROM lantern.log_entry ORDER BY organisation_id, seq")
    return [found for (row,) in rows if (found := json.loads(str(row)))["act"] in TURNED]


def brief(owner_url: str) -> list[tuple[str, str, int]]:
    return [(one["act"], one["detail"]["door"], one["detail"]["times"]) for one in turned_away(owner_url)]


async def guess(person: httpx.AsyncClient, email: str, password: str = "what was typed") -> int:
    return (await person.post(SESSION, json={"email": email, "password": password})).status_code


async def test_a_wrong_password_is_in_the_log_of_whose_account_it_is(
    app: FastAPI, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    for _ in range(3):
        assert await guess(anyone, f" {town.email('alice').upper()} ") == 401
    await app.state.turned_away.write()
    [entry] = turned_away(owner_url)
    assert (entry["act"], entry["by"], entry["via"]) == ("sign-in-failed", None, "sign-in")
    assert entry["ids"] == [str(town.accounts["alice"])]
    assert entry["detail"] == {"door": "sign-in", "why": "password", "times": 3}


async def test_while_someone_knocks_the_log_stays_as_it_is_for_known_and_unknown_alike(
    anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    """What is done for one address and not for another is done later: its time tells nobody which one there is."""
    for email in (town.email("alice"), "nobody@doggerstad.example"):
        assert await guess(anyone, email) == 401
        assert turned_away(owner_url) == []


async def test_what_was_typed_is_kept_nowhere(
    app: FastAPI, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for email in ("my password by mistake", "eve@doggerstad.example", "“”", ""):
        assert await guess(anyone, email) == 401
    await guess(anyone, town.email("alice"))
    await app.state.turned_away.write()
    assert len(turned_away(owner_url)) == 1
    said = json.dumps(turned_away(owner_url)) + caplog.text
    assert "addresses that nobody has: 4" in caplog.text
    assert not any(typed in said for typed in ("mistake", "eve", "what was typed", "alice@"))
    assert look(owner_url, "SELECT count(*) FROM lantern.log_entry")[0][0] == 1


async def test_waits_are_in_the_log_too(
    app: FastAPI, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    while await guess(anyone, town.email("ben")) == 401:
        pass
    await app.state.turned_away.write()
    assert brief(owner_url) == [("sign-in-failed", "sign-in", FOR_AN_ADDRESS.free), ("made-to-wait", "sign-in", 1)]


async def test_refusals_are_in_the_log_with_who_and_where(
    app: FastAPI, client: Client, town: SmallTown, owner_url: str
) -> None:
    pim, alice, stefan = await client("pim"), await client("alice"), await client("stefan")
    asked = await alice.post(
        "/api/v1/widenings", json={"work_area_id": str(town.areas["south"]), "reason": "Ben is ill"}
    )
    path = f"/api/v1/widenings/{asked.json()['id']}/grant"
    assert (await pim.get("/api/v1/export/sites")).status_code == 403
    assert (await alice.post(path, json={"minutes": 30})).status_code == 403
    assert (await stefan.get("/phone", headers={"accept": "text/html"})).status_code == 403
    assert (await pim.get("/api/v1/sites/?limit=1")).status_code == 404
    assert (await alice.get("/api/v1/sites?colour=red")).status_code == 422
    await app.state.turned_away.write()
    found = {(entry["by"], entry["detail"]["door"], entry["detail"]["why"]) for entry in turned_away(owner_url)}
    assert found == {
        (str(town.accounts["pim"]), "GET /api/v1/export/sites", "releases-only"),
        (str(town.accounts["alice"]), "POST /api/v1/widenings/{widening_id}/grant", "forbidden"),
        (str(town.accounts["stefan"]), "GET /phone", "forbidden"),
        (str(town.accounts["alice"]), "GET /api/v1/sites", "invalid-input"),
    }


async def test_the_wrong_password_of_someone_signed_in_is_in_the_log_once(
    app: FastAPI, client: Client, town: SmallTown, owner_url: str
) -> None:
    alice = await client("alice")
    change = {"current": "not this one", "new": "another long one"}
    for status in (422, 422, 422, 422, 422, 429):
        assert (await alice.post("/api/v1/me/password", json=change)).status_code == status
    await app.state.turned_away.write()
    assert brief(owner_url) == [
        ("sign-in-failed", "POST /api/v1/me/password", 5),
        ("made-to-wait", "POST /api/v1/me/password", 1),
    ]
    assert {entry["by"] for entry in turned_away(owner_url)} == {str(town.accounts["alice"])}


async def test_what_tells_nothing_of_whom_it_concerns_is_a_number_in_the_servers_words(
    app: FastAPI, anyone: httpx.AsyncClient, client: Client, town: SmallTown, owner_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.WARNING)
    alice = await client("alice")
    for token in ("lantern_guessed", "guessed"):
        answer = await anyone.get("/api/v1/sites", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    for person in (anyone, alice, alice):
        assert (
            await person.post("/api/v1/sites", json={}, headers={"sec-fetch-site": "cross-site"})
        ).status_code == 403
    await app.state.turned_away.write()
    assert caplog.messages == [
        "Requests with access tokens that open nothing: 2",
        "Writes that another site sent: 3",
    ]
    assert "guessed" not in caplog.text
    assert turned_away(owner_url) == []


async def test_a_flood_leaves_two_entries_a_quarter_of_an_hour(
    database: Database, town: SmallTown, owner_url: str
) -> None:
    now = 0.0
    kept = TurnedAway(database, clock=lambda: now)
    for _ in range(100):
        for _ in range(50):
            kept.at_the_door(Act.SIGN_IN_FAILED, address_of(town.email("alice")), "password")
        await kept.write()
        now += TOGETHER_S / 100
    await kept.write()
    assert [times for _, _, times in brief(owner_url)] == [50, 99 * 50]
    kept.at_the_door(Act.SIGN_IN_FAILED, address_of(town.email("alice")), "password")
    await kept.write()
    assert [times for _, _, times in brief(owner_url)][2:] == [1]


async def test_many_strangers_take_no_room_and_hide_nobody(
    database: Database, town: SmallTown, owner_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Waits are cheap to cause, wrong passwords are not: the first cannot push the second out."""
    kept = TurnedAway(database)
    for n in range(MOST_ADDRESSES * 3):
        kept.at_the_door(Act.MADE_TO_WAIT, address_of(f"eve{n}@doggerstad.example"), "too-many")
    kept.at_the_door(Act.SIGN_IN_FAILED, address_of(town.email("alice")), "password")
    assert sum(len(knocks) for knocks in kept._knocks.values()) <= MOST_ADDRESSES + 1
    await kept.write()
    assert brief(owner_url) == [("sign-in-failed", "sign-in", 1)]
    assert f"nobody has: {MOST_ADDRESSES * 3}" in caplog.text
    assert not any(kept._knocks.values())


async def test_many_strangers_hide_no_account(database: Database, town: SmallTown, owner_url: str) -> None:
    """Neither one that is made to wait nor one that is guessed at; nor does one that came lately stay unknown."""
    now = 0.0
    kept = TurnedAway(database, clock=lambda: now)
    await kept.try_to_write()
    run(owner_url, f"UPDATE lantern.account SET email = 'late@x.example' WHERE id = '{town.accounts['ben']}'")
    now += LEARNS_EVERY_S
    await kept.try_to_write()
    for act, why in ((Act.MADE_TO_WAIT, "too-many"), (Act.SIGN_IN_FAILED, "password")):
        for n in range(MOST_ADDRESSES):
            kept.at_the_door(act, address_of(f"eve{n}@doggerstad.example"), why)
        for email in (f" {town.email('alice').upper()}", "late@x.example", "eve0@doggerstad.example", "new@x.example"):
            kept.at_the_door(act, address_of(email), why)
    assert sum(len(knocks) for knocks in kept._knocks.values()) == 2 * (MOST_ADDRESSES + 2)
    await kept.write()
    assert sorted(brief(owner_url)) == sorted(2 * [("made-to-wait", "sign-in", 1), ("sign-in-failed", "sign-in", 1)])
    whose = {entry["ids"][0] for entry in turned_away(owner_url)}
    assert whose == {str(town.accounts[person]) for person in ("alice", "ben")}


async def test_what_could_not_be_written_is_written_later(database: Database, town: SmallTown, owner_url: str) -> None:
    kept = TurnedAway(database)
    run(owner_url, "REVOKE INSERT ON lantern.log_entry FROM lantern_app")
    kept.at_the_door(Act.SIGN_IN_FAILED, address_of(town.email("alice")), "password")
    await kept.try_to_write()
    run(owner_url, "GRANT INSERT ON lantern.log_entry TO lantern_app")
    await kept.try_to_write()
    assert brief(owner_url) == [("sign-in-failed", "sign-in", 1)]


async def test_each_city_reads_of_its_own_accounts_alone(
    app: FastAPI, client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    await guess(anyone, town.email("otto"))
    await guess(anyone, town.email("alice"))
    assert (await (await client("dora")).get("/api/v1/sites")).status_code == 403
    await app.state.turned_away.write()
    stefan = await client("stefan")
    found = (await stefan.get("/api/v1/log?act=sign-in-failed")).json()["items"]
    assert [entry["ids"] for entry in found] == [[str(town.accounts["alice"])]]
    page = (await stefan.get("/steward")).text
    assert "failed to sign in" in page
    assert "someone at the door" in page
    assert "GET /api/v1/sites" in page
    assert town.email("alice") not in page


async def test_what_is_counted_is_written_when_the_server_stops(
    settings: Settings, town: SmallTown, owner_url: str
) -> None:
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(
        transport=transport, base_url="http://lantern.test"
    ) as anyone:  # fmt: skip
        for _ in range(2):
            assert await guess(anyone, town.email("alice"), PASSWORD + " ") == 401
            await app.state.turned_away.write()
        assert [times for _, _, times in brief(owner_url)] == [1]
    assert [times for _, _, times in brief(owner_url)] == [1, 1]


@pytest.mark.parametrize("way", ["api", "page", "another address"])
async def test_an_account_that_was_just_made_is_hidden_by_no_crowd_of_strangers(
    app: FastAPI, client: Client, town: SmallTown, owner_url: str, way: str
) -> None:
    counted: TurnedAway = app.state.turned_away
    await counted.learn()
    mara, new = await client("mara"), "new@doggerstad.example"
    form = {"email": new, "name": "New", "password": "told in the corridor"}
    if way == "api":
        answer = await mara.post("/api/v1/accounts", json=form | {"roles": ["desk"]})
    elif way == "page":
        answer = await mara.post("/accounts", data=form | {"role": "desk", "email": f" {new.title()}"})
    else:
        path = f"/api/v1/accounts/{town.accounts['ben']}"
        answer = await mara.patch(path, json={"email": new}, headers={"If-Match": '"1"'})
    assert answer.status_code in {200, 201, 303}, answer.text
    for number in range(MOST_ADDRESSES):
        counted.at_the_door(Act.SIGN_IN_FAILED, address_of(f"n{number}@nowhere.example"), "password")
    counted.at_the_door(Act.SIGN_IN_FAILED, address_of(new), "password")
    await counted.write()
    whose = look(owner_url, f"SELECT id FROM lantern.account WHERE email = '{new}'")
    told = look(owner_url, "SELECT ids[1] FROM lantern.log_entry WHERE act = 'sign-in-failed'")
    assert told == whose
