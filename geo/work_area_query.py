"""Which work areas, and what lies in one."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, any_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from geo.assignment import Assignment
from geo.change import locked
from geo.schema import Placed
from geo.work_area import WorkArea


def in_work_area(table: type[Placed], organisation_id: UUID, area_id: UUID) -> list[ColumnElement[bool]]:
    """The conditions for the rows of a table of points that lie in a work area: its cells first, then its edges."""
    area = and_(WorkArea.organisation_id == organisation_id, WorkArea.id == area_id)
    cells = select(WorkArea.cells_1km).where(area).scalar_subquery()
    shape = select(WorkArea.geom).where(area).scalar_subquery()
    return [table.cell_1km == any_(cast(cells, ARRAY(BigInteger))), func.ST_Covers(shape, table.geom)]


def on_day(day: date, first: ColumnElement[date], last: ColumnElement[date | None]) -> ColumnElement[bool]:
    """A day lies between two others, both included; an open end goes on."""
    return and_(first <= day, or_(last.is_(None), last >= day))


async def list_work_areas(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    on: date | None,
    team_id: UUID | None,
    account_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[WorkArea]:
    """Work areas by id: valid on a day, of a team, assigned (on that day, if one is given) to an account."""
    rows = select(WorkArea).where(WorkArea.organisation_id == organisation_id)
    if on:
        rows = rows.where(on_day(on, WorkArea.valid_from.expression, WorkArea.valid_to.expression))
    if team_id:
        rows = rows.where(WorkArea.team_id == team_id)
    if account_id:
        mine = select(Assignment.id).where(
            Assignment.organisation_id == organisation_id,
            Assignment.work_area_id == WorkArea.id,
            Assignment.account_id == account_id,
        )
        if on:
            mine = mine.where(on_day(on, Assignment.starts_on.expression, Assignment.ends_on.expression))
        rows = rows.where(mine.exists())
    if after:
        rows = rows.where(WorkArea.id > after)
    return list(await session.scalars(rows.order_by(WorkArea.id).limit(limit)))


async def find_work_area(
    session: AsyncSession, organisation_id: UUID, area_id: UUID, lock: bool = False
) -> WorkArea | None:
    rows = select(WorkArea).where(WorkArea.organisation_id == organisation_id, WorkArea.id == area_id)
    row: WorkArea | None = await session.scalar(locked(rows) if lock else rows)
    return row
