"""Who is due: the active sites whose revisit interval has passed."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.note import with_opened_note
from geo.seal import Seal
from geo.sql import queries


@dataclass(frozen=True)
class Due:
    """A site to go to. `days_since` its last search (None: never searched), `intervals` how many revisit intervals
    that is; for a site never searched, how many since it was first seen, at least one. `lon`, `lat` in degrees.
    `access_note` is None without a seal to open it."""

    id: UUID
    name: str | None
    site_type: str
    access_note: str | None
    has_access_note: bool
    uncertainty_m: float
    revisit_days: int
    lon: float
    lat: float
    last_visit_at: datetime | None
    last_outcome: str | None
    days_since: int | None
    intervals: float

    @property
    def days_overdue(self) -> int | None:
        return None if self.days_since is None else self.days_since - self.revisit_days


async def due_sites(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    today: date,
    time_zone: str,
    seal: Seal | None = None,
    area: UUID | None = None,
    limit: int = 200,
) -> list[Due]:
    """The sites due on a day, the most overdue first, of those that who asks reaches."""
    rows = await session.execute(
        text(queries("due")["due"]),
        {
            "organisation_id": organisation_id,
            "today": today,
            "time_zone": time_zone,
            "area": area,
            "limit": limit,
        },
    )
    return [Due(**with_opened_note(row, seal)) for row in rows.mappings()]
