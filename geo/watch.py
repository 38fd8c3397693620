"""What someone watches over: the areas of today, and the sites in order of urgency, due or not yet."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.note import with_opened_note
from geo.seal import Seal
from geo.sql import queries

MOST = 500


@dataclass(frozen=True)
class WatchedSite:
    """A site under watch. `days_late` counts from the day it fell due: 0 is today, below 0 is still to come.

    `access_note` is None without a seal to open it. `visited_at`, `outcome` and `people_band` are of the last visit,
    whatever came of it.
    """

    id: UUID
    name: str | None
    site_type: str
    type_label: str
    status: str
    access_note: str | None
    has_access_note: bool
    revisit_days: int
    uncertainty_m: float
    lon: float
    lat: float
    visited_at: datetime | None
    outcome: str | None
    people_band: str | None
    due_on: date
    days_late: int


@dataclass(frozen=True)
class AreaOfToday:
    """A work area assigned today; `shape` is a GeoJSON MultiPolygon (EPSG:4326, lon lat)."""

    id: UUID
    name: str
    shape: dict[str, Any]
    cover: bool


async def watched_sites(
    session: AsyncSession, organisation_id: UUID, today: date, time_zone: str, *, seal: Seal | None, most: int = MOST
) -> list[WatchedSite]:
    """Active and unverified sites that the asker reaches, the longest overdue first, at most `most`."""
    found = await session.execute(
        text(queries("watch")["watched_sites"]),
        {"organisation_id": organisation_id, "today": today, "time_zone": time_zone, "most": most},
    )
    return [WatchedSite(**with_opened_note(row, seal)) for row in found.mappings()]


async def areas_of_today(
    session: AsyncSession, organisation_id: UUID, account_id: UUID, today: date
) -> list[AreaOfToday]:
    """The work areas that someone looks after today, holiday cover included."""
    found = await session.execute(
        text(queries("watch")["areas_of_today"]),
        {"organisation_id": organisation_id, "account_id": account_id, "today": today},
    )
    return [AreaOfToday(**row) for row in found.mappings()]
