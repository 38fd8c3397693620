"""The demo town in a database, and the password of all its people."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import shapely
from geoalchemy2.shape import from_shape
from psycopg import AsyncConnection, sql
from shapely.geometry.base import BaseGeometry
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.database import Database, OrganisationUnknown
from api.password import hash_password_aside
from api.vault import Vault
from data.doggerstad.record import Organisation as Founded
from data.doggerstad.town import Town, make_town
from geo.driver import raw
from geo.note import COLUMNS, Noted, sealed_note
from geo.organisation import add_site_types
from geo.release_draw import draw_release
from geo.release_series import Series, latest_closed
from geo.schema import new_id
from geo.seal import Seal
from geo.tables import Organisation, Site, Visit

SLUG = "doggerstad"
DEMO_PASSWORD = "doggerstad by night"  # noqa: S105
DEMO_SEED = 54

Told = Callable[[str, int, int], None]
"""Is told what is being loaded, how many rows are in, and of how many."""


class DemoExists(Exception):
    """The database holds Doggerstad already."""


@dataclass(frozen=True)
class DemoSummary:
    """How many rows the demo has."""

    districts: int
    work_areas: int
    accounts: int
    sites: int
    visits: int
    basemap_features: int


async def load_demo(
    url: str,
    vault: Vault,
    today: date | None = None,
    *,
    seed: int = DEMO_SEED,
    told: Told = lambda what, done, total: None,
) -> DemoSummary:
    """Makes Doggerstad as it is on `today` (by default the machine's date) and loads it, in one transaction.

    Raises DemoExists when an organisation of that slug is there.
    """
    database = Database(url, pool_size=1)
    try:
        await _refuse_second(database)
        town = await asyncio.to_thread(make_town, seed, today)
        password_hash = await hash_password_aside(DEMO_PASSWORD)
        organisation = town.organisation
        asker = Asker.command(organisation.id, organisation.slug, organisation.time_zone)
        async with database.asking(asker) as session:
            await _found(session, organisation)
            keys = await vault.keys(session, organisation.id)
            await _fill(session, town, password_hash, keys, told)
            await _release(session, organisation.id, today or asker.today)
    finally:
        await database.close()
    return DemoSummary(
        districts=len(town.districts),
        work_areas=len(town.work_areas),
        accounts=len(town.accounts),
        sites=len(town.sites),
        visits=len(town.visits),
        basemap_features=len(town.basemap),
    )


async def _refuse_second(database: Database) -> None:
    with suppress(OrganisationUnknown):
        await database.asker_of_organisation(SLUG)
        raise DemoExists(SLUG)


async def _found(session: AsyncSession, organisation: Founded) -> None:
    """The organisation with its site types. Policies let a new one in by its slug, which the transaction names."""
    await session.execute(text("SET LOCAL lantern.organisation_slug = 'doggerstad'"))
    row = {**vars(organisation), "bounds": from_shape(organisation.bounds, 4326)}
    await session.execute(insert(Organisation), [row])
    await add_site_types(session, organisation.id)


async def _fill(session: AsyncSession, town: Town, password_hash: str, seal: Seal, told: Told) -> None:
    tables = _tables(town, password_hash, seal)
    done, total = 0, sum(len(rows) for _, _, rows in tables)
    for what, table, rows in tables:
        told(what, done, total)
        await _copy(await raw(session), table, [{"organisation_id": town.organisation.id, **row} for row in rows])
        done += len(rows)
    told("", done, total)


async def _release(session: AsyncSession, organisation_id: UUID, today: date) -> None:
    """The newest release of each series, so that a planner finds something to read."""
    for series in Series:
        period = latest_closed(series, today).name
        await draw_release(session, organisation_id=organisation_id, series=series, period=period, today=today)


async def _copy(connection: AsyncConnection[Any], table: str, rows: list[dict[str, Any]]) -> None:
    """Rows into a table. COPY does not go past policies, so it fills a table of the transaction first."""
    names = {
        "table": sql.Identifier("lantern", table),
        "columns": sql.SQL(", ").join(map(sql.Identifier, rows[0])),
        "arriving": sql.Identifier(f"arriving_{table}"),
    }
    make = "CREATE TEMPORARY TABLE {arriving} ON COMMIT DROP AS SELECT {columns} FROM {table} WHERE false"
    await connection.execute(sql.SQL(make).format(**names))
    async with connection.cursor().copy(sql.SQL("COPY {arriving} FROM STDIN").format(**names)) as copy:
        for row in rows:
            await copy.write_row(tuple(row.values()))
    keep = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {arriving}"
    await connection.execute(sql.SQL(keep).format(**names))


def _tables(town: Town, password_hash: str, seal: Seal) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """What to load, into which table, in the order of the foreign keys."""
    accounts = [{**row, "roles": list(row["roles"])} for row in _rows(town.accounts)]
    secrets = [{"id": account.id, "password_hash": password_hash} for account in town.accounts]
    return [
        ("districts", "district", _rows(town.districts)),
        ("teams", "team", _rows(town.teams)),
        ("accounts", "account", accounts),
        ("passwords", "account_secret", secrets),
        ("work areas", "work_area", _rows(town.work_areas)),
        ("assignments", "assignment", _rows(town.assignments)),
        ("the basemap", "basemap_feature", [{"id": new_id(), **row} for row in _rows(town.basemap)]),
        ("sites", "site", _with_sealed_notes(seal, Site, "access_note", _rows(town.sites))),
        ("status histories", "site_status", _rows(town.site_statuses)),
        ("visits", "visit", _with_sealed_notes(seal, Visit, "note", _rows(town.visits))),
    ]


def _rows(records: Iterable[object]) -> list[dict[str, Any]]:
    return [
        {name: _hex(value) if isinstance(value, BaseGeometry) else value for name, value in vars(record).items()}
        for record in records
    ]


def _with_sealed_notes(seal: Seal, table: type[Noted], column: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that hold their notes as the table does."""
    for row in rows:
        row[COLUMNS[table]] = sealed_note(seal, table, row["id"], row.pop(column))
    return rows


def _hex(shape: BaseGeometry) -> str:
    """EWKB, as PostGIS reads it in COPY."""
    return shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True)
