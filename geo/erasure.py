"""Erasure: something is taken out for good. Its id stays on a list, and nothing else of it.

An id counts for its noun alone: clients choose ids, and a visit may have that of another's site.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to, to_organisation


class Noun(StrEnum):
    """What can be erased. A visit goes with its site, and so does an alert."""

    SITE = "site"
    VISIT = "visit"
    ACCOUNT = "account"
    ALERT = "alert"


class Reason(StrEnum):
    """Why; no free text, which could tell of the place or the person. `left`: a person's data is needed no more."""

    ASKED = "asked"
    MISTAKE = "mistake"
    DANGER = "danger"
    ORDER = "order"
    LEFT = "left"


Gone = dict[Noun, int]
"""How many of each were erased."""
Key = tuple[Noun, UUID]
Listed = dict[Key, Reason]
"""What was erased, and why."""


@dataclass(frozen=True)
class Again:
    """What was erased once more, and what was kept, because undecided requests by law (`held_by`) name it."""

    gone: Gone
    kept: Gone = field(default_factory=dict)
    held_by: frozenset[UUID] = frozenset()


class Erasure(OfOrganisation, Row):
    """A tombstone: `noun` and `id` are those of the row that was erased."""

    __tablename__ = "erasure"
    __table_args__ = (
        to_organisation(),
        to("account", "erased_by"),
        CheckConstraint("noun in ('site', 'visit', 'account', 'alert')", name="noun"),
        CheckConstraint(
            "reason in ('asked', 'mistake', 'danger', 'order') or (reason = 'left' and noun = 'account')", name="reason"
        ),
    )

    noun: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    erased_at: Mapped[datetime] = mapped_column(server_default=func.now())
    erased_by: Mapped[UUID | None]


async def remember_listed(session: AsyncSession, organisation_id: UUID, listed: Listed) -> None:
    """Puts on the list what stands on one that was kept elsewhere."""
    for reason in Reason:
        keys = [key for key, why in listed.items() if why is reason]
        await remember_erased(session, organisation_id, keys, reason, None)


async def remember_erased(
    session: AsyncSession, organisation_id: UUID, keys: Iterable[Key], reason: Reason, by: UUID | None
) -> None:
    """Puts on the list what was erased; what stands there keeps its reason."""
    of = {"organisation_id": organisation_id, "reason": reason.value, "erased_by": by}
    values: list[dict[str, Any]] = [of | {"noun": noun.value, "id": one} for noun, one in keys]
    if values:
        await session.execute(insert(Erasure).on_conflict_do_nothing(), values)


async def was_erased(session: AsyncSession, organisation_id: UUID, noun: Noun, ids: Iterable[UUID]) -> set[UUID]:
    """Which of these ids of a noun stand for something that was erased."""
    of = (Erasure.organisation_id == organisation_id, Erasure.noun == noun)
    return set(await session.scalars(select(Erasure.id).where(*of, Erasure.id.in_(list(ids)))))


async def list_erasures(session: AsyncSession, organisation_id: UUID, noun: Noun | None = None) -> list[Erasure]:
    """What was erased, the latest first."""
    rows = select(Erasure).where(Erasure.organisation_id == organisation_id)
    rows = rows.where(Erasure.noun == noun) if noun else rows
    return list(await session.scalars(rows.order_by(Erasure.erased_at.desc(), Erasure.id.desc())))
