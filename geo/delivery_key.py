"""The keys that phones seal to: the public half goes out, the private half is sealed by the organisation's data key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.log import Act, note
from geo.schema import OfOrganisation, Row, new_id, to_organisation
from geo.seal import Place, Seal

KEPT_DAYS = 90
"""After it was replaced a key still opens what phones sealed to it. Then it is destroyed."""


class DeliveryKey(OfOrganisation, Row):
    """`public_key` is the uncompressed point (SEC 1, 65 bytes). One key at a time is not retired."""

    __tablename__ = "delivery_key"
    __table_args__ = (
        to_organisation(),
        Index("delivery_key_in_use_index", "organisation_id", unique=True, postgresql_where=text("retired_at IS NULL")),
        CheckConstraint("length(public_key) = 65", name="public_key"),
        CheckConstraint("length(private_sealed) <= 512", name="private_sealed"),
    )

    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    retired_at: Mapped[datetime | None]


async def find_key(session: AsyncSession, organisation_id: UUID, key_id: UUID | None = None) -> DeliveryKey | None:
    """A key by its id, retired or not; without one, that in use."""
    one = DeliveryKey.id == key_id if key_id else DeliveryKey.retired_at.is_(None)
    row: DeliveryKey | None = await session.scalar(
        select(DeliveryKey).where(DeliveryKey.organisation_id == organisation_id, one)
    )
    return row


async def add_key(session: AsyncSession, organisation_id: UUID, public_key: bytes, private: str, seal: Seal) -> None:
    """Keeps a new key, unless one is in use already: someone else may just have made it."""
    key_id = new_id()
    sealed = seal.seal(private, **place_of(key_id))
    new = insert(DeliveryKey).values(
        organisation_id=organisation_id, id=key_id, public_key=public_key, private_sealed=sealed
    )
    await session.execute(new.on_conflict_do_nothing())


async def retire_key(session: AsyncSession, organisation_id: UUID) -> None:
    """The key in use opens from now on, and phones are given another."""
    used = update(DeliveryKey).where(DeliveryKey.organisation_id == organisation_id, DeliveryKey.retired_at.is_(None))
    await session.execute(used.values(retired_at=func.now()))


async def take_old_keys(session: AsyncSession, organisation_id: UUID) -> list[UUID]:
    """Destroys the keys whose time is over. In a transaction of scope `retention`."""
    over = (
        DeliveryKey.organisation_id == organisation_id,
        DeliveryKey.retired_at < func.now() - text(f"interval '{KEPT_DAYS} days'"),
    )
    gone = delete(DeliveryKey).where(*over).returning(DeliveryKey.id)
    ids = list(await session.scalars(gone, execution_options={"synchronize_session": False}))
    if ids:
        note(session, Act.RETENTION_RAN, "delivery_key", ids, {"count": len(ids)})
    return ids


def place_of(key_id: UUID) -> Place:
    return {"table": "delivery_key", "column": "private_sealed", "row_id": key_id}
