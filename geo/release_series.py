"""What is released how often, and with which numbers: series, periods, profiles.

The reasons are in docs/why/releases.md. ε is the privacy loss of one release for one site; the noise is Laplace's on
integers with scale 1/ε (Ghosh, Roughgarden, Sundararajan 2012), because one site changes one count by one.
"""

import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

CLOSES_AFTER = timedelta(days=30)
KEPT_WITHIN = 4  # a shown value stays unless the new one differs by more: noise is no news
CAP = 8.0  # ε of one site over the window
WINDOW_MONTHS = 24
PERIOD = re.compile(r"^(20[0-9]{2})-(H[12]|Q[1-4])$")


class Series(StrEnum):
    CELLS = "cells"
    DISTRICTS = "districts"


class Profile(StrEnum):
    STANDARD = "standard"
    CAREFUL = "careful"
    STRICT = "strict"


@dataclass(frozen=True)
class Noise:
    """`epsilon` of one release; values under `threshold` (the noisy value counts) are not shown."""

    epsilon: float
    threshold: int

    @property
    def radius(self) -> int:
        """The smallest k with P(|noise| ≤ k) ≥ 0.95: the noise is geometric on both sides, ratio exp(-ε)."""
        ratio = math.exp(-self.epsilon)
        k = 0
        while 2 * ratio ** (k + 1) / (1 + ratio) > 0.05:
            k += 1
        return k


PROFILES: dict[Profile, dict[Series, Noise]] = {
    Profile.STANDARD: {Series.CELLS: Noise(1.0, 8), Series.DISTRICTS: Noise(0.5, 16)},
    Profile.CAREFUL: {Series.CELLS: Noise(0.5, 16), Series.DISTRICTS: Noise(0.25, 32)},
    Profile.STRICT: {Series.DISTRICTS: Noise(0.25, 32)},
}


@dataclass(frozen=True)
class ReleasePeriod:
    """A half year (`2026-H1`) or a quarter (`2026-Q2`), from the first day to the last, both included."""

    name: str
    first: date
    last: date

    @classmethod
    def of(cls, name: str, series: Series) -> "ReleasePeriod":
        """Cells come out each half year, districts each quarter; ValueError for what is no such period."""
        match = PERIOD.match(name)
        if match is None or (match[2][0] == "H") != (series is Series.CELLS):
            raise ValueError("cells have half years as in 2026-H1, districts have quarters as in 2026-Q2")
        year, number = int(match[1]), int(match[2][1])
        months = 6 if match[2][0] == "H" else 3
        first = date(year, (number - 1) * months + 1, 1)
        after = date(year + (number * months == 12), number * months % 12 + 1, 1)
        return cls(name, first, after - timedelta(days=1))

    @property
    def closes_on(self) -> date:
        """The first day on which the period may be drawn: late records have had their time."""
        return self.last + CLOSES_AFTER + timedelta(days=1)


def latest_closed(series: Series, today: date) -> ReleasePeriod:
    """The newest period that may be drawn on a day."""
    names = ("H2", "H1") if series is Series.CELLS else ("Q4", "Q3", "Q2", "Q1")
    periods = [ReleasePeriod.of(f"{year}-{part}", series) for year in (today.year, today.year - 1) for part in names]
    return next(period for period in periods if period.closes_on <= today)
