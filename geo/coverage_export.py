"""Coverage as rows of an export: the organisation, its districts, work areas, gaps and overlaps, with their numbers;
of a team also the ground in other work areas."""

import csv
import io
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import UUID

from shapely import to_wkb
from shapely.geometry.base import BaseGeometry
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import LargeBinary, Uuid

from geo.copying import Rows
from geo.coverage import Assignment, Coverage, Tally, Zone, measure_coverage
from geo.export_cell import harmless
from geo.export_wanted import Wanted, Whose
from geo.selection import Period, Selection
from geo.sql import queries

COLUMNS = (
    "kind",
    "code",
    "name",
    "other_name",
    "km2",
    "share_assigned",
    "active_sites",
    "seen_in_time",
    "overdue",
    "share_seen",
    "efforts",
    "encounters",
    "encounters_per_effort",
    "searched_cells",
    "found_cells",
    "first_day",
    "last_day",
    "as_of",
)
END = "\r\n"  # what a cell may not hold without quotes around it; rows end in LF all the same
Found = tuple[UUID | None, dict[str, Any], str | None]


async def coverage_rows(
    session: AsyncSession, whose: Whose, wanted: Wanted, binds: Mapping[str, str]
) -> AsyncGenerator[Rows, None]:
    """All rows at once: they are as few as districts and work areas. As CSV where `binds` know of formulas.

    `wanted` names both days of the period. Raises what `measure_coverage` raises.
    """
    assert wanted.first_day
    assert wanted.last_day
    selection = Selection(
        whose.organisation_id,
        whose.time_zone,
        whose.today,
        Period(wanted.first_day, wanted.last_day),
        wanted.team,
        next(iter(wanted.types), None),
    )
    found = await _found(session, await measure_coverage(session, selection))
    lines = _csv(found) if "formula" in binds else _features(found, binds)
    yield Rows("".join(f"{line}\n" for line in lines).encode(), len(lines))


async def _found(session: AsyncSession, coverage: Coverage) -> list[Found]:
    """The figures of each row, and its shape as GeoJSON: of zones the exact one, not the one for drawing."""
    zones = [*coverage.districts, *coverage.areas]
    exact = text(queries("export")["zone_shapes"]).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
    asked = {"organisation_id": coverage.selection.organisation_id, "ids": [zone.id for zone in zones]}
    shapes: dict[UUID, str] = {row.id: row.shape for row in await session.execute(exact, asked)}
    period = {
        "first_day": coverage.selection.period.first,
        "last_day": coverage.selection.period.last,
        "as_of": coverage.selection.as_of,
    }
    found: list[Found] = [(None, {"kind": "organisation"} | _counts(coverage.total) | period, None)]
    found += [(zone.id, _zone(zone) | period, shapes[zone.id]) for zone in zones]
    if coverage.assignment:
        found[0][1].update(km2=round(coverage.assignment.territory_km2, 6), share_assigned=coverage.assignment.share)
        found += await _grounds(session, coverage.assignment, period)
    return found


async def _grounds(session: AsyncSession, assignment: Assignment, period: dict[str, Any]) -> list[Found]:
    figures: list[dict[str, Any]] = []
    figures += [{"kind": "gap", "name": gap.district, "km2": round(gap.km2, 6)} for gap in assignment.gaps]
    figures += [
        {"kind": "overlap", "name": each.areas[0], "other_name": each.areas[1], "km2": round(each.km2, 6)}
        for each in assignment.overlaps
    ]
    grounds = [gap.shape for gap in assignment.gaps] + [overlap.shape for overlap in assignment.overlaps]
    if assignment.others:
        figures.append({"kind": "other work areas", "km2": round(assignment.others_km2, 6)})
        grounds.append(assignment.others)
    shapes = await _as_geojson(session, grounds)
    return [(None, of | period, shape) for of, shape in zip(figures, shapes, strict=True)]


async def _as_geojson(session: AsyncSession, shapes: Sequence[BaseGeometry]) -> list[str]:
    query = text(queries("export")["as_geojson"]).bindparams(bindparam("shapes", type_=ARRAY(LargeBinary)))
    return list(await session.scalars(query, {"shapes": [to_wkb(shape) for shape in shapes]}))


def _zone(zone: Zone) -> dict[str, Any]:
    named = {"kind": zone.kind, "code": zone.code, "name": zone.name, "km2": round(zone.km2, 6)}
    return named | _counts(zone)


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "active_sites": tally.sites,
        "seen_in_time": tally.seen,
        "overdue": tally.overdue,
        "share_seen": tally.share,
        "efforts": tally.efforts,
        "encounters": tally.encounters,
        "encounters_per_effort": tally.rate,
        "searched_cells": tally.searched,
        "found_cells": tally.found,
    }


def _features(found: Sequence[Found], binds: Mapping[str, str]) -> list[str]:
    lines = []
    for id_, figures, shape in found:
        head = {"type": "Feature"} | ({"id": str(id_)} if id_ else {})
        properties = json.dumps({name: figures.get(name) for name in COLUMNS}, default=str, ensure_ascii=False)
        start = json.dumps(head)[:-1]
        lines.append(
            f'{binds["before"]}{start},"geometry":{shape or "null"},"properties":{properties}}}{binds["after"]}'
        )
    return lines


def _csv(found: Sequence[Found]) -> list[str]:
    """Without shapes: those are for GeoJSON."""
    lines = [",".join(("id", *COLUMNS, "number_returned"))]
    for id_, figures, _ in found:
        cells = [figures.get(name) for name in COLUMNS]
        line = io.StringIO()
        written = [harmless(cell) if isinstance(cell, str) else cell for cell in cells]
        csv.writer(line, lineterminator=END).writerow([id_, *written, None])
        lines.append(line.getvalue().removesuffix(END))
    return lines
