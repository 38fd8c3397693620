"""How work areas change and close."""

from datetime import date
from typing import Any
from uuid import UUID

from geoalchemy2.shape import from_shape
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.assignment import Assignment
from geo.change import locked, remember
from geo.log import Act, note
from geo.refusal import Refusal
from geo.work_area import WorkArea


async def create_work_area(session: AsyncSession, values: dict[str, Any], by: UUID | None) -> WorkArea:
    """A new work area from the columns of `work_area` (`geom` as a shapely multipolygon)."""
    area = WorkArea(**values | {"geom": from_shape(values["geom"], 4326), "updated_by": by})
    session.add(area)
    await session.flush()
    note(session, Act.CREATED, "work_area", [area.id])
    return area


async def change_work_area(session: AsyncSession, area: WorkArea, values: dict[str, Any], by: UUID | None) -> None:
    """Changes columns of a work area. Raises Refusal where it would end before it begins."""
    first, last = values.get("valid_from", area.valid_from), values.get("valid_to", area.valid_to)
    if last is not None and last < first:
        raise Refusal("lies before the first day", "valid_to")
    if "geom" in values:
        values = {**values, "geom": from_shape(values["geom"], 4326)}
    await remember(session, area, "work_area", by)
    for column, value in values.items():
        setattr(area, column, value)
    await session.flush()
    note(session, Act.CHANGED, "work_area", [area.id], {"columns": sorted(values)})


async def close_work_area(session: AsyncSession, area: WorkArea, last_day: date, by: UUID | None) -> None:
    """The area is valid to its last day, and its assignments end with it; those that would begin later stay as they
    are, and reach nothing."""
    if last_day < area.valid_from:
        raise Refusal("lies before the first day", "last_day")
    await remember(session, area, "work_area", by)
    area.valid_to = last_day
    running = select(Assignment).where(
        Assignment.organisation_id == area.organisation_id,
        Assignment.work_area_id == area.id,
        Assignment.starts_on <= last_day,
        Assignment.ends_on.is_(None) | (Assignment.ends_on > last_day),
    )
    ended = list(await session.scalars(locked(running)))
    for assignment in ended:
        await remember(session, assignment, "assignment", by)
        assignment.ends_on = last_day
    await session.flush()
    about = [area.id, *(assignment.id for assignment in ended)]
    note(session, Act.CHANGED, "work_area", about, {"last_day": last_day.isoformat(), "assignments": len(ended)})
