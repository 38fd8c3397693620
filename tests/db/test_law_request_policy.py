"""Requests by law in the database itself: what policies, constraints and triggers let through, past every handler."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.database import Database
from api.rotation import rotate
from api.vault import Vault
from tests.fixtures.asking import As
from tests.fixtures.client import Client
from tests.fixtures.law_request import PURPOSE, id_of, person, proposed, registered, released
from tests.fixtures.look import look
from tests.fixtures.look import run as arrange
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
REFUSED = "42501"
PROPOSE = "UPDATE lantern.law_request SET proposed_by = :by WHERE id = :id"
AGREE = "UPDATE lantern.law_request SET agreed_by = :by WHERE id = :id"
REFUSE = "UPDATE lantern.law_request SET refused_by = :by, refusal_sealed = 'no' WHERE id = :id"
FILE = "INSERT INTO lantern.law_file (organisation_id, id, file_sealed) VALUES (:of, :id, 'sealed')"
WRITE = """UPDATE lantern.law_request SET file_hash = sha256('x'), file_bytes = 1, file_rows = 1 WHERE id = :id"""
AGED = "UPDATE lantern.law_request SET {0} = {0} - interval '{1} days' WHERE id = :id"
OLD_FILE = """ALTER TABLE lantern.law_file DISABLE TRIGGER stays;
    UPDATE lantern.law_file SET goes_at = now() - interval '1 minute';
    ALTER TABLE lantern.law_file ENABLE TRIGGER stays"""


@asynccontextmanager
async def refused() -> AsyncIterator[None]:
    with pytest.raises(DBAPIError) as caught:
        yield
    assert getattr(caught.value.orig, "sqlstate", None) == REFUSED


def broken(owner_url: str, statement: str, told: str) -> None:
    """Not even past the policies: a constraint or a trigger says so."""
    engine = create_engine(owner_url, poolclass=NullPool)
    with engine.connect() as connection, pytest.raises(DBAPIError, match=told):
        connection.execute(text(statement))


async def seen(session: AsyncSession, table: str) -> set[UUID]:
    return set(await session.scalars(text(f"SELECT id FROM lantern.{table}")))


async def test_one_person_cannot_be_both(
    client: Client, database: Database, town: SmallTown, asking: As, owner_url: str
) -> None:
    request = id_of(await registered(client, town))
    stefan, mara = town.accounts["stefan"], town.accounts["mara"]
    for who, by in (("mara", mara), ("stefan", mara), ("mara", stefan)):  # a steward proposes, in their own name
        async with refused(), database.releasing(person(town, who), request) as session:
            await session.execute(text(PROPOSE), {"id": request, "by": by})
    async with refused(), database.releasing(person(town, "mara"), request) as session:  # before anybody proposed
        await session.execute(text(AGREE), {"id": request, "by": mara})
    async with refused(), asking("stefan") as session:  # nor outside the transaction that writes down what it covers
        await session.execute(text(PROPOSE), {"id": request, "by": stefan})
    async with database.releasing(person(town, "stefan"), request) as session:
        await session.execute(text(PROPOSE), {"id": request, "by": stefan})
        assert await seen(session, "site") == set()  # what is covered is written down, and shown to nobody
    async with refused(), database.releasing(person(town, "stefan"), request) as session:
        await session.execute(text("UPDATE lantern.law_request SET covers_sites = '{}', covers_visits = '{}'"))
    for who, by in (("stefan", stefan), ("stefan", mara), ("mara", stefan), ("alice", town.accounts["alice"])):
        async with refused(), database.releasing(person(town, who), request) as session:
            await session.execute(text(AGREE), {"id": request, "by": by})
    async with refused(), asking("mara") as session:  # nor outside the transaction that releases
        await session.execute(text(AGREE), {"id": request, "by": mara})
    arrange(owner_url, "ALTER TABLE lantern.law_request DISABLE TRIGGER USER")
    both = f"agreed_by = '{stefan}', agreed_at = now()"
    broken(owner_url, f"UPDATE lantern.law_request SET {both}", "second_person")
    late = f"agreed_by = '{mara}', agreed_at = proposed_at + interval '7 days 1 second'"
    broken(owner_url, f"UPDATE lantern.law_request SET {late}", "in_time")


async def test_after_seven_days_nobody_agrees_and_nobody_proposes_again(
    client: Client, database: Database, town: SmallTown, asking: As, owner_url: str
) -> None:
    request = id_of(await proposed(client, town))
    mara = {"id": request, "by": town.accounts["mara"]}
    arrange(owner_url, AGED.format("proposed_at", 7), id=request)
    async with refused(), database.releasing(person(town, "mara"), request) as session:
        await session.execute(text(AGREE), mara)
    async with refused(), asking("mara") as session:
        await session.execute(text(REFUSE), mara)
    async with refused(), database.releasing(person(town, "stefan"), request) as session:
        await session.execute(text(PROPOSE), mara | {"by": town.accounts["stefan"]})


async def test_who_has_left_or_lost_the_role_agrees_to_nothing(
    client: Client, database: Database, town: SmallTown, owner_url: str
) -> None:
    request = id_of(await proposed(client, town))
    mara = {"id": request, "by": town.accounts["mara"]}
    for is_now in ("left_on = current_date", "roles = '{streetworker}', left_on = NULL"):
        arrange(owner_url, f"UPDATE lantern.account SET {is_now} WHERE id = :by", by=mara["by"])
        async with refused(), database.releasing(person(town, "mara"), request) as session:
            await session.execute(text(AGREE), mara)


async def test_what_someone_proposed_who_left_or_lost_the_role_is_agreed_to_by_nobody(
    client: Client, database: Database, town: SmallTown, owner_url: str
) -> None:
    request = id_of(await proposed(client, town))
    stefan = town.accounts["stefan"]
    for is_now in ("left_on = current_date", "roles = '{manager}', left_on = NULL"):
        arrange(owner_url, f"UPDATE lantern.account SET {is_now} WHERE id = :by", by=stefan)
        with pytest.raises(DBAPIError, match="a steward proposes it anew"):
            async with database.releasing(person(town, "mara"), request) as session:
                await session.execute(text(AGREE), {"id": request, "by": town.accounts["mara"]})


async def test_who_agrees_sees_what_is_asked_for_and_lets_it_out_or_sees_nothing(
    client: Client, database: Database, town: SmallTown, owner_url: str
) -> None:
    request = id_of(await proposed(client, town))
    mara = {"of": town.organisation_id, "id": request, "by": town.accounts["mara"]}
    async with database.releasing(person(town, "mara"), request) as session:
        assert await seen(session, "site") | await seen(session, "visit") == set()
    async with refused(), database.releasing(person(town, "mara"), request) as session:
        await session.execute(text(FILE), mara)
    async with (
        refused(),
        database.releasing(person(town, "mara"), request) as session,
    ):  # agreed, and nothing let out: at the end of the transaction
        await session.execute(text(AGREE), mara)
        assert await seen(session, "site") == {town.sites["quay"]}
        assert await seen(session, "visit") == set()  # visits are not asked for
    async with refused(), database.releasing(person(town, "mara"), request) as session:  # a hash without a file
        await session.execute(text(AGREE), mara)
        await session.execute(text(WRITE), mara)
    async with database.releasing(person(town, "mara"), request) as session:
        for statement in (AGREE, FILE, WRITE):
            await session.execute(text(statement), mara)
        assert await seen(session, "site") == set()
    assert look(owner_url, "SELECT count(*) FROM lantern.law_request WHERE released_at IS NOT NULL") == [(1,)]


async def test_of_visits_those_of_the_period_in_the_area_are_seen(
    client: Client, database: Database, town: SmallTown
) -> None:
    period = {"noun": "visits", "first_day": town.today.isoformat(), "last_day": town.today.isoformat()}
    wide = {"site_ids": [], "work_area_id": str(town.areas["north"])}
    days = {"first_day": (town.today - timedelta(days=60)).isoformat()}
    nothing = await registered(client, town, **period | wide)
    lane_alone = await proposed(client, town, **period | days, site_ids=[str(town.sites["lane"])])
    both = {"site_ids": [str(town.sites["lane"])], "work_area_id": str(town.areas["north"])}
    neither = await registered(client, town, **period | days | both)
    quay = await proposed(client, town, **period | days | wide)
    for path in (nothing, neither):  # past the handler, which refuses to propose nothing
        async with database.releasing(person(town, "stefan"), id_of(path)) as session:
            await session.execute(text(PROPOSE), {"id": id_of(path), "by": town.accounts["stefan"]})
    for path, named in ((nothing, set()), (lane_alone, {"lane"}), (neither, set()), (quay, {"quay"})):
        mara = {"id": id_of(path), "by": town.accounts["mara"]}
        async with refused(), database.releasing(person(town, "mara"), id_of(path)) as session:
            await session.execute(text(AGREE), mara)
            assert await seen(session, "visit") == {town.visits[name] for name in named}


async def test_the_file_is_for_the_two_persons_and_never_changes(
    client: Client, database: Database, town: SmallTown, asking: As, owner_url: str
) -> None:
    request = id_of(await released(client, town))
    arrange(owner_url, "UPDATE lantern.account SET roles = '{manager,steward}' WHERE name = 'Alice'")
    for who, found in (("stefan", {request}), ("mara", {request}), ("alice", set()), ("dora", set()), ("otto", set())):
        async with asking(who) as session:
            for scope in ("organisation", "people", "erasure", "law"):
                await session.execute(text(f"SET LOCAL lantern.scope = '{scope}'"))
                await session.execute(text("SET LOCAL lantern.roles = 'manager,steward'"))
                assert await seen(session, "law_file") == found
    named = {"of": town.organisation_id, "id": request, "by": town.accounts["mara"]}
    for who in ("stefan", "mara"):
        async with asking(who) as session:
            assert (
                await session.execute(text("UPDATE lantern.law_file SET file_sealed = 'x' RETURNING id"))
            ).all() == []
            assert (await session.execute(text("DELETE FROM lantern.law_file RETURNING id"))).all() == []
        async with refused(), database.releasing(person(town, who), request) as session:
            await session.execute(text(FILE), named)
        async with refused(), asking(who) as session:
            await session.execute(text("UPDATE lantern.law_file SET goes_at = 'infinity'"))
        for statement in (AGREE, REFUSE, WRITE):
            async with refused(), asking(who) as session:
                await session.execute(text(statement), named | {"by": town.accounts[who]})
    broken(owner_url, "UPDATE lantern.law_file SET file_sealed = 'x'", "never changes")  # not even past the policies
    broken(owner_url, "DELETE FROM lantern.law_file", "is kept until its time")
    for column in ("site_ids", "noun", "came_on", "registered_by", "agreed_at", "released_at"):
        async with refused(), asking("stefan") as session:
            await session.execute(text(f"UPDATE lantern.law_request SET {column} = {column}"))


async def test_after_ninety_days_retention_takes_the_file_and_the_hash_stays(
    client: Client, database: Database, town: SmallTown, asking: As, owner_url: str
) -> None:
    request = id_of(await released(client, town))
    async with database.retaining(person(town, "stefan")) as session:
        gone = await session.execute(text("DELETE FROM lantern.law_file RETURNING id"))
        assert gone.all() == []
    arrange(owner_url, OLD_FILE)
    async with asking("mara") as session:
        assert await seen(session, "law_file") == set()
    async with database.retaining(person(town, "stefan")) as session:
        gone = await session.execute(text("DELETE FROM lantern.law_file RETURNING id"))
        assert gone.all() == [(request,)]
    assert look(owner_url, "SELECT length(file_hash), file_rows FROM lantern.law_request") == [(32, 1)]


async def test_new_keys_seal_the_words_and_the_file_anew_and_change_nothing(
    client: Client, database: Database, vault: Vault, town: SmallTown, owner_url: str
) -> None:
    path, mara = await released(client, town), await client("mara")
    told, file = (await mara.get(path)).json(), (await mara.post(f"{path}/file", json=PURPOSE)).content
    sealed = "SELECT words_sealed::text FROM lantern.law_request UNION SELECT file_sealed::text FROM lantern.law_file"
    before = set(look(owner_url, sealed))
    command = Asker.command(town.organisation_id, "doggerstad", "Europe/London")
    assert (await rotate(database, vault, command)).broken == 0
    assert before.isdisjoint(look(owner_url, sealed))
    assert len(before) == 2
    assert (await mara.get(path)).json() == told
    assert (await mara.post(f"{path}/file", json=PURPOSE)).content == file
    async with refused(), database.keeping_keys(command) as session:
        await session.execute(text("UPDATE lantern.law_request SET file_rows = 2"))


async def test_what_is_held_is_neither_deleted_nor_coarsened_in_any_scope(
    client: Client, database: Database, town: SmallTown, asking: As, owner_url: str
) -> None:
    arrange(owner_url, """UPDATE lantern.visit SET visited_at = now() - interval '800 days', recorded_at = now()
        - interval '800 days' WHERE organisation_id = :of""", of=town.organisation_id)  # fmt: skip
    arrange(owner_url, """UPDATE lantern.site SET status = 'closed', created_at = now() - interval '1 year',
        updated_at = now() - interval '100 days' WHERE organisation_id = :of""", of=town.organisation_id)  # fmt: skip
    day = look(owner_url, "SELECT (now() - interval '800 days')::date::text")[0][0]
    period = {"noun": "visits", "first_day": day, "last_day": day}
    by_area = await registered(client, town, **period, site_ids=[], work_area_id=str(town.areas["north"]))
    coarse = """UPDATE lantern.site SET coarsened_at = now(), name = NULL, access_note_sealed = NULL,
        geom = lantern.cell_centre(geom, 250) RETURNING id"""
    for erased in (*town.sites.values(), *town.visits.values()):
        arrange(owner_url, """INSERT INTO lantern.erasure (organisation_id, id, noun, reason)
            VALUES (:of, :id, 'site', 'order')""", of=town.organisation_id, id=erased)  # fmt: skip
    rest = {town.sites["lane"], town.sites["adrift"]}
    for _ in range(2):
        async with asking("stefan") as session, session.begin_nested() as kept:
            await session.execute(text("SET LOCAL lantern.scope = 'retention'"))
            assert set(await session.scalars(text("DELETE FROM lantern.visit RETURNING id"))) == {town.visits["lane"]}
            assert set(await session.scalars(text(coarse))) == rest
            await kept.rollback()
        async with asking("stefan") as session, session.begin_nested() as kept:
            await session.execute(text("SET LOCAL lantern.scope = 'erasure'"))
            assert set(await session.scalars(text("DELETE FROM lantern.visit RETURNING id"))) == {town.visits["lane"]}
            await session.execute(text("DELETE FROM lantern.site_status"))
            assert set(await session.scalars(text("DELETE FROM lantern.site RETURNING id"))) == rest
            await kept.rollback()
        by_id = await registered(client, town, **period)  # held twice: by its id too
        arrange(owner_url, AGED.format("registered_at", 97), id=id_of(by_area))
    arrange(owner_url, AGED.format("registered_at", 97), id=id_of(by_id))
    async with asking("stefan") as session, session.begin_nested() as kept:
        await session.execute(text("SET LOCAL lantern.scope = 'retention'"))
        assert len((await session.scalars(text("DELETE FROM lantern.visit RETURNING id"))).all()) == 1
        await kept.rollback()
