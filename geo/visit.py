"""A visit: someone went there, and found people or nobody."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Placed, Row, Versioned, to


class Outcome(StrEnum):
    MET = "met"
    NOBODY_FOUND = "nobody-found"
    SIGNS_OF_USE = "signs-of-use"
    NOT_REACHED = "not-reached"
    CONTACT_REFUSED = "contact-refused"


class Band(StrEnum):
    """People seen, in bands."""

    NONE = "0"
    ONE = "1"
    FEW = "2-5"
    SEVERAL = "6-10"
    MANY = "11-20"
    MORE = "more"

    @classmethod
    def of(cls, people: int) -> "Band":
        """The band that holds a number of people (0 or more)."""
        for band, highest in ((cls.NONE, 0), (cls.ONE, 1), (cls.FEW, 5), (cls.SEVERAL, 10), (cls.MANY, 20)):
            if people <= highest:
                return band
        return cls.MORE


class Visit(OfOrganisation, Placed, Versioned, Row):
    """`geom` is where the worker was; `site_id` is empty when a place was searched that is no known site.
    `account_id` is who went (empty for old logs), `team_id` the team then."""

    __tablename__ = "visit"
    __table_args__ = (
        to("site", "site_id"),
        to("account", "account_id"),
        to("team", "team_id"),
        Index(None, "organisation_id", "site_id", "visited_at"),
        # Rows come in by time, so a range of days is a range of blocks; a cell names a place whoever looks after it.
        Index(
            "visit_visited_at_index",
            "visited_at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": True},
        ),
        Index("visit_cell_1km_index", "cell_1km"),
        Index(None, "organisation_id", "account_id", postgresql_where="account_id is not null"),
        CheckConstraint(
            "outcome in ('met', 'nobody-found', 'signs-of-use', 'not-reached', 'contact-refused')", name="outcome"
        ),
        CheckConstraint("people_band in ('0', '1', '2-5', '6-10', '11-20', 'more')", name="people_band"),
        CheckConstraint("outcome <> 'nobody-found' or people_band is null or people_band = '0'", name="nobody"),
        CheckConstraint("length(note_sealed) <= 16384", name="note_sealed"),
        CheckConstraint("source in ('form', 'import', 'api', 'demo')", name="source"),
    )

    site_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    visited_at: Mapped[datetime]
    outcome: Mapped[str]
    people_band: Mapped[str | None]
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    source: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    handed_over_at: Mapped[datetime | None]

    @property
    def is_encounter(self) -> bool:
        """Someone was there."""
        return self.outcome in {Outcome.MET, Outcome.CONTACT_REFUSED} or self.people_band not in {None, Band.NONE}
