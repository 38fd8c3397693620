"""The demo town in a database, and the password of all its people."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from geoalchemy2.shape import from_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.database import Database
from api.password import hash_password
from data.doggerstad.town import Town, make_town
from geo.organisation import add_site_types
from geo.schema import Row
from geo.tables import (
    Account,
    Assignment,
    BasemapFeature,
    District,
    Organisation,
    Site,
    SiteStatus,
    Team,
    Visit,
    WorkArea,
)

DEMO_PASSWORD = "doggerstad by night"  # noqa: S105
DEMO_SEED = 54
AT_ONCE = 2000

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
    url: str, today: date | None = None, *, seed: int = DEMO_SEED, told: Told = lambda what, done, total: None
) -> DemoSummary:
    """Makes Doggerstad as it is on `today` (by default the machine's date) and loads it, in one transaction.

    Raises DemoExists when an organisation of that slug is there.
    """
    town = await asyncio.to_thread(make_town, seed, today)
    password_hash = await asyncio.to_thread(hash_password, DEMO_PASSWORD)
    database = Database(url, pool_size=1)
    organisation = town.organisation
    asker = Asker.command(organisation.id, organisation.slug, organisation.time_zone)
    try:
        async with database.asking(asker) as session:
            await _found(session, town)
            await _fill(session, town, password_hash, told)
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


async def _found(session: AsyncSession, town: Town) -> None:
    """The organisation with its site types. Policies let a new one in by its slug, which the transaction names."""
    await session.execute(text("SET LOCAL lantern.organisation_slug = 'doggerstad'"))
    slug = town.organisation.slug
    if await session.scalar(select(Organisation.id).where(Organisation.slug == slug)):
        raise DemoExists(slug)
    await session.execute(insert(Organisation), [_row(town.organisation)])
    await add_site_types(session, town.organisation.id)


async def _fill(session: AsyncSession, town: Town, password_hash: str, told: Told) -> None:
    tables = _tables(town, password_hash)
    done, total = 0, sum(len(rows) for _, _, rows in tables)
    for what, table, rows in tables:
        for start in range(0, len(rows), AT_ONCE):
            told(what, done, total)
            part = [{"organisation_id": town.organisation.id, **row} for row in rows[start : start + AT_ONCE]]
            await session.execute(insert(table), part)
            done += len(part)
    told("", done, total)


def _tables(town: Town, password_hash: str) -> list[tuple[str, type[Row], list[dict[str, Any]]]]:
    """What to load, in the order of the foreign keys."""
    accounts = [{**row, "roles": list(row["roles"]), "password_hash": password_hash} for row in _rows(town.accounts)]
    return [
        ("districts", District, _rows(town.districts)),
        ("teams", Team, _rows(town.teams)),
        ("accounts", Account, accounts),
        ("work areas", WorkArea, _rows(town.work_areas)),
        ("assignments", Assignment, _rows(town.assignments)),
        ("the basemap", BasemapFeature, _rows(town.basemap)),
        ("sites", Site, _rows(town.sites)),
        ("status histories", SiteStatus, _rows(town.site_statuses)),
        ("visits", Visit, _rows(town.visits)),
    ]


def _rows(records: Iterable[object]) -> list[dict[str, Any]]:
    return [_row(record) for record in records]


def _row(record: object) -> dict[str, Any]:
    return {
        name: from_shape(value, 4326) if isinstance(value, BaseGeometry) else value
        for name, value in vars(record).items()
    }
