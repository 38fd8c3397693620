"""Widenings in the database itself: what its policies, constraints and trigger let through, past every handler."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from tests.fixtures.asking import As
from tests.fixtures.look import look, run
from tests.fixtures.town import PEOPLE, SmallTown

pytestmark = pytest.mark.anyio
REFUSED, BROKEN = "42501", "23514"

ASK = """INSERT INTO lantern.widening (organisation_id, id, account_id, work_area_id, reason)
    VALUES (:organisation, :id, :account, :area, 'a light in the harbour')"""
GRANT = """UPDATE lantern.widening SET granted_by = :by,
    ends_at = statement_timestamp() + make_interval(mins => :minutes) WHERE id = :id"""
END = "UPDATE lantern.widening SET ended_by = :by WHERE id = :id"


@asynccontextmanager
async def refused(state: str = REFUSED) -> AsyncIterator[None]:
    with pytest.raises(DBAPIError) as caught:
        yield
    assert getattr(caught.value.orig, "sqlstate", None) == state


@asynccontextmanager
async def past_every_policy(owner_url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(owner_url)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def names(session: AsyncSession) -> set[str]:
    return set(await session.scalars(text("SELECT name FROM lantern.site")))


async def asks(asking: As, town: SmallTown, person: str = "ben", area: str = "north") -> UUID:
    """Someone asks for an area; the id of it."""
    widening = uuid4()
    given = {"organisation": town.organisation_id, "id": widening, "account": town.accounts[person]}
    async with asking(person) as session:
        await session.execute(text(ASK), given | {"area": town.areas[area]})
    return widening


async def grants(asking: As, town: SmallTown, person: str, widening: UUID, minutes: int = 60) -> int:
    """How many rows that changed."""
    async with asking(person) as session:
        given = {"by": town.accounts[person], "id": widening, "minutes": minutes}
        return (await session.execute(text(GRANT), given)).rowcount  # type: ignore[attr-defined,no-any-return]


async def ends(asking: As, town: SmallTown, person: str, widening: UUID) -> int:
    async with asking(person) as session:
        given = {"by": town.accounts[person], "id": widening}
        return (await session.execute(text(END), given)).rowcount  # type: ignore[attr-defined,no-any-return]


async def opened(asking: As, town: SmallTown, person: str = "ben") -> UUID:
    widening = await asks(asking, town, person)
    assert await grants(asking, town, "alice", widening) == 1
    return widening


def pass_by(owner_url: str, seconds: int) -> None:
    """As if that much time had gone by since."""
    moments = ", ".join(
        f"{name} = {name} - make_interval(secs => :s)" for name in ("asked_at", "granted_at", "ends_at")
    )
    run(owner_url, f"UPDATE lantern.widening SET {moments}", s=seconds)


async def test_a_widening_opens_its_area_and_nothing_else(asking: As, town: SmallTown) -> None:
    widening = await asks(asking, town)
    async with asking("ben") as session:
        assert await names(session) == {"lane site"}
    assert await grants(asking, town, "alice", widening) == 1
    async with asking("ben") as session:
        assert await names(session) == {"lane site", "quay site"}
        assert set(await session.scalars(text("SELECT name FROM lantern.work_area"))) == {"north area", "south area"}
        assert await session.scalar(text("SELECT count(*) FROM lantern.visit")) == 2
    async with asking("alice") as session:
        assert await names(session) == {"quay site"}


async def test_a_desk_sees_the_opened_sites_and_no_visit(asking: As, town: SmallTown) -> None:
    await opened(asking, town, "dora")
    async with asking("dora") as session:
        assert await names(session) == {"quay site"}
        for table in ("visit", "site_status", "assignment", "change", "log_entry"):
            assert await session.scalar(text(f"SELECT count(*) FROM lantern.{table}")) == 0, table
        assert list(await session.scalars(text("SELECT id FROM lantern.account"))) == [town.accounts["dora"]]


async def test_it_ends_by_the_clock(asking: As, town: SmallTown, owner_url: str) -> None:
    await opened(asking, town)
    pass_by(owner_url, 3590)
    async with asking("ben") as session:
        assert await names(session) == {"lane site", "quay site"}
    pass_by(owner_url, 10)
    async with asking("ben") as session:
        assert await names(session) == {"lane site"}
        assert await session.scalar(text("SELECT count(*) FROM lantern.work_area")) == 1
        assert await session.scalar(text("SELECT count(*) FROM lantern.visit")) == 1


async def test_it_ends_while_a_transaction_goes_on(asking: As, town: SmallTown, owner_url: str) -> None:
    await opened(asking, town)
    pass_by(owner_url, 3599)
    async with asking("ben") as session:
        assert await names(session) == {"lane site", "quay site"}
        await session.execute(text("SELECT pg_sleep(1)"))
        assert await names(session) == {"lane site"}


async def test_who_asked_and_who_reaches_the_area_end_it(asking: As, town: SmallTown) -> None:
    for person in ("ben", "alice", "mara"):
        widening = await opened(asking, town)
        assert await ends(asking, town, person, widening) == 1
        async with asking("ben") as session:
            assert await names(session) == {"lane site"}
        async with refused():
            await ends(asking, town, person, widening)  # once


async def test_nobody_grants_their_own(asking: As, town: SmallTown, owner_url: str) -> None:
    widening = await asks(asking, town)
    async with refused():
        await grants(asking, town, "ben", widening)
    async with refused(), asking("ben") as session:  # nor in somebody else's name
        given = {"by": town.accounts["alice"], "id": widening, "minutes": 60}
        await session.execute(text(GRANT), given)
    async with refused(BROKEN), past_every_policy(owner_url) as connection:
        own = (
            "UPDATE lantern.widening SET granted_by = account_id, granted_at = now(), ends_at = now() + interval '1 h'"
        )
        await connection.execute(text(own))


async def test_nobody_asks_in_another_name_or_with_the_answer(asking: As, town: SmallTown) -> None:
    given: dict[str, Any] = {"organisation": town.organisation_id, "id": uuid4(), "area": town.areas["south"]}
    for person in ("alice", "mara", "dora", "stefan"):
        async with refused(), asking(person) as session:
            await session.execute(text(ASK), given | {"account": town.accounts["ben"]})
    for person in ("mara", "stefan"):
        async with refused(), asking(person) as session:
            await session.execute(text(ASK), given | {"account": town.accounts[person]})
    columns = "granted_by, granted_at, ends_at", ":by, now(), now() + '10 minutes'"
    whole = ASK.replace("reason)", f"reason, {columns[0]})").replace("harbour')", f"harbour', {columns[1]})")
    async with refused(), asking("alice") as session:
        mine = {"account": town.accounts["alice"], "by": town.accounts["ben"]}
        await session.execute(text(whole), given | mine)


async def test_it_lasts_at_most_sixty_minutes(asking: As, town: SmallTown) -> None:
    widening = await asks(asking, town)
    for minutes in (0, -1, 61, 100_000):
        async with refused(BROKEN):
            await grants(asking, town, "alice", widening, minutes)


async def test_it_is_granted_once_and_never_made_longer(asking: As, town: SmallTown) -> None:
    widening = await opened(asking, town)
    for person in ("alice", "mara"):
        async with refused():
            await grants(asking, town, person, widening, 1)
    for change in ("granted_at = now()", "ends_at = now() + '1 minute'", "ended_at = now()", "granted_by = NULL"):
        for person in ("ben", "alice", "mara"):
            async with refused(), asking(person) as session:
                await session.execute(text(f"UPDATE lantern.widening SET {change}"))
    for change in ("reason = 'another'", "work_area_id = :south", "asked_at = now()", "account_id = :south"):
        async with refused(), asking("mara") as session:
            given = {"south": town.areas["south"]} if ":south" in change else {}
            await session.execute(text(f"UPDATE lantern.widening SET {change}"), given)
    async with refused(), asking("mara") as session:
        await session.execute(text("DELETE FROM lantern.widening"))


async def test_what_was_asked_too_long_ago_is_not_granted(asking: As, town: SmallTown, owner_url: str) -> None:
    widening = await asks(asking, town)
    pass_by(owner_url, 4 * 3600)
    async with refused(BROKEN):
        await grants(asking, town, "alice", widening)


async def test_who_does_not_reach_the_area_by_themselves_grants_nothing(
    asking: As, town: SmallTown, owner_url: str
) -> None:
    await opened(asking, town)  # Ben reaches the north by a widening only
    widening = await asks(asking, town, "dora")
    for person in ("ben", "stefan", "otto"):
        assert await grants(asking, town, person, widening) == 0, person
    async with refused():
        await grants(asking, town, "dora", widening)
    told = "UPDATE lantern.work_area SET team_id = :team WHERE id = :id"
    run(owner_url, told, team=town.team, id=town.areas["north"])
    assert await grants(asking, town, "ben", widening) == 0
    assert look(owner_url, "SELECT count(*) FROM lantern.widening WHERE granted_at IS NOT NULL") == [(1,)]


async def test_it_is_known_to_those_concerned_and_to_nobody_else(asking: As, town: SmallTown, owner_url: str) -> None:
    await opened(asking, town, "dora")

    async def told() -> set[str]:
        found = set()
        for person in (*PEOPLE, "otto"):
            try:
                async with asking(person) as session:
                    if await session.scalar(text("SELECT count(*) FROM lantern.widening")):
                        found.add(person)
            except DBAPIError:
                assert person == "pim"
        return found

    assert await told() == {"alice", "mara", "dora", "stefan"}
    run(
        owner_url, "UPDATE lantern.work_area SET team_id = :team WHERE id = :id", team=town.team, id=town.areas["north"]
    )
    assert await told() == {"alice", "ben", "mara", "dora", "stefan"}


VISIT = """
    INSERT INTO lantern.visit (organisation_id, id, site_id, account_id, visited_at, outcome, geom, source)
    VALUES (:organisation, gen_random_uuid(), :site, :account, now(), 'met', 'SRID=4326;POINT(2.32 54.77)', 'api')
"""
STATUS = """INSERT INTO lantern.site_status (organisation_id, id, site_id, status)
    VALUES (:organisation, gen_random_uuid(), :site, 'closed')"""
MOVE = """INSERT INTO lantern.site_move (organisation_id, id, from_site_id, to_site_id)
    VALUES (:organisation, gen_random_uuid(), :site, :to)"""


async def test_what_is_opened_is_seen_and_visited_but_not_changed(asking: As, town: SmallTown) -> None:
    for person in ("ben", "dora"):
        await opened(asking, town, person)
        async with asking(person) as session:
            for change in ("logged_by = :account", "status = 'closed'", "geom = 'SRID=4326;POINT(2.32 54.75)'"):
                statement = f"UPDATE lantern.site SET {change} WHERE id = :site"
                given = {"account": town.accounts[person]} if ":account" in change else {}
                done = await session.execute(text(statement), given | {"site": town.sites["quay"]})
                assert done.rowcount == 0  # type: ignore[attr-defined]
        quay = {"organisation": town.organisation_id, "site": town.sites["quay"]}
        for statement in (STATUS, MOVE):
            async with refused(), asking(person) as session:
                given = {"to": town.sites["lane"]} if statement == MOVE else {}
                await session.execute(text(statement), quay | given)
        if person == "dora":
            async with refused(), asking("dora") as session:
                await session.execute(text(VISIT), quay | {"account": town.accounts["dora"]})
        else:
            async with asking("ben") as session:
                await session.execute(text(VISIT), quay | {"account": town.accounts["ben"]})
    async with asking("alice") as session:
        await session.execute(text(STATUS), quay)


async def test_the_names_of_areas_are_known_in_the_organisation_and_follow_them(
    asking: As, town: SmallTown, owner_url: str
) -> None:
    run(owner_url, "UPDATE lantern.work_area SET name = 'Harbour' WHERE id = :id", id=town.areas["north"])
    for person in ("alice", "mara", "dora", "stefan"):
        async with asking(person) as session:
            assert set(await session.scalars(text("SELECT name FROM lantern.area_name"))) == {"Harbour", "south area"}
    async with asking("otto") as session:
        assert list(await session.scalars(text("SELECT name FROM lantern.area_name"))) == ["silverpit area"]
    async with asking("dora") as session:
        assert await session.scalar(text("SELECT count(*) FROM lantern.work_area")) == 0
    async with asking("alice") as session:
        renamed = await session.execute(text("UPDATE lantern.area_name SET name = 'x'"))
        assert renamed.rowcount == 0  # type: ignore[attr-defined]


async def test_an_area_that_is_valid_no_more_is_not_opened(asking: As, town: SmallTown, owner_url: str) -> None:
    await opened(asking, town)
    run(owner_url, "UPDATE lantern.work_area SET valid_to = current_date - 2 WHERE id = :id", id=town.areas["north"])
    async with asking("ben") as session:
        assert await names(session) == {"lane site"}
