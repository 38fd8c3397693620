"""Which assignments, and how they come to be and change."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.account import Account, Role
from geo.assignment import Assignment
from geo.change import locked, remember
from geo.log import Act, note
from geo.refusal import Refusal
from geo.work_area_query import find_work_area, on_day


async def list_assignments(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    area_id: UUID | None = None,
    account_id: UUID | None = None,
    on: date | None = None,
    after: UUID | None = None,
    limit: int = 1000,
) -> list[Assignment]:
    """Assignments by id: of a work area, of an account, on a day."""
    rows = select(Assignment).where(Assignment.organisation_id == organisation_id)
    if area_id:
        rows = rows.where(Assignment.work_area_id == area_id)
    if account_id:
        rows = rows.where(Assignment.account_id == account_id)
    if on:
        rows = rows.where(on_day(on, Assignment.starts_on.expression, Assignment.ends_on.expression))
    if after:
        rows = rows.where(Assignment.id > after)
    return list(await session.scalars(rows.order_by(Assignment.id).limit(limit)))


async def find_assignment(
    session: AsyncSession, organisation_id: UUID, assignment_id: UUID, lock: bool = False
) -> Assignment | None:
    rows = select(Assignment).where(Assignment.organisation_id == organisation_id, Assignment.id == assignment_id)
    row: Assignment | None = await session.scalar(locked(rows) if lock else rows)
    return row


async def assign(session: AsyncSession, values: dict[str, Any], by: UUID | None) -> Assignment:
    """A new assignment. Raises Refusal where the area or the account is not there, or is no streetworker's."""
    organisation_id = values["organisation_id"]
    if await find_work_area(session, organisation_id, values["work_area_id"]) is None:
        raise Refusal("is no work area of this organisation", "work_area_id")
    account = await session.get(Account, (organisation_id, values["account_id"]))
    if account is None or Role.STREETWORKER not in account.roles:
        raise Refusal("is no streetworker of this organisation", "account_id")
    assignment = Assignment(**values, updated_by=by)
    session.add(assignment)
    await session.flush()
    note(session, Act.CREATED, "assignment", [assignment.id, assignment.work_area_id, assignment.account_id])
    return assignment


async def change_assignment(
    session: AsyncSession, assignment: Assignment, values: dict[str, Any], by: UUID | None
) -> None:
    """Changes the days of an assignment, or whether it is cover. It ends by getting a last day."""
    first, last = values.get("starts_on", assignment.starts_on), values.get("ends_on", assignment.ends_on)
    if last is not None and last < first:
        raise Refusal("lies before the first day", "ends_on")
    await remember(session, assignment, "assignment", by)
    for column, value in values.items():
        setattr(assignment, column, value)
    await session.flush()
    about = [assignment.id, assignment.work_area_id, assignment.account_id]
    note(session, Act.CHANGED, "assignment", about, {"columns": sorted(values)})
