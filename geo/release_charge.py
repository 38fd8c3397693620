"""The ledger: which site paid how much privacy (ε) for which release. Private, and never shown to planners."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from geo.release_series import WINDOW_MONTHS, ReleasePeriod
from geo.schema import OfOrganisation, Row, to_organisation
from geo.sql import queries


class ReleaseCharge(OfOrganisation, Row):
    """`last_day` is the last day of the released period. A site may be erased; what it paid stays."""

    __tablename__ = "release_charge"
    __table_args__ = (
        to_organisation(),
        ForeignKeyConstraint(
            ["organisation_id", "release_id"], ["release.release.organisation_id", "release.release.id"]
        ),
        UniqueConstraint("organisation_id", "release_id", "site_id"),
        Index(None, "organisation_id", "site_id", "last_day"),
        CheckConstraint("epsilon > 0", name="epsilon"),
    )

    release_id: Mapped[UUID]
    site_id: Mapped[UUID]
    last_day: Mapped[date]
    epsilon: Mapped[float]


async def most_paid(session: AsyncSession, organisation_id: UUID, period: ReleasePeriod, sites: list[UUID]) -> float:
    """The most that any of the sites has paid in the months before and after a period that its window can hold."""
    asked = {"organisation_id": organisation_id, "sites": sites, "last_day": period.last, "months": WINDOW_MONTHS}
    return float(await session.scalar(text(queries("release")["most_paid"]), asked) or 0.0)
