"""Retention: how long each kind of data is kept, and what goes when that time is over.

The rules are kept by the policies of the database (scope `retention`): what is said here to go and is younger than its
rule stays. Ages count from the day that a row tells of; what came in less than a week ago stays in any case, so that
everything that goes was to be seen a week ahead. What a request by law holds stays until that is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ScalarSelect,
    Select,
    any_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from geo.account import AccessToken, SignIn
from geo.alert import Alert
from geo.change import Change
from geo.log import Act, LogEntry, note
from geo.patrol import Patrol
from geo.phone_delivery import PhoneDelivery, State
from geo.receipt import Receipt
from geo.schema import OfOrganisation, Row, new_id, to, to_organisation
from geo.site import Site, Status
from geo.visit import Visit

AHEAD = timedelta(days=7)
"""From the moment that something is to be seen to go, until it goes."""
CELL_M = 250
CELL_RADIUS_M = 177
"""From the middle of a cell of 250 m to its corner, rounded up."""
MOST_DAYS = 36500
REFUSED = timedelta(days=30)
"""What a phone sent and was refused is kept no longer, for its author to mend it."""
FIRST = UUID(int=0)


class Kind(StrEnum):
    """A kind of data with a rule of its own, in the order in which they go."""

    CHANGES = "changes"
    VISITS = "visits"
    ALERTS = "alerts"
    PATROLS = "patrols"
    CLOSED_SITES = "closed-sites"
    SESSIONS = "sessions"
    ACCESS_TOKENS = "access-tokens"
    DELIVERIES = "deliveries"


USUAL_DAYS = {
    Kind.CHANGES: 730, Kind.VISITS: 730, Kind.CLOSED_SITES: 90, Kind.SESSIONS: 30, Kind.ACCESS_TOKENS: 90,
    Kind.ALERTS: 365,
    Kind.PATROLS: 365,
    Kind.DELIVERIES: 90,
}  # fmt: skip
LEAST_DAYS = {
    Kind.CHANGES: 30, Kind.VISITS: 30, Kind.CLOSED_SITES: 7, Kind.SESSIONS: 1, Kind.ACCESS_TOKENS: 1,
    Kind.ALERTS: 30,
    Kind.PATROLS: 30,
    Kind.DELIVERIES: 30,
}  # fmt: skip
BATCH = {Kind.CLOSED_SITES: 500}
USUAL_BATCH = 5000


class RetentionRule(OfOrganisation, Row):
    """From `changed_at` on a kind is kept so many days; a shorter time than before counts a week later. Never altered:
    the newest counts. Without a row: USUAL_DAYS."""

    __tablename__ = "retention_rule"
    __table_args__ = (
        to_organisation(),
        to("account", "changed_by"),
        CheckConstraint(
            "kind in ('visits', 'changes', 'closed-sites', 'sessions', 'access-tokens', 'alerts', 'patrols', "
            "'deliveries')",
            name="kind",
        ),
        CheckConstraint(f"days between lantern.retention_least(kind) and {MOST_DAYS}", name="days"),
    )

    kind: Mapped[str]
    days: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_by: Mapped[UUID | None]


@dataclass(frozen=True)
class Rule:
    """`days` count now, `days_soon` a week from now; they differ while a shorter time waits, until `soon_from`."""

    kind: Kind
    days: int
    days_soon: int
    soon_from: datetime | None


@dataclass(frozen=True)
class Going:
    """What goes of a kind: how many rows, and the first and the last moment that they tell of (None: no rows)."""

    kind: Kind
    count: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True)
class Taken:
    """One batch: how many rows went, and the id to go on after (None: nothing is left)."""

    rows: int
    last: UUID | None


async def rules(session: AsyncSession) -> list[Rule]:
    """The rules of the organisation that the transaction is in the name of."""
    soon = func.now() + literal(AHEAD)
    each = [
        (*(func.lantern.retention_days(kind.value, at) for at in (func.now(), soon)), _soon_from(kind)) for kind in Kind
    ]
    found = list((await session.execute(select(*(column for columns in each for column in columns)))).one())
    return [Rule(kind, *found[3 * place : 3 * place + 3]) for place, kind in enumerate(Kind)]


def _soon_from(kind: Kind) -> ScalarSelect[Any]:
    """When the days of a week from now begin to count; none where they do already."""
    counts_at = RetentionRule.changed_at + literal(AHEAD)
    days = func.lantern.retention_days
    return (
        select(func.min(counts_at))
        .where(RetentionRule.kind == kind.value, counts_at > func.now())
        .where(days(kind.value, counts_at) == days(kind.value, func.now() + literal(AHEAD)))
        .where(days(kind.value, func.now()) != days(kind.value, func.now() + literal(AHEAD)))
        .scalar_subquery()
    )


async def lay_down(session: AsyncSession, organisation_id: UUID, kind: Kind, days: int, by: UUID | None) -> None:
    """A new rule, of LEAST_DAYS or more; the steward's."""
    rule = RetentionRule(organisation_id=organisation_id, id=new_id(), kind=kind.value, days=days, changed_by=by)
    session.add(rule)
    await session.flush()
    note(session, Act.RETENTION_CHANGED, "retention", [rule.id], {"kind": kind.value, "days": days})


async def going(session: AsyncSession, organisation_id: UUID, kind: Kind, ahead: timedelta = timedelta(0)) -> Going:
    """What would go of a kind now, or so much later. In a transaction of scope `retention`."""
    rows = _goes(kind, organisation_id, ahead).subquery()
    counted = select(func.count(), func.min(rows.c.at), func.max(rows.c.at))
    return Going(kind, *(await session.execute(counted)).one())


async def take(session: AsyncSession, organisation_id: UUID, kind: Kind, after: UUID = FIRST) -> Taken:
    """Takes the next batch of a kind, by id. In a transaction of scope `retention`; the log names the sites."""
    most = BATCH.get(kind, USUAL_BATCH)
    rows = _goes(kind, organisation_id).subquery()
    next_ids = select(rows.c.id).where(rows.c.id > after).order_by(rows.c.id).limit(most)
    ids = list(await session.scalars(next_ids))
    if not ids:
        return Taken(0, None)
    count = await _coarsen(session, organisation_id, ids) if kind is Kind.CLOSED_SITES else (
        await _delete(session, organisation_id, kind, ids)
    )  # fmt: skip
    named = ids if kind is Kind.CLOSED_SITES else []
    note(session, Act.RETENTION_RAN, kind.value, named, {"count": count})
    return Taken(count, ids[-1] if len(ids) == most else None)


async def last_run(session: AsyncSession, organisation_id: UUID) -> datetime | None:
    """When a run came to its end the last time; for the steward, who may read the log."""
    ended = select(func.max(LogEntry.at)).where(
        LogEntry.organisation_id == organisation_id,
        LogEntry.ids.contains([organisation_id]),
        LogEntry.act == Act.RETENTION_RAN,
    )
    found: datetime | None = await session.scalar(ended)
    return found


def note_run(session: AsyncSession, organisation_id: UUID, counts: dict[Kind, int]) -> None:
    """Writes down that a run came to its end, with what it took; `last_run` finds it by the organisation's id."""
    told = {kind.value: count for kind, count in counts.items()}
    note(session, Act.RETENTION_RAN, "retention-run", [organisation_id], told)


TABLES: dict[Kind, tuple[Any, Any]] = {
    Kind.CHANGES: (Change, Change.changed_at),
    Kind.VISITS: (Visit, Visit.visited_at),
    Kind.ALERTS: (Alert, Alert.raised_at),
    Kind.PATROLS: (Patrol, Patrol.started_at),
    Kind.SESSIONS: (SignIn, SignIn.expires_at),
    Kind.ACCESS_TOKENS: (AccessToken, AccessToken.expires_at),
    Kind.DELIVERIES: (PhoneDelivery, PhoneDelivery.received_at),
}
RECORDED: dict[Kind, Any] = {Kind.ALERTS: Alert.recorded_at, Kind.PATROLS: Patrol.recorded_at}
"""When it came in, where that may be long after the day that it tells of."""


def _goes(kind: Kind, organisation_id: UUID, ahead: timedelta = timedelta(0)) -> Select[UUID, Any]:
    """The ids of what goes, each with the moment that it tells of."""
    at = func.now() + literal(ahead)
    before: ColumnElement[Any] = select(func.lantern.retention_before(kind.value, at)).scalar_subquery()
    if kind is Kind.CLOSED_SITES:
        closed = func.coalesce(func.lantern.closed_at(Site.organisation_id, Site.id), Site.updated_at)
        waiting = or_(Site.coarsened_at.is_(None), _visited_since())
        mine = (Site.organisation_id == organisation_id, Site.status == Status.CLOSED, waiting)
        free = func.lantern.site_held_by(Site.id, Site.geom).is_(None)
        return select(Site.id, closed.label("at")).where(*mine, Site.created_at < at - AHEAD, closed < before, free)
    if kind is Kind.DELIVERIES:
        before = _deliveries_before(before, at)
    table, moment = TABLES[kind]
    goes: Select[UUID, Any] = select(table.id, moment.label("at"))
    goes = goes.where(table.organisation_id == organisation_id, moment < before)
    if kind in RECORDED:
        return goes.where(RECORDED[kind] < at - AHEAD)
    if kind is not Kind.VISITS:
        return goes
    free = func.lantern.visit_held_by(Visit.id, Visit.site_id, Visit.geom, Visit.visited_at).is_(None)
    return goes.where(Visit.recorded_at < at - AHEAD, free)


def _deliveries_before(before: Any, at: Any) -> ColumnElement[Any]:
    """What was refused goes sooner; what waits for a manager stays as long as the visit that it may become."""
    visits = select(func.lantern.retention_before(Kind.VISITS.value, at)).scalar_subquery()
    return case(
        (PhoneDelivery.state == State.REFUSED, func.greatest(before, at - literal(REFUSED))),
        (PhoneDelivery.state == State.WITH_MANAGER, visits),
        else_=before,
    )


def _visited_since() -> ColumnElement[bool]:
    """A visit came in after the site was coarsened, or while it was, and is exact still."""
    return exists().where(
        Visit.organisation_id == Site.organisation_id,
        Visit.site_id == Site.id,
        Visit.updated_at > Site.coarsened_at - timedelta(hours=1),
        or_(Visit.geom.is_distinct_from(Site.geom), Visit.note_sealed.is_not(None)),
    )


async def _delete(session: AsyncSession, organisation_id: UUID, kind: Kind, ids: list[UUID]) -> int:
    table = TABLES[kind][0]
    gone = delete(table).where(table.organisation_id == organisation_id, table.id == _any(ids)).returning(table.id)
    count = len((await session.execute(gone)).all())
    if kind is Kind.VISITS:
        await _forget(session, organisation_id, "visit", ids)
    return count


async def _coarsen(session: AsyncSession, organisation_id: UUID, ids: list[UUID]) -> int:
    """Puts sites, and the visits to them, into the middle of the cell of 250 m that holds the site, and takes what else
    could tell of the place: names, notes, what they were before."""
    site = update(Site).where(Site.organisation_id == organisation_id, Site.id == _any(ids))
    site = site.values(
        geom=func.lantern.cell_centre(Site.geom, CELL_M),
        coarsened_at=func.now(),
        uncertainty_m=func.greatest(Site.uncertainty_m, CELL_RADIUS_M),
        name=None,
        access_note_sealed=None,
    )
    count = len((await session.execute(site.returning(Site.id))).all())
    theirs = (Visit.organisation_id == organisation_id, Visit.site_id == _any(ids))
    visits = update(Visit).where(*theirs, Visit.site_id == Site.id, Visit.organisation_id == Site.organisation_id)
    moved = await session.scalars(visits.values(geom=Site.geom, note_sealed=None).returning(Visit.id))
    await _forget(session, organisation_id, "visit", list(moved))
    await _forget(session, organisation_id, "site", ids)
    return count


async def _forget(session: AsyncSession, organisation_id: UUID, noun: str, ids: list[UUID]) -> None:
    """What rows were before they were changed, and the receipts for them."""
    receipts = (Receipt.organisation_id == organisation_id, Receipt.noun == noun, Receipt.noun_id == _any(ids))
    await session.execute(delete(Receipt).where(*receipts))
    theirs = (Change.organisation_id == organisation_id, Change.noun == noun, Change.noun_id == _any(ids))
    await session.execute(delete(Change).where(*theirs))


def _any(ids: list[UUID]) -> Any:
    return any_(literal(ids, ARRAY(Uuid)))
