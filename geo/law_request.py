"""A request by law: an authority asks for data, and it goes out by two persons or not at all.

Until it is released, or some days after it was refused or lapsed, what it covers is held: retention leaves it, nobody
erases it, and exact exports are frozen, so that data goes out by the register alone.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, LargeBinary, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from geo.schema import OfOrganisation, Row, to

MOST_SITES = 100
LONGEST_PERIOD = timedelta(days=366)
WAITS = timedelta(days=7)
"""How long the second person has, from the moment that release is proposed."""
HOLDS = timedelta(days=90)
"""How long a request is open that nobody proposes or refuses."""
STILL_HOLDS = timedelta(days=7)
"""How long it holds once one person has refused it, or it has lapsed: time to register it anew."""
MOST_COVERED = 1000


class Asked(StrEnum):
    """The kind of data that is asked for: one."""

    SITES = "sites"
    VISITS = "visits"


class State(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"
    RELEASED = "released"
    REFUSED = "refused"
    LAPSED = "lapsed"


UNDECIDED = frozenset({State.OPEN, State.PROPOSED})


class LawRequest(OfOrganisation, Row):
    """`words_sealed` holds who asks, by what reference, and in which words. Asked for are the sites (or the visits to
    them) that are listed and, where a work area is named, lie in it; of visits those of the days from first to last.
    Which ones these are, and the outline of the area, is written down by the database when release is proposed, and not
    more than that goes out; of one that nobody proposed, when it is refused, if there are none. Who agreed has released
    in the same transaction: then the file's SHA-256, length and number of rows stand here."""

    __tablename__ = "law_request"
    __table_args__ = (
        to("account", "registered_by"),
        to("work_area", "work_area_id"),
        to("account", "proposed_by"),
        to("account", "agreed_by"),
        to("account", "refused_by"),
        CheckConstraint("length(words_sealed) <= 16384", name="words_sealed"),
        CheckConstraint("due_on >= came_on", name="due"),
        CheckConstraint("noun in ('sites', 'visits')", name="noun"),
        CheckConstraint(
            f"cardinality(site_ids) <= {MOST_SITES} and (cardinality(site_ids) > 0 or work_area_id is not null)",
            name="scope",
        ),
        CheckConstraint(
            "case noun when 'visits' then num_nulls(first_day, last_day) = 0 "
            f"and last_day - first_day between 0 and {LONGEST_PERIOD.days} else num_nulls(first_day, last_day) = 2 end",
            name="period",
        ),
        CheckConstraint("num_nulls(proposed_by, proposed_at) in (0, 2)", name="proposed"),
        CheckConstraint(
            "num_nulls(agreed_by, agreed_at) in (0, 2) and (agreed_by is null or proposed_by is not null)",
            name="agreed",
        ),
        CheckConstraint("agreed_by <> proposed_by", name="second_person"),
        CheckConstraint("agreed_at between proposed_at and proposed_at + interval '7 days'", name="in_time"),
        CheckConstraint(
            "num_nulls(refused_by, refused_at, refusal_sealed) in (0, 3) and num_nonnulls(refused_at, agreed_at) < 2",
            name="refused",
        ),
        CheckConstraint("length(refusal_sealed) <= 16384", name="refusal_sealed"),
        CheckConstraint(
            "num_nulls(released_at, file_hash, file_bytes, file_rows) in (0, 4) "
            "and (released_at is null or agreed_at is not null)",
            name="released",
        ),
        CheckConstraint("length(file_hash) = 32", name="file_hash"),
        CheckConstraint(
            "num_nulls(covers_sites, covers_visits) in (0, 2) and (covers_sites is null or proposed_by is not null "
            "or (refused_by is not null and covers_sites = '{}' and covers_visits = '{}')) "
            f"and cardinality(covers_sites) <= {MOST_COVERED} and cardinality(covers_visits) <= {MOST_COVERED}",
            name="covers",
        ),
    )

    registered_by: Mapped[UUID]
    registered_at: Mapped[datetime] = mapped_column(server_default=func.now())
    words_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    came_on: Mapped[date]
    due_on: Mapped[date]
    noun: Mapped[str]
    site_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    work_area_id: Mapped[UUID | None]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    proposed_by: Mapped[UUID | None]
    proposed_at: Mapped[datetime | None]
    agreed_by: Mapped[UUID | None]
    agreed_at: Mapped[datetime | None]
    refused_by: Mapped[UUID | None]
    refused_at: Mapped[datetime | None]
    refusal_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    released_at: Mapped[datetime | None]
    file_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    file_bytes: Mapped[int | None]
    file_rows: Mapped[int | None]
    covers_sites: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    covers_visits: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    outline: Mapped[WKBElement | None] = mapped_column(
        Geometry("MULTIPOLYGON", 4326, spatial_index=False), deferred=True
    )

    @property
    def lapses_at(self) -> datetime:
        """When it is over, if nobody decides."""
        return self.proposed_at + WAITS if self.proposed_at else self.registered_at + HOLDS

    @property
    def covers_nothing(self) -> bool:
        """It was looked for, and nothing was found."""
        return self.covers_sites is not None and not self.covers_sites and not self.covers_visits

    @property
    def held_until(self) -> datetime | None:
        """When it no longer holds anything, if nobody releases it before. None once it was released."""
        over = self.refused_at or self.lapses_at
        return None if self.released_at else over if self.covers_nothing else over + STILL_HOLDS

    @property
    def state(self) -> State:
        if self.released_at:
            return State.RELEASED
        if self.refused_at:
            return State.REFUSED
        if self.lapses_at <= datetime.now(UTC):
            return State.LAPSED
        return State.PROPOSED if self.proposed_at else State.OPEN
