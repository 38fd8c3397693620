"""Coverage, in its three meanings: assignment (territory inside valid work areas), visit (active sites seen within
their revisit interval) and effort (cells searched, people found or not). Counted in PostGIS, see geo/coverage.sql."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from shapely import from_wkb
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.border import count_border
from geo.grid import ROW
from geo.heat import Cells
from geo.selection import Selection
from geo.sql import queries

SLIVER_KM2 = 0.0001
COUNTED = np.dtype([("cell", ">i8"), ("efforts", ">i4"), ("encounters", ">i4")])


@dataclass(frozen=True)
class Gap:
    """Territory without a work area (EPSG:4326), and the district that it lies in."""

    km2: float
    district: str | None
    shape: BaseGeometry


@dataclass(frozen=True)
class Overlap:
    """Ground that two work areas share (EPSG:4326)."""

    km2: float
    areas: tuple[str, str]
    shape: BaseGeometry


@dataclass(frozen=True)
class Assignment:
    """Assignment coverage on a day. Areas in km², from the equal-area EPSG:3035.

    `territory_km2` is the union of the districts, `covered_km2` what of it lies in a valid work area, `outside_km2`
    work areas beyond every district, `doubled_km2` ground in more than one work area. Gaps and overlaps are in order
    of size and hold even slivers; `left_out` shapes were not valid once projected and count for nothing.

    Of a team, its own areas are counted; `others_km2` of the territory lie in other work areas alone and are no gap,
    and `others` is their shape (EPSG:4326), if there is any. An overlap is one of the team's areas with any other.
    """

    territory_km2: float
    covered_km2: float
    outside_km2: float
    doubled_km2: float
    gaps: list[Gap]
    overlaps: list[Overlap]
    left_out: int
    others_km2: float = 0.0
    others: BaseGeometry | None = None

    @property
    def share(self) -> float | None:
        """Of the territory; exactly 1 where nothing else is left, though the overlay's last digits may differ."""
        if not self.territory_km2:
            return None
        return self.covered_km2 / self.territory_km2 if self.gaps or self.others else 1.0

    @property
    def gap_km2(self) -> float:
        return sum(gap.km2 for gap in self.gaps)


@dataclass(frozen=True)
class Tally:
    """Visits of the period, and the active sites at its end; `searched` and `found` are cells of 100 m."""

    efforts: int
    encounters: int
    sites: int
    seen: int
    searched: int
    found: int

    @property
    def overdue(self) -> int:
        return self.sites - self.seen

    @property
    def share(self) -> float | None:
        """Visit coverage: the share of active sites seen within their revisit interval."""
        return self.seen / self.sites if self.sites else None

    @property
    def rate(self) -> float | None:
        return self.encounters / self.efforts if self.efforts else None


@dataclass(frozen=True)
class Zone(Tally):
    """A district or a work area. `shape` is simplified for drawing (EPSG:4326); `km2` is not."""

    kind: Literal["district", "work area"]
    id: UUID
    name: str
    code: str | None
    km2: float
    shape: BaseGeometry

    @property
    def searched_share(self) -> float:
        """Effort coverage: searched cells against the zone's size in cells."""
        return min(1.0, self.searched / max(1.0, self.km2 * 100))


@dataclass(frozen=True)
class Coverage:
    """The three coverages of a selection. Who sees only some work areas gets no `assignment` and no `districts`."""

    selection: Selection
    assignment: Assignment | None
    districts: list[Zone]
    areas: list[Zone]
    total: Tally
    cells: Cells


async def measure_coverage(session: AsyncSession, selection: Selection, *, whole: bool = True) -> Coverage:
    """Measures what the asker may see. `whole` says that this is the whole organisation: without it, what other
    people look after would seem to be a gap, and a district would count one worker's sites alone."""
    await session.execute(text(queries("coverage")["plan"]))
    found = await session.execute(text(queries("coverage")["zones"]), selection.parameters() | {"districts": whole})
    *zones, total = sorted(found.all(), key=lambda row: row.kind == "all")
    counts = await asyncio.to_thread(count_border, zones, total.points, total.pairs)
    return Coverage(
        selection,
        await measure_assignment(session, selection) if whole else None,
        [_zone(row, counts[row.place]) for row in zones if row.kind == "district"],
        [_zone(row, counts[row.place]) for row in zones if row.kind == "work area"],
        Tally(*_counts(total)),
        _cells(total.cells),
    )


async def measure_assignment(session: AsyncSession, selection: Selection) -> Assignment:
    """Assignment coverage of the whole organisation, or of one team in it, on the last day of the period, or today if
    that is earlier."""
    rows = (await session.execute(text(queries("coverage")["assignment"]), selection.parameters())).all()
    km2 = {row.kind: row.km2 or 0.0 for row in rows if row.shape is None}
    return Assignment(
        territory_km2=km2["territory"],
        covered_km2=km2["covered"],
        outside_km2=km2["outside"],
        doubled_km2=km2["doubled"],
        gaps=[Gap(row.km2, row.name, from_wkb(bytes(row.shape))) for row in rows if row.kind == "gap"],
        overlaps=[
            Overlap(row.km2, (row.name, row.other), from_wkb(bytes(row.shape))) for row in rows if row.kind == "overlap"
        ],
        left_out=int(km2["left-out"]),
        others_km2=km2["others"],
        others=next((from_wkb(bytes(row.shape)) for row in rows if row.kind == "other-ground"), None),
    )


def _counts(row: Any) -> tuple[int, int, int, int, int, int]:
    return row.efforts, row.encounters, row.sites, row.seen, row.searched, row.found


def _zone(row: Any, border: NDArray[np.int64]) -> Zone:
    """A zone from its whole cells and what its border adds: efforts, encounters, sites, seen."""
    efforts, encounters, sites, seen = (border + _counts(row)[:4]).tolist()
    return Zone(
        efforts=efforts,
        encounters=encounters,
        sites=sites,
        seen=seen,
        searched=row.searched,
        found=row.found,
        kind=row.kind,
        id=row.id,
        name=row.name,
        code=row.code,
        km2=row.km2,
        shape=from_wkb(bytes(row.shape)),
    )


def _cells(counts: bytes | None) -> Cells:
    rows: Any = np.frombuffer(counts or b"", COUNTED)
    order = np.argsort(rows["cell"])
    columns = [rows[name].astype(np.int64)[order] for name in COUNTED.names or ()]
    return Cells(100, columns[0], columns[1][:, None], columns[2][:, None])


def kilometres(cells: Cells) -> Cells:
    """The same counts in cells of 1 km, which hundreds of the 100 m cells make up exactly."""
    numbers, place = np.unique(cells.numbers // ROW // 10 * ROW + cells.numbers % ROW // 10, return_inverse=True)
    sums = []
    for counts in (cells.efforts, cells.encounters):
        summed = np.zeros((len(numbers), counts.shape[1]), np.int64)
        np.add.at(summed, place, counts)
        sums.append(summed)
    return Cells(1000, numbers, sums[0], sums[1])
