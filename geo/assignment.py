"""An assignment: who looks after a work area, from the first day to the last; holiday cover is one too."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, Versioned, to, to_organisation


class Assignment(OfOrganisation, Versioned, Row):
    """`ends_on` is the last day of the assignment; without one it goes on. `cover` marks holiday cover."""

    __tablename__ = "assignment"
    __table_args__ = (
        to_organisation(),
        to("work_area", "work_area_id"),
        to("account", "account_id"),
        Index(None, "organisation_id", "account_id"),
        Index(None, "organisation_id", "work_area_id"),
        CheckConstraint("ends_on >= starts_on", name="dates"),
    )

    work_area_id: Mapped[UUID]
    account_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    cover: Mapped[bool] = mapped_column(default=False, server_default="false")
