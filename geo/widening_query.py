"""Which widenings, and their steps: asked, granted or refused, ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.area_name import AreaName
from geo.change import locked
from geo.log import Act, note
from geo.sql import queries
from geo.watch import AreaOfToday
from geo.widening import WAITS, State, Widening

Named = tuple[Widening, str]
"""A widening and the name of its work area."""
MOST_TOLD = 50


def _clock() -> ColumnElement[datetime]:
    """The clock that the policies go by."""
    return func.statement_timestamp()


def _open() -> ColumnElement[bool]:
    return and_(Widening.ended_at.is_(None), Widening.ends_at > _clock())


def _waiting() -> ColumnElement[bool]:
    return and_(Widening.ended_at.is_(None), Widening.granted_at.is_(None), Widening.asked_at > _clock() - WAITS)


def _named(organisation_id: UUID) -> Select[Widening, str]:
    area = and_(AreaName.organisation_id == Widening.organisation_id, AreaName.id == Widening.work_area_id)
    return select(Widening, AreaName.name).join(AreaName, area).where(Widening.organisation_id == organisation_id)


async def list_widenings(
    session: AsyncSession, organisation_id: UUID, *, live: bool = False, after: UUID | None = None, limit: int = 1000
) -> list[Named]:
    """The widenings that who asks may know of, by id; `live`: those that wait for an answer or are open."""
    rows = _named(organisation_id)
    if live:
        rows = rows.where(or_(_open(), _waiting()))
    if after:
        rows = rows.where(Widening.id > after)
    return [(row, name) for row, name in await session.execute(rows.order_by(Widening.id).limit(limit))]


async def told_since(session: AsyncSession, organisation_id: UUID, since: datetime) -> list[Named]:
    """Those asked for since a moment, the last one first."""
    rows = _named(organisation_id).where(Widening.asked_at >= since)
    return [
        (row, name) for row, name in await session.execute(rows.order_by(Widening.asked_at.desc()).limit(MOST_TOLD))
    ]


async def find_widening(
    session: AsyncSession, organisation_id: UUID, widening_id: UUID, lock: bool = False
) -> Named | None:
    """One of them; `lock` where who asks means to answer or end it."""
    if lock:
        await session.scalar(
            locked(select(Widening)).where(Widening.organisation_id == organisation_id, Widening.id == widening_id)
        )
    found = (await session.execute(_named(organisation_id).where(Widening.id == widening_id))).first()
    return (found[0], found[1]) if found else None


async def open_to(session: AsyncSession, organisation_id: UUID, account_id: UUID) -> list[UUID]:
    """The ids of the widenings that open something to an account at this moment."""
    rows = select(Widening.id).where(
        Widening.organisation_id == organisation_id, Widening.account_id == account_id, _open()
    )
    return list(await session.scalars(rows.order_by(Widening.id)))


async def opened_areas(session: AsyncSession) -> list[AreaOfToday]:
    """The work areas that are opened to who asks at this moment."""
    found = await session.execute(text(queries("widening")["opened_areas"]))
    return [AreaOfToday(**row, cover=False) for row in found.mappings()]


async def my_areas(session: AsyncSession) -> Sequence[UUID]:
    """The work areas assigned today to who asks."""
    found: Sequence[UUID] = await session.scalar(text("SELECT lantern.my_areas()")) or []
    return found


async def is_asked_or_open(session: AsyncSession, organisation_id: UUID, account_id: UUID, area_id: UUID) -> bool:
    rows = select(Widening.id).where(
        Widening.organisation_id == organisation_id,
        Widening.account_id == account_id,
        Widening.work_area_id == area_id,
        or_(_open(), _waiting()),
    )
    return await session.scalar(rows.limit(1)) is not None


async def ask(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new one, from the columns that are given once: organisation, id, account, work area, reason."""
    await session.execute(insert(Widening).values(**values).inline())
    detail = {"purpose": values["reason"], "area": str(values["work_area_id"])}
    note(session, Act.WIDENING_ASKED, "widening", [values["id"]], detail)


async def grant(session: AsyncSession, widening: Widening, by: UUID, minutes: int) -> None:
    """Opens the area from this moment on."""
    ends_at = _clock() + func.make_interval(0, 0, 0, 0, 0, minutes)
    await _step(session, widening, granted_by=by, ends_at=ends_at)
    detail = {"for": str(widening.account_id), "area": str(widening.work_area_id), "minutes": minutes}
    note(session, Act.WIDENING_GRANTED, "widening", [widening.id], detail)


async def end(session: AsyncSession, widening: Widening, by: UUID) -> None:
    """Ends it at this moment; before it was granted, refuses it or takes it back."""
    refused = widening.state is State.ASKED and by != widening.account_id
    await _step(session, widening, ended_by=by)
    detail = {"for": str(widening.account_id), "area": str(widening.work_area_id)}
    note(session, Act.WIDENING_REFUSED if refused else Act.WIDENING_ENDED, "widening", [widening.id], detail)


async def _step(session: AsyncSession, widening: Widening, **columns: object) -> None:
    # The moments are set by the database, where the step is checked too.
    this = update(Widening).where(Widening.organisation_id == widening.organisation_id, Widening.id == widening.id)
    await session.execute(this.values(**columns), execution_options={"synchronize_session": False})
    await session.refresh(widening)
