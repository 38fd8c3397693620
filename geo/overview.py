"""The numbers that a manager begins the day with."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.sql import queries


@dataclass(frozen=True)
class Visits:
    visits: int = 0
    searches: int = 0
    encounters: int = 0


@dataclass(frozen=True)
class Months:
    """Visits of this month up to today, and of the month before up to the same day of it."""

    this: Visits
    before: Visits


async def sites_by_status(session: AsyncSession, organisation_id: UUID) -> dict[str, int]:
    """How many sites the asker reaches of each status; a status without sites is left out."""
    found = await session.execute(text(queries("overview")["sites_by_status"]), {"organisation_id": organisation_id})
    return {row.status: row.sites for row in found}


async def visits_by_month(session: AsyncSession, organisation_id: UUID, today: date, time_zone: str) -> Months:
    first = today.replace(day=1)
    first_before = (first - timedelta(days=1)).replace(day=1)
    ends_before = min(first_before + (today - first) + timedelta(days=1), first)
    moments = {
        "starts": first,
        "ends": today + timedelta(days=1),
        "starts_before": first_before,
        "ends_before": ends_before,
    }
    rows = await session.execute(
        text(queries("overview")["visits_between"]),
        {name: _midnight(day, time_zone) for name, day in moments.items()} | {"organisation_id": organisation_id},
    )
    found = {row.now: Visits(row.visits, row.searches, row.encounters) for row in rows}
    return Months(found.get(True, Visits()), found.get(False, Visits()))


async def last_visit_on(session: AsyncSession, organisation_id: UUID, today: date, time_zone: str) -> date | None:
    """The day of the last visit up to today, on the organisation's wall; None before the first."""
    asked = {"organisation_id": organisation_id, "ends": _midnight(today + timedelta(days=1), time_zone)}
    last: datetime | None = await session.scalar(text(queries("overview")["last_visit"]), asked)
    return last.astimezone(ZoneInfo(time_zone)).date() if last else None


async def first_record_on(session: AsyncSession, organisation_id: UUID, time_zone: str) -> date | None:
    """The day of the first visit or site; None while there is neither."""
    asked = {"organisation_id": organisation_id, "time_zone": time_zone}
    first: date | None = await session.scalar(text(queries("overview")["first_record"]), asked)
    return first


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone))
