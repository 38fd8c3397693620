"""What a phone sent: a record of each delivery and of what became of it; what is in it, sealed, only while it waits."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to
from geo.seal import CannotOpen, Place, Seal


class State(StrEnum):
    """KEPT: it is a row. REFUSED: its author can mend it, and send it anew. WITH_MANAGER: it can no longer be placed by
    who sent it. PLACED and DROPPED: a manager settled it."""

    KEPT = "kept"
    REFUSED = "refused"
    WITH_MANAGER = "with-manager"
    PLACED = "placed"
    DROPPED = "dropped"


class Dropped(StrEnum):
    """Why a delivery became nothing; no free text, which could tell of a place. `erased`: what it tells of was."""

    DUPLICATE = "duplicate"
    MISTAKE = "mistake"
    NO_PLACE = "no-place"
    ERASED = "erased"


class PhoneDelivery(OfOrganisation, Row):
    """`kind` and `noun_id` say of which row, `site_id` which site it names. `said_at` is the phone's own clock;
    `mended_at` the right time, where that was wrong. `why` is the slug of the problem, or why it was dropped. The hash
    is of what was sealed, and is sealed itself; `body_sealed` is what was in it."""

    __tablename__ = "delivery"
    __table_args__ = (
        to("account", "account_id"),
        to("account", "settled_by"),
        Index(None, "organisation_id", "kind", "noun_id"),
        Index(None, "organisation_id", "site_id", postgresql_where=text("site_id IS NOT NULL")),
        Index(None, "organisation_id", "received_at"),
        CheckConstraint("kind ~ '^[a-z][a-z-]{0,30}$'", name="kind"),
        CheckConstraint("sequence >= 0", name="sequence"),
        CheckConstraint("state in ('kept', 'refused', 'with-manager', 'placed', 'dropped')", name="state"),
        CheckConstraint("(why is not null) = (state in ('refused', 'dropped'))", name="why"),
        CheckConstraint("length(body_hash) <= 512", name="body_hash"),
        CheckConstraint(
            "(body_sealed is not null) = (state in ('refused', 'with-manager')) and length(body_sealed) <= 131072",
            name="body_sealed",
        ),
        CheckConstraint("num_nulls(settled_by, settled_at) in (0, 2)", name="settled"),
    )

    account_id: Mapped[UUID]
    kind: Mapped[str | None]
    noun_id: Mapped[UUID | None]
    site_id: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    said_at: Mapped[datetime | None]
    mended_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[str]
    why: Mapped[str | None]
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    settled_by: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]


async def queue_up(session: AsyncSession, delivery_id: UUID) -> None:
    """Waits for whoever brings the same delivery at this moment, until they are done."""
    number = int.from_bytes(delivery_id.bytes[-8:], "big", signed=True)
    await session.execute(select(func.pg_advisory_xact_lock(number)))


async def find_delivery(session: AsyncSession, organisation_id: UUID, delivery_id: UUID) -> PhoneDelivery | None:
    """One that who asks sent, or that is for them to settle."""
    row: PhoneDelivery | None = await session.scalar(
        select(PhoneDelivery).where(PhoneDelivery.organisation_id == organisation_id, PhoneDelivery.id == delivery_id)
    )
    return row


async def keep_delivery(session: AsyncSession, values: dict[str, Any], told: str | None, seal: Seal) -> bool:
    """Keeps the record, and what is `told` in it sealed; `body_hash` in `values` is in the clear. False where the id
    stands for a delivery already, seen or unseen by who asks."""
    delivery_id = values["id"]
    row = values | {
        "body_hash": seal.seal(values["body_hash"].hex(), **_place("body_hash", delivery_id)),
        "body_sealed": None if told is None else seal.seal(told, **_place("body_sealed", delivery_id)),
    }
    # The key is not named: its name would tell whoever reads the answer of it.
    new = insert(PhoneDelivery).values(**row).on_conflict_do_nothing().returning(PhoneDelivery.id)
    return (await session.execute(new)).first() is not None


def is_of(delivery: PhoneDelivery, body_hash: bytes, seal: Seal) -> bool:
    """Is it what was sent before?"""
    try:
        return seal.open(delivery.body_hash, **_place("body_hash", delivery.id)) == body_hash.hex()
    except CannotOpen:
        return False


def opened(delivery: PhoneDelivery, seal: Seal) -> str | None:
    """What is told in it, while it waits. Raises CannotOpen."""
    if delivery.body_sealed is None:
        return None
    return seal.open(delivery.body_sealed, **_place("body_sealed", delivery.id))


async def list_waiting(
    session: AsyncSession, organisation_id: UUID, after: UUID | None, limit: int
) -> Sequence[PhoneDelivery]:
    """What waits for a manager, by id, beginning after one."""
    rows = select(PhoneDelivery).where(
        PhoneDelivery.organisation_id == organisation_id, PhoneDelivery.state == State.WITH_MANAGER
    )
    if after:
        rows = rows.where(PhoneDelivery.id > after)
    return (await session.scalars(rows.order_by(PhoneDelivery.id).limit(limit))).all()


async def settle(
    session: AsyncSession, delivery: PhoneDelivery, state: State, why: Dropped | None, by: UUID | None
) -> None:
    """A manager's word on what waits; what was in it goes."""
    row = update(PhoneDelivery).where(
        PhoneDelivery.organisation_id == delivery.organisation_id, PhoneDelivery.id == delivery.id
    )
    settled = row.values(state=state.value, why=why and why.value, body_sealed=None, settled_by=by)
    await session.execute(settled, execution_options={"synchronize_session": False})


def _place(column: str, delivery_id: UUID) -> Place:
    return {"table": "delivery", "column": column, "row_id": delivery_id}
