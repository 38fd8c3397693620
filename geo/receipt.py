"""A receipt: that someone delivered a row, kept for them alone, though they may not reach the row any more."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to


class Receipt(OfOrganisation, Row):
    """`noun` and `noun_id` say of which row; `version` is the one that was made. `body_hash` is the SHA-256 of what it
    was made from, sealed for that row: by it the same delivery is known when it comes again."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("organisation_id", "account_id", "noun", "noun_id"),
        Index(None, "organisation_id", "noun", "noun_id"),
        to("account", "account_id"),
        CheckConstraint("noun in ('site', 'visit')", name="noun"),
        CheckConstraint("length(body_hash) <= 512", name="body_hash"),
    )

    noun: Mapped[str]
    noun_id: Mapped[UUID]
    account_id: Mapped[UUID]
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


async def find_receipt(session: AsyncSession, organisation_id: UUID, noun: str, noun_id: UUID) -> Receipt | None:
    """One's own; None where someone else delivered the row, as where nobody did."""
    row: Receipt | None = await session.scalar(
        select(Receipt).where(
            Receipt.organisation_id == organisation_id, Receipt.noun == noun, Receipt.noun_id == noun_id
        )
    )
    return row
