"""A site: a place where people stay, with its status and the history of it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Placed, Row, Versioned, to, to_organisation


class Status(StrEnum):
    UNVERIFIED = "unverified"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"
    DO_NOT_LIST = "do-not-list"


STATUSES = "'unverified', 'active', 'inactive', 'closed', 'do-not-list'"


class Site(OfOrganisation, Placed, Versioned, Row):
    """`uncertainty_m` is the radius in metres in which the place really lies; `revisit_days` its revisit interval.
    `coarsened_at`: since then the point is the middle of its cell of 250 m, without name and notes."""

    __tablename__ = "site"
    __table_args__ = (
        to_organisation(),
        ForeignKeyConstraint(
            ["organisation_id", "site_type"], ["lantern.site_type.organisation_id", "lantern.site_type.slug"]
        ),
        to("account", "logged_by"),
        Index("site_geom_index", "geom", postgresql_using="gist"),
        Index(None, "organisation_id", "cell_100m"),
        Index(None, "organisation_id", "cell_1km"),
        Index(
            None, "organisation_id", "logged_by", postgresql_where="logged_by is not null and handed_over_at is null"
        ),
        Index("site_closed_index", "organisation_id", "id", postgresql_where="status = 'closed'"),
        CheckConstraint(f"status in ({STATUSES})", name="status"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        CheckConstraint("length(access_note_sealed) <= 8192", name="access_note_sealed"),
        CheckConstraint("uncertainty_m between 0 and 5000", name="uncertainty_m"),
        CheckConstraint("revisit_days between 1 and 366", name="revisit_days"),
        CheckConstraint(
            "coarsened_at is null or (name is null and access_note_sealed is null"
            " and geom = lantern.cell_centre(geom, 250))",
            name="coarsened",
        ),
    )

    site_type: Mapped[str]
    status: Mapped[str]
    name: Mapped[str | None]
    access_note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    uncertainty_m: Mapped[float] = mapped_column(default=25.0, server_default="25")
    revisit_days: Mapped[int]
    first_seen_on: Mapped[date | None]
    logged_by: Mapped[UUID | None]
    handed_over_at: Mapped[datetime | None]
    coarsened_at: Mapped[datetime | None]


class SiteStatus(OfOrganisation, Row):
    """One step in the history of a site's status, from `since` on. `cause`, `cleared_by` and `notice_days`
    are for sites that were cleared."""

    __tablename__ = "site_status"
    __table_args__ = (
        to("site", "site_id"),
        Index(None, "organisation_id", "site_id", "since"),
        CheckConstraint(f"status in ({STATUSES})", name="status"),
        CheckConstraint("length(cause) <= 200 and length(cleared_by) <= 200", name="cause"),
        CheckConstraint("notice_days between 0 and 3660", name="notice_days"),
    )

    site_id: Mapped[UUID]
    status: Mapped[str]
    since: Mapped[datetime] = mapped_column(server_default=func.now())
    by_account_id: Mapped[UUID | None]
    cause: Mapped[str | None]
    cleared_by: Mapped[str | None]
    notice_days: Mapped[int | None]


class SiteMove(OfOrganisation, Row):
    """People of a cleared site moved on to another."""

    __tablename__ = "site_move"
    __table_args__ = (to_organisation(), to("site", "from_site_id"), to("site", "to_site_id"))

    from_site_id: Mapped[UUID]
    to_site_id: Mapped[UUID]
    noted_at: Mapped[datetime] = mapped_column(server_default=func.now())
