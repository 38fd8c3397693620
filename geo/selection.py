"""Which visits and sites a map or a report is about: a period, a team, a site type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
MOST_MONTHS = 120


class SelectionError(ValueError):
    """The period cannot be looked at; the message says why, without the values."""


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included. Raises SelectionError when they are no period of a life."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not EARLIEST <= self.first <= self.last <= LATEST:
            raise SelectionError("a period runs from an earlier day to a later one, between 1990 and 2100")

    @classmethod
    def year_to(cls, today: date) -> "Period":
        """Twelve calendar months, the last of them the running one, up to today; none begins before EARLIEST."""
        first = cls(today, today).first.replace(day=1)  # a day of no life is refused before it is reckoned with
        for _ in range(11):
            first = (first - timedelta(days=1)).replace(day=1)
        return cls(max(first, EARLIEST), today)

    def steps(self) -> list["Period"]:
        """The calendar months of the period, the first and the last cut to it; calendar years past ten years."""
        years = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month >= MOST_MONTHS
        found, first = [], self.first
        while first <= self.last:
            following = _next_year(first) if years else _next_month(first)
            found.append(Period(first, min(following - timedelta(days=1), self.last)))
            first = following
        return found


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _next_year(day: date) -> date:
    return date(day.year + 1, 1, 1)


@dataclass(frozen=True)
class Selection:
    """What of an organisation is looked at. `today` is the day on its wall, `time_zone` where its days begin.

    `team_id` picks the team's work areas, the active sites in them, and the visits made as that team; `site_type`
    (a slug) picks sites of that type and the visits to them, so that searches without a site are left out.
    """

    organisation_id: UUID
    time_zone: str
    today: date
    period: Period
    team_id: UUID | None = None
    site_type: str | None = None

    @property
    def as_of(self) -> date:
        """The day whose state is shown: the last of the period, or today while the period still runs."""
        return min(self.period.last, self.today)

    def midnight(self, day: date) -> datetime:
        """The moment at which a day begins on the organisation's wall."""
        return datetime.combine(day, time(), ZoneInfo(self.time_zone))

    def parameters(self) -> dict[str, Any]:
        """The parameters that the queries of geo/heat.sql and geo/coverage.sql bind."""
        return {
            "organisation_id": self.organisation_id,
            "time_zone": self.time_zone,
            "starts": self.midnight(self.period.first),
            "ends": self.midnight(self.period.last + timedelta(days=1)),
            "as_of": self.as_of,
            "as_of_ends": self.midnight(self.as_of + timedelta(days=1)),
            "team_id": self.team_id,
            "site_type": self.site_type,
        }

    def edges(self, steps: Sequence[Period]) -> list[datetime]:
        """The moments at which the second and every later step begins."""
        return [self.midnight(step.first) for step in steps[1:]]
