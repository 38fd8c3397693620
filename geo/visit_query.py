"""Which visits: by box, work area or site, period, outcome, account and team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.change import locked
from geo.viewport import Box, in_box
from geo.visit import Visit
from geo.work_area_query import in_work_area


@dataclass(frozen=True)
class VisitsWanted:
    """What is asked for; nothing given means all. The period holds its start and not its end."""

    box: Box | None = None
    area: UUID | None = None
    site: UUID | None = None
    start: datetime | None = None
    end: datetime | None = None
    outcomes: Sequence[str] = ()
    account: UUID | None = None
    team: UUID | None = None


def conditions(organisation_id: UUID, wanted: VisitsWanted) -> list[ColumnElement[bool]]:
    """What a row of `visit` must fulfil; for lists and exports alike."""
    found: list[ColumnElement[bool]] = [Visit.organisation_id == organisation_id]
    if wanted.box:
        found += in_box(Visit, wanted.box, sizes=(1000,))
    if wanted.area:
        found += in_work_area(Visit, organisation_id, wanted.area)
    for column, value in (
        (Visit.site_id, wanted.site),
        (Visit.account_id, wanted.account),
        (Visit.team_id, wanted.team),
    ):
        if value:
            found.append(column == value)
    if wanted.start:
        found.append(Visit.visited_at >= wanted.start)
    if wanted.end:
        found.append(Visit.visited_at < wanted.end)
    if wanted.outcomes:
        found.append(Visit.outcome.in_(wanted.outcomes))
    return found


async def list_visits(
    session: AsyncSession, organisation_id: UUID, wanted: VisitsWanted, after: UUID | None, limit: int
) -> list[Visit]:
    """A page of visits, by id (so by the time they were logged), beginning after an id."""
    rows = select(Visit).where(*conditions(organisation_id, wanted))
    if after:
        rows = rows.where(Visit.id > after)
    return list(await session.scalars(rows.order_by(Visit.id).limit(limit)))


async def find_visit(session: AsyncSession, organisation_id: UUID, visit_id: UUID, lock: bool = False) -> Visit | None:
    """One visit, if who asks sees it; with `lock`, if they may change it."""
    rows = select(Visit).where(Visit.organisation_id == organisation_id, Visit.id == visit_id)
    row: Visit | None = await session.scalar(locked(rows) if lock else rows)
    return row
