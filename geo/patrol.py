"""A patrol: a shift outside, alone or as a pair. Where it went stays on a phone; its length comes here."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.delivery import Delivery
from geo.log import Act, note
from geo.schema import OfOrganisation, Row, to

LONGEST = timedelta(hours=24)
LONGEST_KM = 300


class Patrol(OfOrganisation, Row):
    """`account_id` started it, `second_id` went along. Both times are by the clock of a phone, `recorded_at` by ours.
    `length_km` is that of the track, in kilometres."""

    __tablename__ = "patrol"
    __table_args__ = (
        to("account", "account_id"),
        to("account", "second_id", "id"),
        to("account", "ended_by", "id"),
        Index(None, "organisation_id", "account_id"),
        Index(None, "organisation_id", "second_id"),
        CheckConstraint("second_id <> account_id", name="pair"),
        CheckConstraint(
            "num_nulls(ended_at, ended_by) in (0, 2) and (length_km is null or ended_at is not null)", name="ended"
        ),
        CheckConstraint("ended_at between started_at and started_at + interval '24 hours'", name="hours"),
        CheckConstraint(f"length_km between 0 and {LONGEST_KM}", name="length_km"),
    )

    account_id: Mapped[UUID]
    second_id: Mapped[UUID | None]
    started_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    length_km: Mapped[float | None]
    ended_by: Mapped[UUID | None]

    @property
    def hours(self) -> float | None:
        return (self.ended_at - self.started_at).total_seconds() / 3600 if self.ended_at else None


async def start_patrol(session: AsyncSession, values: dict[str, Any]) -> Delivery:
    """A new one from its columns, in the name of `account_id`; SAME where they started this very one before."""
    key = ["organisation_id", "id"]
    new = insert(Patrol).values(**values).on_conflict_do_nothing(index_elements=key).returning(Patrol.id)
    if (await session.execute(new)).first():
        note(session, Act.CREATED, "patrol", [values["id"]])
        return Delivery.NEW
    known = await find_patrol(session, values["organisation_id"], values["id"])
    same = known is not None and all(getattr(known, name) == value for name, value in values.items())
    return Delivery.SAME if same else Delivery.TAKEN


async def end_patrol(session: AsyncSession, patrol: Patrol, at: datetime, length_km: float | None, by: UUID) -> None:
    """Ends one that is not over, once."""
    this = (Patrol.organisation_id == patrol.organisation_id, Patrol.id == patrol.id)
    await session.execute(update(Patrol).where(*this).values(ended_at=at, length_km=length_km, ended_by=by))
    note(session, Act.CHANGED, "patrol", [patrol.id])


async def find_patrol(
    session: AsyncSession, organisation_id: UUID, patrol_id: UUID, lock: bool = False
) -> Patrol | None:
    """None for one that who asks does not see."""
    this = select(Patrol).where(Patrol.organisation_id == organisation_id, Patrol.id == patrol_id)
    row: Patrol | None = await session.scalar(this.with_for_update() if lock else this)
    return row


async def list_patrols(session: AsyncSession, organisation_id: UUID, after: UUID | None, limit: int) -> list[Patrol]:
    """Those that who asks sees, by id."""
    rows = select(Patrol).where(Patrol.organisation_id == organisation_id).order_by(Patrol.id).limit(limit)
    return list(await session.scalars(rows.where(Patrol.id > after) if after else rows))
