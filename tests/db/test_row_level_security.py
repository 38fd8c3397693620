"""Row-level security, the second line behind the API: asked of the database itself, past every handler."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from api.database import Database
from geo.account_secret import keep_password, password_hash_of
from tests.fixtures.asking import As
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
PLACES = ("site", "visit", "site_status", "site_move", "work_area", "assignment", "change")


@pytest.fixture
async def arrange(owner_url: str) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """Runs a statement as the superuser, past every policy."""
    engine = create_async_engine(owner_url)

    async def run(statement: str, **values: object) -> None:
        async with engine.begin() as connection:
            await connection.execute(text(statement), values)

    yield run
    await engine.dispose()


async def names(session: AsyncSession) -> set[str]:
    return set(await session.scalars(text("SELECT name FROM lantern.site")))


async def count(session: AsyncSession, table: str) -> int:
    return int(await session.scalar(text(f"SELECT count(*) FROM lantern.{table}")) or 0)


@asynccontextmanager
async def refused() -> AsyncIterator[None]:
    """What happens inside must be refused for want of privilege (42501)."""
    with pytest.raises(DBAPIError) as caught:
        yield
    assert getattr(caught.value.orig, "sqlstate", None) == "42501"


async def test_every_table_is_under_forced_policies(owner_url: str) -> None:
    engine = create_async_engine(owner_url)
    async with engine.connect() as connection:
        tables = await connection.execute(
            text("""
            SELECT relname, relrowsecurity, relforcerowsecurity,
                EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)
            FROM pg_class WHERE relnamespace = 'lantern'::regnamespace AND relkind IN ('r', 'p')""")
        )
        found = {name: (enabled, forced, has) for name, enabled, forced, has in tables}
        views = await connection.scalars(
            text("""
            SELECT relname FROM pg_class WHERE relnamespace = 'lantern'::regnamespace AND relkind IN ('v', 'm')
                AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)""")
        )
        assert list(views) == []
    await engine.dispose()
    assert len(found) >= 15
    assert {name for name, state in found.items() if state != (True, True, True)} == set()


async def test_the_roles_of_the_app_own_nothing_and_bypass_nothing(database: Database, owner_url: str) -> None:
    engine = create_async_engine(owner_url)
    async with database.engine.connect() as connection:
        login = await connection.scalar(text("SELECT session_user"))
    async with engine.connect() as connection:
        roles = await connection.execute(
            text("""
            SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb,
                (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid),
                pg_has_role(oid, 'lantern_owner', 'member')
            FROM pg_roles WHERE rolname IN ('lantern_app', 'lantern_planner', :login)"""),
            {"login": login},
        )
        found = {name: rest for name, *rest in roles}
        defined = await connection.scalars(
            text("""
            SELECT proname FROM pg_proc WHERE pronamespace = 'lantern'::regnamespace AND prosecdef""")
        )
        assert list(defined) == []
    await engine.dispose()
    assert len(found) == 3
    assert {name for name, rest in found.items() if rest != [False, 0, False]} == set()


async def test_the_app_can_neither_truncate_nor_delete_places(asking: As) -> None:
    for table in PLACES:
        async with refused(), asking("mara") as session:
            await session.execute(text(f"TRUNCATE lantern.{table} CASCADE"))
        if table not in ("work_area", "assignment"):  # they go by retention and erasure, and by nobody's own will
            async with asking("mara") as session:
                assert (await session.execute(text(f"DELETE FROM lantern.{table} RETURNING id"))).all() == []
        else:
            async with refused(), asking("mara") as session:
                await session.execute(text(f"DELETE FROM lantern.{table}"))


async def test_otto_of_another_city_sees_nothing_of_this_one(asking: As, town: SmallTown) -> None:
    async with asking("otto") as session:
        assert await names(session) == {"silverpit site"}
        for table in ("site", "visit", "work_area", "account", "site_status", "site_type", "team", "district"):
            rows = text(f"SELECT count(*) FROM lantern.{table} WHERE organisation_id <> :own")
            assert await session.scalar(rows, {"own": town.silverpit_id}) == 0, table


async def test_a_streetworker_sees_the_areas_of_today_and_a_manager_all(asking: As) -> None:
    expected = {"alice": {"quay site"}, "ben": {"lane site"}, "mara": {"quay site", "lane site", "adrift site"}}
    for person, seen in expected.items():
        async with asking(person) as session:
            assert await names(session) == seen
            assert await count(session, "visit") == (2 if person == "mara" else 1)
            assert await count(session, "site_status") == len(seen)
            assert await count(session, "work_area") == (2 if person == "mara" else 1)
            assert await count(session, "assignment") == (2 if person == "mara" else 1)


async def test_desk_and_steward_see_no_place(asking: As) -> None:
    for person in ("dora", "stefan"):
        async with asking(person) as session:
            for table in PLACES:
                assert await count(session, table) == 0, (person, table)


async def test_the_role_of_a_planner_reads_no_table_of_places_or_people(asking: As) -> None:
    for table in (*PLACES, "account", "session", "access_token", "district", "organisation"):
        async with refused(), asking("pim") as session:
            await session.execute(text(f"SELECT 1 FROM lantern.{table}"))


async def test_the_hash_of_a_password_is_read_by_its_owner_alone(
    asking: As, database: Database, town: SmallTown
) -> None:
    own = "SELECT id FROM lantern.account_secret"
    for person in ("alice", "mara", "stefan", "otto"):
        async with asking(person) as session:
            assert list(await session.scalars(text(own))) == [town.accounts[person]]
    async with database.knocking(sign_in_email=town.email("ben")) as session:
        assert list(await session.scalars(text(own))) == [town.accounts["ben"]]
    async with database.knocking() as session:
        assert list(await session.scalars(text(own))) == []


async def test_a_manager_names_whose_password_is_replaced_and_it_is_no_strangers(
    asking: As, database: Database, town: SmallTown
) -> None:
    ben, otto = town.accounts["ben"], town.accounts["otto"]
    async with asking("mara") as session:
        await keep_password(session, town.organisation_id, ben, "new", given=True)
    for person, organisation_id, account_id in (
        ("alice", town.organisation_id, ben),
        ("stefan", town.organisation_id, ben),
        ("mara", town.organisation_id, town.accounts["stefan"]),
        ("mara", town.silverpit_id, otto),
        ("mara", town.organisation_id, otto),
    ):
        with pytest.raises(DBAPIError):
            async with asking(person) as session:
                await keep_password(session, organisation_id, account_id, "stolen", given=True)
    async with database.knocking(sign_in_email=town.email("ben")) as session:
        assert await password_hash_of(session, town.organisation_id, ben) == "new"


@pytest.mark.parametrize(
    ("first", "last", "seen"),
    [(0, 0, True), (-5, 0, True), (0, 5, True), (-5, -1, False), (1, 5, False), (-5, None, True)],
)
async def test_holiday_cover_reaches_from_its_first_day_to_its_last(
    asking: As, arrange: Callable[..., Awaitable[None]], town: SmallTown, first: int, last: int | None, seen: bool
) -> None:
    await arrange(
        """INSERT INTO lantern.assignment (organisation_id, id, work_area_id, account_id, starts_on, ends_on, cover)
        VALUES (:organisation, gen_random_uuid(), :area, :ben, :first, :last, true)""",
        organisation=town.organisation_id,
        area=town.areas["north"],
        ben=town.accounts["ben"],
        first=town.today + timedelta(days=first),
        last=None if last is None else town.today + timedelta(days=last),
    )
    async with asking("ben") as session:
        assert await names(session) == ({"quay site", "lane site"} if seen else {"lane site"})


async def test_where_two_areas_of_a_worker_overlap_nothing_is_lost(
    asking: As, arrange: Callable[..., Awaitable[None]], town: SmallTown
) -> None:
    await arrange(
        """WITH bigger AS (
            INSERT INTO lantern.work_area (organisation_id, id, name, geom, valid_from)
            VALUES (:organisation, gen_random_uuid(), 'bigger',
                ST_Multi(ST_MakeEnvelope(2.31, 54.755, 2.6, 55, 4326)), '2020-01-01')
            RETURNING organisation_id, id)
        INSERT INTO lantern.assignment (organisation_id, id, work_area_id, account_id, starts_on)
        SELECT organisation_id, gen_random_uuid(), id, :alice, '2020-01-01' FROM bigger""",
        organisation=town.organisation_id,
        alice=town.accounts["alice"],
    )
    async with asking("alice") as session:
        assert await names(session) == {"quay site", "adrift site"}


async def test_the_edge_of_an_area_counts_and_not_its_cells(
    asking: As, arrange: Callable[..., Awaitable[None]], town: SmallTown
) -> None:
    """Thirty metres beyond the edge between north and south: in the same cell of a kilometre, and not Alice's."""
    for step, worker in ((-0.0003, "ben"), (0.0003, "alice")):
        await arrange(
            "UPDATE lantern.site SET geom = ST_Point(2.32, CAST(:lat AS double precision), 4326) WHERE id = :id",
            lat=54.76 + step,
            id=town.sites["adrift"],
        )
        for person in ("alice", "ben"):
            async with asking(person) as session:
                assert ("adrift site" in await names(session)) == (person == worker)


async def test_an_area_that_is_valid_no_more_reaches_nothing(
    asking: As, arrange: Callable[..., Awaitable[None]], town: SmallTown
) -> None:
    yesterday = town.today - timedelta(days=1)
    await arrange("UPDATE lantern.work_area SET valid_to = :day", day=yesterday)
    async with asking("alice") as session:
        assert await names(session) == set()
        assert await count(session, "visit") == 1  # her own


async def test_what_a_streetworker_logged_stays_theirs_until_it_is_handed_over(
    asking: As, arrange: Callable[..., Awaitable[None]], town: SmallTown
) -> None:
    adrift: dict[str, Any] = {"site": town.sites["adrift"]}
    await arrange("UPDATE lantern.site SET logged_by = :alice WHERE id = :site", alice=town.accounts["alice"], **adrift)
    async with asking("alice") as session:
        assert await names(session) == {"quay site", "adrift site"}
    await arrange("UPDATE lantern.site SET handed_over_at = now() WHERE id = :site", **adrift)
    async with asking("alice") as session:
        assert await names(session) == {"quay site"}


VISIT = """
    INSERT INTO lantern.visit
        (organisation_id, id, site_id, account_id, visited_at, outcome, geom, source)
    VALUES (:organisation, gen_random_uuid(), :site, :account, now(), 'met', 'SRID=4326;POINT(2.32 54.75)', 'api')
"""


async def test_a_foreign_key_does_not_attach_a_visit_to_a_site_out_of_reach(asking: As, town: SmallTown) -> None:
    own = {"organisation": town.organisation_id, "account": town.accounts["alice"]}
    for site in (town.sites["lane"], town.sites["adrift"], UUID(int=7)):
        async with refused(), asking("alice") as session:
            await session.execute(text(VISIT), own | {"site": site})
    async with asking("alice") as session:
        await session.execute(text(VISIT), own | {"site": town.sites["quay"]})
    async with refused(), asking("alice") as session:
        await session.execute(text("UPDATE lantern.visit SET site_id = :site"), {"site": town.sites["lane"]})


async def test_nobody_logs_a_visit_as_a_colleague(asking: As, town: SmallTown) -> None:
    values = {"organisation": town.organisation_id, "account": town.accounts["ben"], "site": town.sites["quay"]}
    async with refused(), asking("alice") as session:
        await session.execute(text(VISIT), values)


async def test_a_site_is_not_moved_or_given_away_out_of_reach(asking: As, town: SmallTown) -> None:
    for change in ("geom = 'SRID=4326;POINT(2.32 54.75)'", "organisation_id = :other"):
        async with refused(), asking("alice") as session:
            await session.execute(
                text(f"UPDATE lantern.site SET {change}"), {"other": town.silverpit_id} if ":other" in change else {}
            )


async def test_a_manager_of_one_city_writes_nothing_into_another(asking: As, town: SmallTown) -> None:
    async with refused(), asking("otto") as session:
        await session.execute(
            text("INSERT INTO lantern.team (organisation_id, id, name) VALUES (:id, gen_random_uuid(), 'x')"),
            {"id": town.organisation_id},
        )


async def test_the_history_is_added_to_and_altered_by_nobody(asking: As, town: SmallTown) -> None:
    change = text("""
        INSERT INTO lantern.change (organisation_id, id, noun, noun_id, version, changed_by, before)
        VALUES (:organisation, gen_random_uuid(), 'site', gen_random_uuid(), 1, :by, '{}')""")
    own = {"organisation": town.organisation_id, "by": town.accounts["alice"]}
    async with asking("alice") as session:
        await session.execute(change, own)
        assert await count(session, "change") == 0
    async with refused(), asking("alice") as session:
        await session.execute(change, own | {"by": town.accounts["ben"]})
    async with asking("mara") as session:
        assert await count(session, "change") == 1
    async with refused(), asking("mara") as session:
        await session.execute(text("UPDATE lantern.change SET before = '{}'"))


async def test_nothing_of_one_transaction_is_left_for_the_next_on_the_same_connection(
    asking: As, database: Database
) -> None:
    async with asking("mara") as session:
        backend = await session.scalar(text("SELECT pg_backend_pid()"))
        assert await count(session, "site") == 3
    async with database.engine.connect() as connection:
        assert await connection.scalar(text("SELECT pg_backend_pid()")) == backend
        left = await connection.execute(
            text("""
            SELECT current_user = session_user, setting.* FROM (SELECT
                current_setting('lantern.organisation_id', true), current_setting('lantern.account_id', true),
                current_setting('lantern.scope', true)) AS setting""")
        )
        same, *settings = left.one()
        assert same is True
        assert set(settings) <= {None, ""}
    async with database.knocking() as session:
        assert await session.scalar(text("SELECT pg_backend_pid()")) == backend
        for table in ("site", "visit", "work_area", "account", "organisation"):
            assert await count(session, table) == 0, table


async def test_a_transaction_that_failed_leaves_nothing_either(asking: As, database: Database) -> None:
    async with refused(), asking("mara") as session:
        await session.execute(text("TRUNCATE lantern.site"))
    async with database.knocking() as session:
        assert await count(session, "site") == 0


async def test_the_log_is_added_to_in_ones_own_name_and_altered_by_nobody(asking: As, town: SmallTown) -> None:
    entry = text("""
        INSERT INTO lantern.log_entry (organisation_id, id, entry)
        VALUES (:organisation, gen_random_uuid(), json_build_object(
            'at', 0, 'by', CAST(:by AS text), 'act', 'read', 'noun', 'site', 'ids', json_build_array())::text)""")
    own = {"organisation": town.organisation_id, "by": str(town.accounts["alice"])}
    async with asking("alice") as session:
        await session.execute(entry, own)
        assert await count(session, "log_entry") == 0
    for forged in ({"by": str(town.accounts["ben"])}, {"by": None}, {"organisation": town.silverpit_id}):
        async with refused(), asking("alice") as session:
            await session.execute(entry, own | forged)
    for statement in (
        "UPDATE lantern.log_entry SET entry = '{}'",
        "DELETE FROM lantern.log_entry",
        "UPDATE lantern.log_head SET seq = 0",
        "DELETE FROM lantern.log_head",
    ):
        for person in ("alice", "mara", "stefan"):
            async with refused(), asking(person) as session:
                await session.execute(text(statement))
    async with asking("stefan") as session:
        assert await count(session, "log_entry") == 1
    async with asking("otto") as session:
        assert await count(session, "log_entry") == 0
