"""Erasure of an account: nothing of the person is left, and what they did stays, by a former colleague."""

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.database import Database
from api.erasure_file import FILE
from api.settings import Settings
from geo.account import FORMER, Role
from geo.schema import new_id
from geo.widening import REASON_ERASED
from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.dump import pg_dump
from tests.fixtures.look import look
from tests.fixtures.look import run as arrange
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio
ERASURES, ACCOUNTS = "/api/v1/erasures", "/api/v1/accounts"
NAME, EMAIL = "Benedictus Markedname", "marked.address@doggerstad.example"
PAGE = "/steward/erasures/accounts"


@pytest.fixture
def home(app: FastAPI, tmp_path: Path) -> Path:
    """A home of this test alone: the list of erasures lies there."""
    app.state.settings = app.state.settings.model_copy(update={"home": tmp_path})
    return tmp_path


async def leave(keeper: httpx.AsyncClient, town: SmallTown, person: str) -> None:
    """Ends someone's access today."""
    path = f"{ACCOUNTS}/{town.accounts[person]}"
    version = (await keeper.get(path)).headers["etag"]
    left = {"left_on": town.today.isoformat()}
    answer = await keeper.patch(path, json=left, headers={"If-Match": version})
    assert answer.status_code == 200, answer.text


def know_much_of(town: SmallTown, owner_url: str, person: str) -> list[str]:
    """Fills all that the database can hold of a person; the marks by which it is found again."""
    of, account = town.organisation_id, town.accounts[person]
    mine = f"organisation_id = '{of}' AND account_id = '{account}'"
    key, marked = f"'{of}', gen_random_uuid(), '{account}'", "decode(repeat('{}', 16), 'hex')"
    arrange(owner_url, f"""
        INSERT INTO lantern.authenticator (organisation_id, id, account_id, secret, confirmed_at)
            VALUES ({key}, {marked.format("a1")}, now());
        INSERT INTO lantern.recovery_code (organisation_id, id, account_id, code_hash)
            VALUES ({key}, {marked.format("a2")});
        INSERT INTO lantern.passkey (organisation_id, id, account_id, name, host, credential_id, public_key)
            VALUES ({key}, 'marked passkey', 'lantern.test', {marked.format("a3")}, {marked.format("a4")});
        INSERT INTO lantern.city_identity (organisation_id, id, account_id, subject_hash)
            VALUES ({key}, {marked.format("a5")});
        UPDATE lantern.session SET name = 'marked phone', device = 'marked browser', purpose = 'marked purpose',
            purpose_until = now() WHERE {mine};
        INSERT INTO lantern.access_token (organisation_id, id, account_id, name, token_hash)
            VALUES ({key}, 'marked token', {marked.format("a6")});
        UPDATE lantern.account_secret SET password_hash = 'marked hash' WHERE id = '{account}';
    """)  # fmt: skip
    named = ["passkey", "phone", "browser", "purpose", "token", "hash"]
    return [f"marked {one}" for one in named] + [f"a{number}" * 16 for number in range(1, 7)]


async def test_nothing_of_an_erased_person_is_in_a_dump_and_what_they_did_stays(
    client: Client, town: SmallTown, owner_url: str, home: Path
) -> None:
    ben, mara, stefan = [await client(person) for person in ("ben", "mara", "stefan")]
    path = f"{ACCOUNTS}/{town.accounts['ben']}"
    for version, change in enumerate(({"name": NAME, "email": EMAIL}, {"name": "Ben"}, {"name": NAME}), 1):
        answer = await mara.patch(path, json=change, headers={"If-Match": f'"{version}"'})
        assert answer.status_code == 200, answer.text
    assert (await ben.get("/api/v1/me")).json()["email"] == EMAIL
    marks = [NAME, EMAIL, *know_much_of(town, owner_url, "ben")]
    await leave(mara, town, "ben")
    before = await pg_dump(owner_url)
    assert [mark for mark in marks if mark not in before] == []  # the control: it was all there
    body = {"account_id": str(town.accounts["ben"]), "reason": "left"}
    answer = await stefan.post(ERASURES, json=body)
    assert (answer.status_code, answer.json()) == (201, body), answer.text
    after = await pg_dump(owner_url)
    assert [mark for mark in marks if mark in after] == []
    assert [mark for mark in marks if mark in (home / FILE).read_text()] == []
    row = "SELECT email, name, roles, team_id, locale, left_on FROM lantern.account WHERE id ="
    assert look(owner_url, f"{row} '{town.accounts['ben']}'") == [(None, FORMER, [], None, "en", town.today)]
    tomb = "SELECT id, noun, reason, erased_by FROM lantern.erasure"
    assert look(owner_url, tomb) == [(town.accounts["ben"], "account", "left", town.accounts["stefan"])]
    visits = f"SELECT account_id FROM lantern.visit WHERE id = '{town.visits['lane']}'"
    assert look(owner_url, visits) == [(town.accounts["ben"],)]
    entry = "SELECT account_id, noun, ids, entry::jsonb -> 'detail' FROM lantern.log_entry WHERE act = 'account-erased'"
    assert look(owner_url, entry) == [
        (town.accounts["stefan"], "account", [town.accounts["ben"]], {"reason": "left"}),
    ]  # fmt: skip
    assert (await ben.get("/api/v1/me")).status_code == 401


async def test_a_former_colleague_is_named_so_wherever_colleagues_are_named(
    client: Client, town: SmallTown, home: Path
) -> None:
    ben, mara, stefan, alice = [await client(person) for person in ("ben", "mara", "stefan", "alice")]
    assert (await ben.get("/api/v1/sites")).status_code == 200  # so that the log has an entry of his
    await leave(stefan, town, "ben")
    body = {"account_id": str(town.accounts["ben"]), "reason": "asked"}
    assert (await stefan.post(ERASURES, json=body)).status_code == 201
    known = (await mara.get(f"{ACCOUNTS}/{town.accounts['ben']}")).json()
    assert (known["name"], known["email"], known["roles"]) == (FORMER, None, [])
    assert (await alice.get(f"{ACCOUNTS}/{town.accounts['ben']}")).json()["name"] == FORMER
    for form in ("csv", "geojson"):
        exported = await mara.get(f"/api/v1/export/visits?format={form}")
        assert (exported.status_code, FORMER in exported.text, "Ben" in exported.text) == (200, True, False), form
    for reader, page in ((mara, "/accounts"), (stefan, "/accounts"), (stefan, "/steward")):
        shown = (await reader.get(page)).text
        assert (FORMER in shown, ">Ben<" in shown, town.email("ben") in shown) == (True, False, False), page
    listed = (await stefan.get(PAGE)).text
    assert str(town.accounts["ben"]) in listed
    assigned = (await mara.get("/api/v1/assignments")).json()["items"]
    assert str(town.accounts["ben"]) in {one["account_id"] for one in assigned}


async def test_the_address_is_free_again_and_the_row_is_nobodys(
    client: Client, town: SmallTown, owner_url: str, home: Path
) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    await leave(mara, town, "ben")
    body = {"account_id": str(town.accounts["ben"]), "reason": "left"}
    assert (await stefan.post(ERASURES, json=body)).status_code == 201
    new = {"email": town.email("ben"), "name": "Ben", "roles": ["streetworker"], "password": PASSWORD}
    made = await mara.post(ACCOUNTS, json=new)
    assert made.status_code == 201, made.text
    assert (await mara.post(ACCOUNTS, json=new | {"email": "b@x.example", "id": body["account_id"]})).status_code == 409
    back = {"name": "Ben", "roles": ["streetworker"], "email": "again@doggerstad.example", "left_on": None}
    path = f"{ACCOUNTS}/{town.accounts['ben']}"
    version = (await mara.get(path)).headers["etag"]
    refused = await mara.patch(path, json=back, headers={"If-Match": version})
    assert (refused.status_code, refused.json()["detail"]) == (409, "This account was erased.")
    assert (await stefan.post(ERASURES, json=body)).status_code == 404
    ids = f"SELECT account_id FROM lantern.visit WHERE id = '{town.visits['lane']}'"
    assert look(owner_url, ids) == [(town.accounts["ben"],)]


async def test_only_a_steward_erases_and_only_someone_else_of_the_city_who_left(
    client: Client, town: SmallTown, owner_url: str, home: Path
) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    body = {"account_id": str(town.accounts["ben"]), "reason": "left"}
    active = await stefan.post(ERASURES, json=body)
    assert (active.status_code, active.json()["errors"]) == (
        422, [{"where": "body.account_id", "what": "still has access: end it first"}],
    )  # fmt: skip
    own = await stefan.post(ERASURES, json=body | {"account_id": str(town.accounts["stefan"])})
    assert (own.status_code, own.json()["errors"][0]["what"]) == (422, "is your own")
    path = f"{ACCOUNTS}/{town.accounts['ben']}"
    later = {"left_on": town.today.replace(year=town.today.year + 1, day=1).isoformat()}
    assert (await mara.patch(path, json=later, headers={"If-Match": '"1"'})).status_code == 200
    assert (await stefan.post(ERASURES, json=body)).status_code == 422  # not until that day
    await leave(mara, town, "ben")
    for wrong in (
        {}, {"site_id": str(town.sites["quay"])} | body, {"reason": "left"}, body | {"reason": "bored"},
        {"site_id": str(town.sites["quay"]), "reason": "left"},
    ):  # fmt: skip
        assert (await stefan.post(ERASURES, json=wrong)).status_code == 422, wrong
    for other in (town.accounts["otto"], new_id(), town.sites["quay"]):
        answer = await stefan.post(ERASURES, json=body | {"account_id": str(other)})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    for person in ("alice", "mara", "pim", "dora", "otto"):
        asked = await client(person)
        for answer in (
            await asked.post(ERASURES, json=body), await asked.get(PAGE),
            await asked.post(PAGE, data=body | {"understood": "yes"}),
        ):  # fmt: skip
            assert answer.status_code == 403, person
    assert look(owner_url, "SELECT count(*) FROM lantern.erasure") == [(0,)]
    assert look(owner_url, "SELECT count(*) FROM lantern.account WHERE email IS NULL") == [(0,)]


async def test_a_backup_that_is_put_back_is_cleared_of_whom_was_erased_since(
    client: Client, terminal: Terminal, town: SmallTown, owner_url: str, settings: Settings, home: Path
) -> None:
    stefan = await client("stefan")
    ben = town.accounts["ben"]
    (home / FILE).write_text(
        json.dumps({
            "organisation_id": str(town.organisation_id), "id": str(ben), "noun": "account", "reason": "left",
            "erased_on": "2026-05-01",
        }) + "\n"
    )  # fmt: skip
    here = {"home": home, "database_url": settings.database_url, "key_file": settings.home / "keys" / "master"}
    # As in a backup from before: Ben is there, with access, and nobody is on the list.
    assert town.email("ben") in await pg_dump(owner_url)
    ran = terminal.run("erasures", "apply", "-o", "doggerstad", **here)
    assert (ran.returncode, ran.stdout.strip()) == (
        0, "1 ids on the list. Erased again: 0 sites, 0 visits, 1 accounts, 0 alerts.",
    ), ran.stderr  # fmt: skip
    assert town.email("ben") not in await pg_dump(owner_url)
    rows = f"SELECT email, name, left_on FROM lantern.account WHERE id = '{ben}'"
    assert look(owner_url, rows) == [(None, FORMER, town.today)]
    again = terminal.run("erasures", "apply", "-o", "doggerstad", **here)
    assert again.stdout.strip() == "1 ids on the list. Erased again: 0 sites, 0 visits, 0 accounts, 0 alerts."
    assert str(ben) in (await stefan.get(PAGE)).text


async def test_the_command_line_erases_whose_access_has_ended(
    terminal: Terminal, town: SmallTown, owner_url: str, settings: Settings, tmp_path: Path
) -> None:
    here = {"home": tmp_path, "database_url": settings.database_url, "key_file": settings.home / "keys" / "master"}
    whom = ("-o", "doggerstad", "--email", town.email("mara"))
    early = terminal.run("account", "erase", *whom, "--yes", **here)
    assert (early.returncode, "still has access" in early.stderr) == (1, True), early.stderr
    assert terminal.run("account", "leave", *whom, **here).returncode == 0
    asked = terminal.run("account", "erase", *whom, **here)  # nobody there to answer
    assert asked.returncode == 1
    done = terminal.run("account", "erase", *whom, "--reason", "asked", "--yes", **here)
    assert done.returncode == 0, done.stderr
    assert look(owner_url, f"SELECT email FROM lantern.account WHERE id = '{town.accounts['mara']}'") == [(None,)]
    assert str(town.accounts["mara"]) in (tmp_path / FILE).read_text()
    listed = terminal.run("account", "list", "-o", "doggerstad", **here)
    assert (listed.returncode, FORMER in listed.stdout, "Mara" in listed.stdout) == (0, True, False), listed.stderr
    assert "no account" in terminal.run("account", "erase", *whom, "--yes", **here).stderr


async def test_the_page_asks_for_a_person_a_reason_and_confirmation(
    client: Client, town: SmallTown, home: Path
) -> None:
    stefan = await client("stefan")
    assert "Nobody&#39;s access has ended" in (await stefan.get(PAGE)).text
    await leave(stefan, town, "ben")
    page = (await stefan.get(PAGE)).text
    assert (town.email("ben") in page, town.email("alice") in page) == (True, False)
    assert f"{PAGE}?account={town.accounts['ben']}" in (await stefan.get("/accounts")).text
    whole = {"account_id": str(town.accounts["ben"]), "reason": "left", "understood": "yes"}
    for wrong, said in (
        ({"understood": ""}, "Tick this to go on."),
        ({"reason": ""}, "Fill this in."),
        ({"account_id": "<script>"}, "Choose one from the list."),
        ({"account_id": str(town.accounts["alice"])}, "Choose someone else whose access has ended."),
        ({"account_id": str(new_id())}, "Choose someone else whose access has ended."),
    ):
        answer = await stefan.post(PAGE, data=whole | wrong)
        assert (answer.status_code, said in answer.text) == (422, True), wrong
        assert "<script>" not in answer.text.split("<main", 1)[1]
    answer = await stefan.post(PAGE, data=whole)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?done=erased")
    page = (await stefan.get(f"{PAGE}?done=erased")).text
    assert (str(town.accounts["ben"]) in page, "Stefan" in page, town.email("ben") in page) == (True, True, False)


LAID = """INSERT INTO lantern.erasure (organisation_id, id, noun, reason, erased_by)
    VALUES (:of, :ben, :noun, 'left', :by)"""
EMPTIED = "email = NULL, name = 'A former colleague', roles = '{}', team_id = NULL"


async def test_the_database_itself_empties_only_whom_a_steward_put_on_the_list_after_they_left(
    town: SmallTown, database: Database, owner_url: str
) -> None:
    stefan = Asker(
        town.organisation_id, "", town.accounts["stefan"], frozenset({Role.STEWARD}), "", "en", "Europe/London"
    )
    mara = replace(stefan, account_id=town.accounts["mara"], roles=frozenset({Role.MANAGER}))
    values = {"of": town.organisation_id, "ben": town.accounts["ben"], "by": stefan.account_id, "noun": "account"}

    async def state(opened: AbstractAsyncContextManager[AsyncSession], *statements: str, **more: object) -> str:
        """The SQLSTATE of what is refused; empty where it is done."""
        try:
            async with opened as session:
                for statement in statements:
                    given = values | more
                    named = {name: value for name, value in given.items() if f":{name}" in statement}
                    await session.execute(text(statement), named)
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", None))
        return ""

    empty = f"UPDATE lantern.account SET {EMPTIED} WHERE id = :ben"
    assert await state(database.erasing(stefan), LAID) == "42501"  # still has access
    arrange(owner_url, "UPDATE lantern.account SET left_on = '2026-01-01' WHERE name IN ('Ben', 'Stefan')")
    assert await state(database.erasing(stefan), LAID, ben=stefan.account_id) == "42501"  # his own
    assert await state(database.erasing(mara), LAID, by=mara.account_id) == "42501"  # no steward
    for keeper in (mara, stefan):
        assert await state(database.asking(keeper), empty) in ("42501", "23514")
    assert await state(database.erasing(stefan), "DELETE FROM lantern.account_secret WHERE id <> :by") == ""
    assert look(owner_url, "SELECT count(*) FROM lantern.account_secret") == [(7,)]  # nobody is on the list
    assert await state(database.erasing(stefan), LAID) == ""
    assert await state(database.asking(stefan), empty) == "42501"
    renamed = "UPDATE lantern.account SET name = 'Nobody' WHERE id = :ben"
    assert await state(database.erasing(stefan), renamed) == "42501"
    assert await state(database.asking(mara), "DELETE FROM lantern.account_secret WHERE id = :ben") == ""
    assert look(owner_url, "SELECT count(*) FROM lantern.account_secret") == [(7,)]
    assert await state(database.erasing(stefan), "DELETE FROM lantern.account_secret WHERE id <> :by", empty) == ""
    assert look(owner_url, "SELECT count(*) FROM lantern.account_secret") == [(6,)]
    command = Asker.command(town.organisation_id, "doggerstad", "Europe/London")
    again = "UPDATE lantern.account SET name = 'Ben', email = 'ben@x.example', roles = '{desk}' WHERE id = :ben"
    for opened in (database.asking(mara), database.asking(command), database.erasing(stefan)):
        assert await state(opened, again) == "42501"
    nameless = """INSERT INTO lantern.account (organisation_id, id, name, roles, left_on)
        VALUES (:of, gen_random_uuid(), 'A former colleague', '{}', now())"""
    assert await state(database.asking(mara), nameless) == "42501"


WIDENINGS = """
    INSERT INTO lantern.widening
        (organisation_id, id, account_id, work_area_id, reason, granted_by, granted_at, ends_at)
    SELECT '{of}', gen_random_uuid(), account::uuid, '{area}', 'marked reason', '{mara}', now(),
        now() + interval '1 hour'
    FROM unnest('{{{ben},{alice}}}'::text[]) AS account
"""
REASONS = "SELECT account_id, reason, granted_by IS NOT NULL FROM lantern.widening"


def widen(town: SmallTown, owner_url: str) -> None:
    """Ben and Alice have each seen more, for the same words."""
    people = {person: town.accounts[person] for person in ("ben", "alice", "mara")}
    arrange(owner_url, WIDENINGS.format(of=town.organisation_id, area=town.areas["south"], **people))


async def test_what_someone_typed_to_see_more_goes_with_them_and_that_they_saw_it_stays(
    client: Client, town: SmallTown, owner_url: str, home: Path
) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    widen(town, owner_url)
    await leave(mara, town, "ben")
    body = {"account_id": str(town.accounts["ben"]), "reason": "left"}
    assert (await stefan.post(ERASURES, json=body)).status_code == 201
    ben, alice = town.accounts["ben"], town.accounts["alice"]
    assert set(look(owner_url, REASONS)) == {(alice, "marked reason", True), (ben, REASON_ERASED, True)}
    shown = (await stefan.get("/api/v1/widenings")).json()["items"]
    assert {one["reason"] for one in shown} == {"marked reason", REASON_ERASED}


async def test_the_reason_of_a_widening_is_emptied_with_its_writer_alone(
    town: SmallTown, database: Database, owner_url: str
) -> None:
    stefan = Asker(
        town.organisation_id, "", town.accounts["stefan"], frozenset({Role.STEWARD}), "", "en", "Europe/London"
    )
    mara = replace(stefan, account_id=town.accounts["mara"], roles=frozenset({Role.MANAGER}))
    widen(town, owner_url)
    arrange(owner_url, "UPDATE lantern.account SET left_on = '2026-01-01' WHERE name = 'Ben'")

    async def changed(opened: AbstractAsyncContextManager[AsyncSession], what: str) -> int | None:
        """How many rows were changed; None where the guard refuses it."""
        try:
            async with opened as session:
                rows = await session.execute(text(f"UPDATE lantern.widening SET {what} RETURNING id"))
                return len(rows.all())
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != "42501":
                raise
            return None

    empty = f"reason = '{REASON_ERASED}'"
    ended = f"ended_by = '{town.accounts['mara']}'"
    assert await changed(database.erasing(stefan), empty) == 0  # nobody is on the list
    for what in ("reason = 'another one'", empty, f"{ended}, reason = 'another one'"):
        assert await changed(database.asking(mara), what) is None
    async with database.erasing(stefan) as session:
        await session.execute(text(LAID), {
            "of": town.organisation_id, "ben": town.accounts["ben"], "by": stefan.account_id, "noun": "account"
        })  # fmt: skip
    for what in ("reason = 'another one'", f"{empty}, {ended}", "granted_by = NULL, granted_at = NULL, ends_at = NULL"):
        assert await changed(database.erasing(stefan), what) is None
    assert await changed(database.erasing(replace(stefan, roles=mara.roles)), empty) == 0  # no steward
    assert await changed(database.erasing(stefan), empty) == 1
    assert await changed(database.asking(mara), ended) == 2  # as ever
