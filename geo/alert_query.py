"""How alerts are raised, found and taken further."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from geo.account import Account
from geo.alert import ENDS, Alert, AlertStep, Step
from geo.delivery import Delivery
from geo.erasure import Noun, was_erased
from geo.log import Act, note
from geo.note import sealed_note
from geo.schema import new_id
from geo.seal import CannotOpen, Place, Seal
from geo.site import Site
from geo.site_query import find_site
from geo.work_area import WorkArea

ACTS = {
    Step.RAISED: Act.ALERT_RAISED,
    Step.SEEN: Act.ALERT_SEEN,
    Step.ANSWERED: Act.ALERT_ANSWERED,
    Step.OVER: Act.ALERT_OVER,
    Step.FALSE_ALARM: Act.ALERT_FALSE,
}


@dataclass
class Course:
    """An alert, its steps in their order, and the names of who did them (None: nobody that who asks may know of).
    `place`: where it is, for who reaches that; `site_name` and `site_type` likewise."""

    alert: Alert
    place: WKBElement | None = None
    site_name: str | None = None
    site_type: str | None = None
    steps: list[AlertStep] = field(default_factory=list)
    names: dict[UUID, str] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return self.alert.id

    @property
    def answer(self) -> AlertStep | None:
        """The last one: somebody may take it over."""
        return next((step for step in reversed(self.steps) if step.step == Step.ANSWERED), None)

    @property
    def end(self) -> AlertStep | None:
        return next((step for step in self.steps if step.step in ENDS), None)

    @property
    def state(self) -> str:
        """open, answered, over or false-alarm."""
        if self.end:
            return self.end.step
        return "answered" if self.answer else "open"

    def seen_by(self, account_id: UUID | None) -> bool:
        return any(step.by_account_id == account_id for step in self.steps)


async def raise_alert(session: AsyncSession, values: dict[str, Any], seal: Seal) -> Delivery:
    """A new alert from its columns (`geom` as a shapely point or None, `note` as it was written, `body_hash` plain), in
    the name of `raised_by`. It is never refused for its place: a site that they do not reach is left out."""
    organisation_id, alert_id = values["organisation_id"], values["id"]
    known = await session.get(Alert, (organisation_id, alert_id))
    if known:
        return _compared(known, values, seal)
    if await was_erased(session, organisation_id, Noun.ALERT, [alert_id]):
        return Delivery.TAKEN
    site = await find_site(session, organisation_id, values["site_id"]) if values["site_id"] else None
    point = None if site or values["geom"] is None else from_shape(values["geom"], 4326)
    row = {name: values[name] for name in ("organisation_id", "id", "kind", "raised_by", "raised_at")} | {
        "site_id": site.id if site else None,
        "geom": point,
        "note_sealed": sealed_note(seal, Alert, alert_id, values["note"]),
        "body_hash": seal.seal(values["body_hash"].hex(), **_hash_of(alert_id)),
    }
    new = insert(Alert).values(**row).on_conflict_do_nothing(index_elements=["organisation_id", "id"])
    made = (await session.execute(new.returning(Alert.id))).first() is not None
    alert = await session.get(Alert, (organisation_id, alert_id))
    if alert is None or not made:
        return _compared(alert, values, seal) if alert else Delivery.TAKEN
    await add_step(session, alert, Step.RAISED, values["raised_by"])
    return Delivery.NEW


def _hash_of(alert_id: UUID) -> Place:
    return {"table": "alert", "column": "body_hash", "row_id": alert_id}


def _compared(known: Alert, values: dict[str, Any], seal: Seal) -> Delivery:
    if known.raised_by != values["raised_by"]:
        return Delivery.TAKEN
    try:
        same = seal.open(known.body_hash, **_hash_of(known.id)) == values["body_hash"].hex()
    except CannotOpen:
        same = False
    return Delivery.SAME if same else Delivery.TAKEN


async def add_step(session: AsyncSession, alert: Alert, step: Step, by: UUID, *, minutes: int | None = None) -> None:
    """One more step, once where it can be made once; `minutes`: until help is there. The database's clock says when."""
    row = {"organisation_id": alert.organisation_id, "id": new_id(), "alert_id": alert.id, "step": step.value}
    help_by = func.now() + timedelta(minutes=minutes) if minutes else None
    added = insert(AlertStep).values(**row, by_account_id=by, help_by=help_by).on_conflict_do_nothing()
    if (await session.execute(added.returning(AlertStep.id))).first():
        note(session, ACTS[step], "alert", [alert.id], {"minutes": minutes} if minutes else None)


def _ended() -> ColumnElement[bool]:
    return exists().where(
        AlertStep.organisation_id == Alert.organisation_id, AlertStep.alert_id == Alert.id, AlertStep.step.in_(ENDS)
    )


async def list_alerts(
    session: AsyncSession, organisation_id: UUID, *, live: bool = False, after: UUID | None = None, limit: int = 1000
) -> list[Course]:
    """The alerts that who asks may see: those that are not over first, and the newest id first in both parts; `live`:
    those that are not over alone."""
    over = _ended()
    rows = select(Alert.id).where(Alert.organisation_id == organisation_id)
    if live:
        rows = rows.where(~over)
    if after:
        was_over = await session.scalar(
            select(func.count()).where(
                AlertStep.organisation_id == organisation_id, AlertStep.alert_id == after, AlertStep.step.in_(ENDS)
            )
        )
        rows = rows.where(and_(over, Alert.id < after) if was_over else or_(over, Alert.id < after))
    ids = list(await session.scalars(rows.order_by(over, Alert.id.desc()).limit(limit)))
    return await courses(session, organisation_id, ids)


async def find_alert(session: AsyncSession, organisation_id: UUID, alert_id: UUID) -> Course | None:
    """None for one that who asks does not see."""
    return next(iter(await courses(session, organisation_id, [alert_id])), None)


async def courses(session: AsyncSession, organisation_id: UUID, ids: Sequence[UUID]) -> list[Course]:
    """The alerts with these ids that who asks sees, in this order."""
    at = and_(Site.organisation_id == Alert.organisation_id, Site.id == Alert.site_id)
    wanted = select(Alert, Site.geom, Site.name, Site.site_type).outerjoin(Site, at)
    wanted = wanted.where(Alert.organisation_id == organisation_id, Alert.id.in_(ids))
    found = {
        alert.id: Course(alert, geom if alert.site_id else alert.geom, name, kind)
        for alert, geom, name, kind in (await session.execute(wanted)).all()
    }
    await _add_steps(session, organisation_id, found)
    return [found[one] for one in ids if one in found]


async def _add_steps(session: AsyncSession, organisation_id: UUID, found: dict[UUID, Course]) -> None:
    who = aliased(Account)
    account = and_(who.organisation_id == AlertStep.organisation_id, who.id == AlertStep.by_account_id)
    steps = select(AlertStep, who.name).outerjoin(who, account)
    steps = steps.where(AlertStep.organisation_id == organisation_id, AlertStep.alert_id.in_(found))
    for step, name in (await session.execute(steps.order_by(AlertStep.at, AlertStep.id))).all():
        course = found[step.alert_id]
        course.steps.append(step)
        if name:
            course.names[step.by_account_id] = name


def named(all_courses: Iterable[Course]) -> list[UUID]:
    """The ids of alerts and of the sites that they are at."""
    return [one for course in all_courses for one in (course.alert.id, course.alert.site_id) if one]


async def where_they_lie(session: AsyncSession, organisation_id: UUID, today: date) -> dict[UUID, list[str]]:
    """Of each alert that is not over the names of the work areas that hold its place, as far as who asks knows both."""
    at = and_(Site.organisation_id == Alert.organisation_id, Site.id == Alert.site_id)
    holds = and_(
        WorkArea.organisation_id == Alert.organisation_id,
        WorkArea.valid_from <= today,
        or_(WorkArea.valid_to.is_(None), WorkArea.valid_to >= today),
        func.ST_Covers(WorkArea.geom, func.coalesce(Alert.geom, Site.geom)),
    )
    rows = select(Alert.id, WorkArea.name).outerjoin(Site, at).join(WorkArea, holds)
    rows = rows.where(Alert.organisation_id == organisation_id, ~_ended()).order_by(WorkArea.name)
    found: dict[UUID, list[str]] = {}
    for alert_id, name in (await session.execute(rows)).all():
        found.setdefault(alert_id, []).append(name)
    return found
