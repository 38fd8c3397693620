"""What work areas are called, for everyone of the organisation; where they lie is for who reaches them."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from geo.schema import OfOrganisation, Row
from geo.work_area_query import on_day


class AreaName(OfOrganisation, Row):
    """`id` is the area's. The database keeps it in step with `work_area`."""

    __tablename__ = "area_name"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "id"],
            ["lantern.work_area.organisation_id", "lantern.work_area.id"],
            ondelete="CASCADE",
        ),
    )

    name: Mapped[str]
    team_id: Mapped[UUID | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


async def list_area_names(
    session: AsyncSession, organisation_id: UUID, on: date, *, after: UUID | None = None, limit: int = 1000
) -> list[AreaName]:
    """The areas valid on a day, by id."""
    rows = select(AreaName).where(
        AreaName.organisation_id == organisation_id,
        on_day(on, AreaName.valid_from.expression, AreaName.valid_to.expression),
    )
    if after:
        rows = rows.where(AreaName.id > after)
    return list(await session.scalars(rows.order_by(AreaName.id).limit(limit)))


async def find_area_name(session: AsyncSession, organisation_id: UUID, area_id: UUID, on: date) -> AreaName | None:
    """One of them."""
    row: AreaName | None = await session.scalar(
        select(AreaName).where(
            AreaName.organisation_id == organisation_id,
            AreaName.id == area_id,
            on_day(on, AreaName.valid_from.expression, AreaName.valid_to.expression),
        )
    )
    return row
