"""Coverage over HTTP: the numbers behind the map, in their three meanings."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from shapely.geometry import mapping

from api.asking import Reaching
from api.noun_router import noun_router
from api.selection import SelectionQuery, select
from geo.account import Role
from geo.coverage import Assignment, Coverage, Tally, Zone, measure_coverage

router: APIRouter = noun_router("coverage")


class Counts(BaseModel):
    """Visit and effort coverage of some ground. `searched_cells` and `found_cells` are cells of 100 m."""

    efforts: int
    encounters: int
    active_sites: int
    seen_in_time: int
    overdue: int
    share_seen: float | None
    searched_cells: int
    found_cells: int


class ZoneCounts(Counts):
    id: UUID
    name: str
    code: str | None
    km2: float


class Ground(BaseModel):
    """A gap with its district, or an overlap with its two work areas."""

    km2: float
    names: list[str]
    geometry: dict[str, Any]


class AssignmentOut(BaseModel):
    """`other_areas_km2` is ground in other work areas alone, where a team was asked for: neither gap nor covered."""

    territory_km2: float
    covered_km2: float
    share: float | None
    gap_km2: float
    overlap_km2: float
    outside_km2: float
    other_areas_km2: float
    shapes_left_out: int
    gaps: list[Ground]
    overlaps: list[Ground]


class CoverageOut(BaseModel):
    """Without `assignment` and with no districts for who sees some work areas only."""

    first: date
    last: date
    as_of: date
    team: UUID | None
    type: str | None
    assignment: AssignmentOut | None
    total: Counts
    work_areas: list[ZoneCounts]
    districts: list[ZoneCounts]


@router.get("")
async def read_coverage(asked: Reaching, query: Annotated[SelectionQuery, Query()]) -> CoverageOut:
    """Assignment, visit and effort coverage of a period; what each means is told in docs/why/coverage.md."""
    selection, _ = await select(asked, query)
    coverage = await measure_coverage(asked.session, selection, whole=Role.MANAGER in asked.asker.roles)
    return of_coverage(coverage)


def of_coverage(coverage: Coverage) -> CoverageOut:
    selection = coverage.selection
    return CoverageOut(
        first=selection.period.first,
        last=selection.period.last,
        as_of=selection.as_of,
        team=selection.team_id,
        type=selection.site_type,
        assignment=_assignment(coverage.assignment) if coverage.assignment else None,
        total=Counts(**_counts(coverage.total)),
        work_areas=[_zone(zone) for zone in coverage.areas],
        districts=[_zone(zone) for zone in coverage.districts],
    )


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "efforts": tally.efforts,
        "encounters": tally.encounters,
        "active_sites": tally.sites,
        "seen_in_time": tally.seen,
        "overdue": tally.overdue,
        "share_seen": tally.share,
        "searched_cells": tally.searched,
        "found_cells": tally.found,
    }


def _zone(zone: Zone) -> ZoneCounts:
    return ZoneCounts(id=zone.id, name=zone.name, code=zone.code, km2=zone.km2, **_counts(zone))


def _assignment(found: Assignment) -> AssignmentOut:
    return AssignmentOut(
        territory_km2=found.territory_km2,
        covered_km2=found.covered_km2,
        share=found.share,
        gap_km2=found.gap_km2,
        overlap_km2=found.doubled_km2,
        outside_km2=found.outside_km2,
        other_areas_km2=found.others_km2,
        shapes_left_out=found.left_out,
        gaps=[
            Ground(km2=gap.km2, names=[gap.district] if gap.district else [], geometry=mapping(gap.shape))
            for gap in found.gaps
        ],
        overlaps=[
            Ground(km2=overlap.km2, names=list(overlap.areas), geometry=mapping(overlap.shape))
            for overlap in found.overlaps
        ],
    )
