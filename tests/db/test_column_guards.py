"""What someone may change in a row that they reach, asked of the database itself, past every handler."""

from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.asker import Asker
from api.database import Database
from geo.account import Role
from geo.schema import new_id
from tests.fixtures.look import run
from tests.fixtures.town import PEOPLE, SmallTown

pytestmark = pytest.mark.anyio
BOOKED = "version = version + 1, updated_at = now()"
SITE = """
    INSERT INTO lantern.site (organisation_id, id, site_type, status, geom, revisit_days, logged_by, updated_by{more})
    VALUES (:city, :new, 'doorway', 'active', 'SRID=4326;POINT(2.32 54.77)', 14, {by}, {by}{values})
"""
VISIT = """
    INSERT INTO lantern.visit
        (organisation_id, id, site_id, account_id, visited_at, outcome, geom, source, updated_by{more})
    VALUES (:city, :new, :quay, :alice, now(), 'met', 'SRID=4326;POINT(2.32 54.77)', '{source}', {by}{values})
"""
STEP = """
    INSERT INTO lantern.site_status (organisation_id, id, site_id, status, since, by_account_id)
    VALUES (:city, :new, :quay, 'active', now(), {by})
"""
SESSION = """
    INSERT INTO lantern.session (organisation_id, id, account_id, token_hash, expires_at)
    VALUES (:city, :new, {of}, sha256('x'), now() + interval '1 hour')
"""
ACCOUNT = """
    INSERT INTO lantern.account (organisation_id, id, email, name, roles, updated_by)
    VALUES (:city, :new, 'new@doggerstad.example', 'New', '{roles}', :{by})
"""


def site(by: str = ":alice", more: str = "", values: str = "") -> str:
    return SITE.format(by=by, more=more, values=values)


def visit(source: str = "form", by: str = ":alice", more: str = "", values: str = "") -> str:
    return VISIT.format(source=source, by=by, more=more, values=values)


def account(person: str, what: str) -> str:
    return f"UPDATE lantern.account SET {what}, {BOOKED} WHERE id = :{person}"


def of_quay(table: str, what: str) -> str:
    return f"UPDATE lantern.{table} SET {what} WHERE {'id' if table == 'site' else 'site_id'} = :quay"


REFUSED: list[tuple[str, str]] = [
    # Accounts: one's own
    ("alice", account("alice", "roles = '{streetworker,manager}'")),
    ("alice", account("alice", "left_on = '2099-01-01'")),
    ("alice", account("alice", "name = 'Mara'")),
    ("alice", account("alice", "email = 'mara2@doggerstad.example'")),
    ("mara", account("mara", "roles = '{manager,steward}'")),
    ("stefan", account("stefan", "roles = '{manager,steward}'")),
    ("mara", account("mara", "created_at = now() - interval '1 year'")),
    # Accounts: those of others
    ("mara", account("ben", "roles = '{manager}'")),
    ("mara", account("ben", "roles = '{streetworker,steward}'")),
    ("mara", account("stefan", "left_on = '2026-01-01'")),
    ("mara", account("stefan", "roles = '{desk}'")),
    ("stefan", account("ben", "roles = '{manager}'")),
    ("stefan", account("ben", "roles = '{streetworker,desk}'")),
    ("stefan", account("ben", "email = 'mine@doggerstad.example'")),
    ("stefan", account("mara", "name = 'Nobody'")),
    ("stefan", ACCOUNT.format(roles="{manager}", by="stefan")),
    ("stefan", ACCOUNT.format(roles="{desk}", by="stefan")),
    ("mara", ACCOUNT.format(roles="{manager}", by="mara")),
    ("mara", ACCOUNT.format(roles="{streetworker,steward}", by="mara")),
    # Sessions and tokens
    ("mara", SESSION.format(of=":alice")),
    ("stefan", SESSION.format(of=":alice")),
    ("stefan", SESSION.format(of=":mara")),
    ("stefan", "UPDATE lantern.session SET purpose_until = NULL, purpose = NULL WHERE account_id = :alice"),
    ("alice", "UPDATE lantern.session SET expires_at = 'infinity'"),
    ("alice", "UPDATE lantern.session SET token_hash = sha256('y')"),
    ("alice", "UPDATE lantern.session SET awaits_code = true"),
    ("stefan", "UPDATE lantern.session SET account_id = :stefan"),
    # The organisation
    ("mara", "UPDATE lantern.organisation SET is_demo = true WHERE id = :city"),
    ("mara", "UPDATE lantern.organisation SET slug = 'elsewhere' WHERE id = :city"),
    # Sites
    ("alice", site(":ben")),
    ("alice", site("NULL")),
    ("alice", site(more=", handed_over_at", values=", now()")),
    ("mara", site(":alice")),
    ("alice", of_quay("site", "logged_by = :alice")),
    ("mara", of_quay("site", "logged_by = :ben")),
    ("alice", of_quay("site", "handed_over_at = now()")),
    ("alice", of_quay("site", "created_at = now() - interval '1 year'")),
    ("alice", of_quay("site", "id = :new")),
    ("alice", of_quay("site", "updated_by = :ben")),
    ("alice", of_quay("site", "updated_by = :ben, name = 'x'")),
    # Their history
    ("alice", STEP.format(by=":ben")),
    ("mara", STEP.format(by=":alice")),
    # Visits
    ("alice", visit("import")),
    ("alice", visit("demo")),
    ("alice", visit(by=":ben")),
    ("alice", visit(more=", handed_over_at", values=", now()")),
    ("alice", of_quay("visit", "handed_over_at = now()")),
    ("alice", of_quay("visit", "recorded_at = now() - interval '1 year'")),
    ("mara", of_quay("visit", "source = 'import'")),
    ("alice", of_quay("visit", "updated_by = :mara")),
]

ALLOWED: list[tuple[str, str]] = [
    ("alice", account("alice", "locale = 'nl'")),
    ("mara", account("mara", "name = 'Mara M.', email = 'm@doggerstad.example'")),
    (
        "mara",
        account("ben", "roles = '{streetworker,desk}', name = 'Benno', left_on = '2026-01-01', updated_by = :mara"),
    ),
    ("stefan", account("ben", "left_on = '2026-01-01', updated_by = :stefan")),
    ("stefan", account("mara", "left_on = '2026-01-01', updated_by = :stefan")),
    ("mara", ACCOUNT.format(roles="{streetworker,planner,desk}", by="mara")),
    ("server", ACCOUNT.format(roles="{manager,steward}", by="nobody")),
    ("server", account("mara", "roles = '{manager,steward}'")),
    ("alice", SESSION.format(of=":alice")),
    ("alice", "UPDATE lantern.session SET last_seen_at = now(), name = 'phone' WHERE account_id = :alice"),
    ("alice", "UPDATE lantern.session SET second_factor = true WHERE account_id = :alice"),
    ("mara", "DELETE FROM lantern.session WHERE account_id = :alice"),
    ("stefan", "DELETE FROM lantern.session WHERE account_id = :alice"),
    ("mara", "UPDATE lantern.organisation SET name = 'Doggerstad on Sea' WHERE id = :city"),
    ("alice", site()),
    ("mara", site(":mara")),
    ("mara", site("NULL")),
    ("server", site("NULL")),
    ("server", site(":alice", ", handed_over_at", ", now()")),
    ("alice", of_quay("site", "name = 'x', updated_by = :alice")),
    ("mara", of_quay("site", "handed_over_at = now(), updated_by = :mara")),
    ("alice", STEP.format(by=":alice")),
    ("alice", visit("form")),
    ("alice", visit("api")),
    ("mara", visit("import", ":mara")),
    ("alice", of_quay("visit", "outcome = 'signs-of-use', updated_by = :alice")),
    ("mara", of_quay("visit", "handed_over_at = now()")),
]


def asking(database: Database, town: SmallTown, person: str) -> AbstractAsyncContextManager[Any]:
    """A transaction in a person's name, or that of the command line on the server."""
    if person == "server":
        return database.asking(Asker.command(town.organisation_id, "doggerstad", "Europe/London"))
    roles = frozenset({Role(PEOPLE[person])})
    return database.asking(Asker(town.organisation_id, "", town.accounts[person], roles, person, "en", "Europe/London"))


async def changed(database: Database, town: SmallTown, person: str, statement: str) -> int:
    """How many rows a statement changes; what it changes is taken back."""
    values: dict[str, UUID | None] = {**town.accounts, "city": town.organisation_id, "quay": town.sites["quay"]}
    values |= {"new": new_id(), "nobody": None}
    named = {name: value for name, value in values.items() if f":{name}" in statement}

    class TakenBack(Exception):
        pass

    number = 0
    try:
        async with asking(database, town, person) as session:
            number = (await session.execute(text(statement), named)).rowcount
            raise TakenBack
    except TakenBack:
        return number


async def outcome(database: Database, town: SmallTown, person: str, statement: str) -> str:
    """The SQLSTATE that a statement fails with, or empty where it changed something."""
    try:
        assert await changed(database, town, person, statement) > 0, (person, statement)
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", None))
    return ""


async def test_each_guard_refuses_what_the_policies_let_through(
    database: Database, town: SmallTown, owner_url: str
) -> None:
    await sign_all_in(database, town)
    for person, statement in REFUSED:
        assert await outcome(database, town, person, statement) == "42501", (person, statement)
    # The control: it is the guards that refuse, not a policy or a grant.
    for table in ("account", "session", "access_token", "organisation", "site", "visit", "site_status"):
        run(owner_url, f"ALTER TABLE lantern.{table} DISABLE TRIGGER USER")
    for person, statement in REFUSED:
        wanted = "23503" if "id = :new" in statement else ""  # a foreign key holds it too
        assert await outcome(database, town, person, statement) == wanted, (person, statement)


async def test_what_is_everyones_work_goes_on(database: Database, town: SmallTown) -> None:
    await sign_all_in(database, town)
    for person, statement in ALLOWED:
        assert await changed(database, town, person, statement) == 1, (person, statement)


async def sign_all_in(database: Database, town: SmallTown) -> None:
    for person in ("alice", "mara"):
        async with asking(database, town, person) as session:
            values = {"city": town.organisation_id, "new": new_id(), "of": town.accounts[person]}
            await session.execute(text(SESSION.format(of=":of").replace("'x'", f"'{person}'")), values)


async def test_a_last_day_that_was_given_is_not_put_off_by_a_steward(database: Database, town: SmallTown) -> None:
    async with asking(database, town, "mara") as session:
        await session.execute(text(account("ben", "left_on = '2026-06-01'")), {"ben": town.accounts["ben"]})
    assert await changed(database, town, "stefan", account("ben", "left_on = '2026-05-01'")) == 1
    for later in ("'2026-07-01'", "NULL"):
        with pytest.raises(DBAPIError):
            await changed(database, town, "stefan", account("ben", f"left_on = {later}"))
    assert await changed(database, town, "mara", account("ben", "left_on = NULL")) == 1


async def test_what_was_handed_over_is_not_taken_back(database: Database, town: SmallTown) -> None:
    quay = {"quay": town.sites["quay"]}
    async with asking(database, town, "mara") as session:
        for table in ("site", "visit"):
            await session.execute(text(of_quay(table, "handed_over_at = now()")), quay)
    for person in ("alice", "mara"):
        for table in ("site", "visit"):
            if (person, table) == ("alice", "visit"):
                continue  # she does not reach it any more
            with pytest.raises(DBAPIError):
                await changed(database, town, person, of_quay(table, "handed_over_at = NULL"))
