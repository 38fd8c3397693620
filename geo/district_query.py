"""Which districts, and how they come to be and change."""

from typing import Any
from uuid import UUID

from geoalchemy2.shape import from_shape
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.change import locked, remember
from geo.district import District
from geo.log import Act, note
from geo.refusal import Refusal


async def list_districts(
    session: AsyncSession, organisation_id: UUID, *, codes: list[str], after: UUID | None, limit: int
) -> list[District]:
    """Districts by id; all of them where no code is given."""
    rows = select(District).where(District.organisation_id == organisation_id)
    if codes:
        rows = rows.where(District.code.in_(codes))
    if after:
        rows = rows.where(District.id > after)
    return list(await session.scalars(rows.order_by(District.id).limit(limit)))


async def find_district(
    session: AsyncSession, organisation_id: UUID, district_id: UUID, lock: bool = False
) -> District | None:
    rows = select(District).where(District.organisation_id == organisation_id, District.id == district_id)
    row: District | None = await session.scalar(locked(rows) if lock else rows)
    return row


async def create_district(session: AsyncSession, values: dict[str, Any], by: UUID | None) -> District:
    """A new district from the columns of `district` (`geom` as a shapely multipolygon)."""
    district = District(**values | {"geom": from_shape(values["geom"], 4326), "updated_by": by})
    session.add(district)
    await session.flush()
    note(session, Act.CREATED, "district", [district.id])
    return district


async def change_district(session: AsyncSession, district: District, values: dict[str, Any], by: UUID | None) -> None:
    """Changes columns of a district. Raises Refusal where it would end before it begins."""
    first, last = values.get("valid_from", district.valid_from), values.get("valid_to", district.valid_to)
    if first is not None and last is not None and last < first:
        raise Refusal("lies before the first day", "valid_to")
    if "geom" in values:
        values = {**values, "geom": from_shape(values["geom"], 4326)}
    await remember(session, district, "district", by)
    for column, value in values.items():
        setattr(district, column, value)
    await session.flush()
    note(session, Act.CHANGED, "district", [district.id], {"columns": sorted(values)})
