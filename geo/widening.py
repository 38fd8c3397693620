"""A widening: someone sees a work area that is not theirs, for a reason, because a second person lets them, for at most
60 minutes. The policies in the database go by the row and by the clock; nothing has to be taken back at the end."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to

LONGEST_MINUTES = 60
SHORTEST_REASON, LONGEST_REASON = 3, 200
REASON_ERASED = "The reason was erased."
"""What stands in the place of a reason whose writer was erased."""
WAITS = timedelta(hours=4)
"""How long an ask can be granted."""


class State(StrEnum):
    ASKED = "asked"
    OPEN = "open"
    ENDED = "ended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Widening(OfOrganisation, Row):
    """`account_id` asked, and sees the area if it is granted. Who asks, what, why and when never change. `ended_by`
    without `granted_by` is a refusal, or the asker's own second thought."""

    __tablename__ = "widening"
    __table_args__ = (
        to("account", "account_id"),
        to("work_area", "work_area_id"),
        to("account", "granted_by", "id"),
        to("account", "ended_by", "id"),
        Index(None, "organisation_id", "account_id", "ends_at"),
        CheckConstraint(f"length(reason) between {SHORTEST_REASON} and {LONGEST_REASON}", name="reason"),
        CheckConstraint("granted_by <> account_id", name="second_person"),
        CheckConstraint("num_nulls(granted_by, granted_at, ends_at) in (0, 3)", name="granted"),
        CheckConstraint("granted_at between asked_at and asked_at + interval '4 hours'", name="in_time"),
        CheckConstraint("ends_at > granted_at and ends_at <= granted_at + interval '60 minutes'", name="hour"),
        CheckConstraint("num_nulls(ended_by, ended_at) in (0, 2)", name="ended"),
    )

    account_id: Mapped[UUID]
    work_area_id: Mapped[UUID]
    reason: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    granted_by: Mapped[UUID | None]
    granted_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]

    @property
    def state(self) -> State:
        now = datetime.now(UTC)
        if self.ended_at and not self.granted_at:
            return State.WITHDRAWN if self.ended_by == self.account_id else State.REFUSED
        if self.ends_at:
            return State.ENDED if self.ended_at or self.ends_at <= now else State.OPEN
        return State.LAPSED if self.asked_at + WAITS <= now else State.ASKED
