"""An alert: danger to life or health now. What became of it is said in steps, which are added and never altered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to

LONGEST_MINUTES = 240


class AlertKind(StrEnum):
    COLD = "cold"
    FIRE = "fire"
    VIOLENCE = "violence"
    ILLNESS = "illness"


class Step(StrEnum):
    RAISED = "raised"
    SEEN = "seen"
    ANSWERED = "answered"
    OVER = "over"
    FALSE_ALARM = "false-alarm"


ENDS = (Step.OVER, Step.FALSE_ALARM)


class Alert(OfOrganisation, Row):
    """Its place is that of its site, or a point (EPSG:4326, lon lat), or unknown. `raised_at` is by the clock of who
    raised it, `recorded_at` by ours. `body_hash` is that of what it was made from, sealed."""

    __tablename__ = "alert"
    __table_args__ = (
        to("account", "raised_by"),
        ForeignKeyConstraint(
            ["organisation_id", "site_id"], ["lantern.site.organisation_id", "lantern.site.id"], ondelete="CASCADE"
        ),
        Index(None, "organisation_id", "raised_at"),
        Index(None, "organisation_id", "site_id"),
        CheckConstraint("kind in ('cold', 'fire', 'violence', 'illness')", name="kind"),
        CheckConstraint("site_id is null or geom is null", name="one_place"),
        CheckConstraint("length(note_sealed) <= 16384", name="note_sealed"),
        CheckConstraint("length(body_hash) <= 512", name="body_hash"),
    )

    kind: Mapped[str]
    raised_by: Mapped[UUID]
    raised_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    site_id: Mapped[UUID | None]
    geom: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    cell_1km: Mapped[int | None] = mapped_column(BigInteger, Computed("lantern.cell(geom, 1000)", persisted=True))
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)


class AlertStep(OfOrganisation, Row):
    """Who did what when; `help_by`: until when whoever answered means to be there."""

    __tablename__ = "alert_step"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "alert_id"], ["lantern.alert.organisation_id", "lantern.alert.id"], ondelete="CASCADE"
        ),
        to("account", "by_account_id"),
        Index(None, "organisation_id", "alert_id"),
        Index(
            "alert_step_raised_index", "organisation_id", "alert_id", unique=True, postgresql_where="step = 'raised'"
        ),
        Index(
            "alert_step_over_index",
            "organisation_id",
            "alert_id",
            unique=True,
            postgresql_where="step in ('over', 'false-alarm')",
        ),
        Index(
            "alert_step_seen_index",
            "organisation_id",
            "alert_id",
            "by_account_id",
            unique=True,
            postgresql_where="step = 'seen'",
        ),
        CheckConstraint("step in ('raised', 'seen', 'answered', 'over', 'false-alarm')", name="step"),
        CheckConstraint("(step = 'answered') = (help_by is not null)", name="help_by"),
        CheckConstraint("help_by between at and at + interval '4 hours'", name="in_time"),
    )

    alert_id: Mapped[UUID]
    step: Mapped[str]
    by_account_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    help_by: Mapped[datetime | None]
