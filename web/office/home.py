"""A manager's home: what is covered and what is not."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import shapely
from fastapi import APIRouter, Request
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from starlette.responses import Response

from api.asking import Asked, Managing, ManagingExact
from api.problem import NOT_FOUND, Problem
from geo.coverage import SLIVER_KM2, Coverage, kilometres, measure_coverage
from geo.due import due_sites
from geo.grid import cell_squares
from geo.law_request_query import holding_requests
from geo.overview import last_visit_on, sites_by_status, visits_by_month
from geo.selection import Period, Selection
from geo.work_area_query import find_work_area
from web.alert import alerts_anew, alerts_at_home
from web.law_request import law_at_home
from web.page import render
from web.site_type import site_types
from web.widening import told_at_home
from web.words import STATUSES

router = APIRouter(prefix="/office", include_in_schema=False)
LOOK_BACK = timedelta(days=29)
CELLS_PER_KM2 = 100
MOST_CELLS = 4_000
MOST_OVERDUE = 200


@router.get("")
async def office_home(request: Request, asked: Managing) -> Response:
    asker = asked.asker
    period = Period(asker.today - LOOK_BACK, asker.today)
    coverage = await measure_coverage(
        asked.session, Selection(asker.organisation_id, asker.time_zone, asker.today, period)
    )
    by_status = await sites_by_status(asked.session, asker.organisation_id)
    assignment = coverage.assignment
    assert assignment
    return render(
        request,
        "office/home.html",
        asker,
        coverage=coverage,
        effort=effort_share(coverage),
        period=period,
        quiet=await _quiet(asked, coverage),
        gaps=[gap for gap in assignment.gaps if gap.km2 >= SLIVER_KM2],
        overlaps=[overlap for overlap in assignment.overlaps if overlap.km2 >= SLIVER_KM2],
        statuses_here={status: by_status[status] for status in STATUSES if status in by_status},
        months=await visits_by_month(asked.session, asker.organisation_id, asker.today, asker.time_zone),
        areas=sorted(coverage.areas, key=lambda area: (-area.overdue, area.name)),
        shapes=shapes(coverage),
        told=await told_at_home(asked),
        law=await law_at_home(asked),
        frozen=bool(await holding_requests(asked.session, asker.organisation_id)),
        **await alerts_at_home(request, asked, "/office"),
    )


@router.get("/alerts")
async def office_alerts(request: Request, asked: Managing) -> Response:
    return await alerts_anew(request, asked, "/office")


async def _quiet(asked: Asked, coverage: Coverage) -> tuple[date, Period] | None:
    """When the period is empty though there are visits: the day of the last one, and its month."""
    asker = asked.asker
    if coverage.total.efforts:
        return None
    last = await last_visit_on(asked.session, asker.organisation_id, asker.today, asker.time_zone)
    if last is None or last >= coverage.selection.period.first:
        return None
    return last, Period(last.replace(day=1), last.replace(day=monthrange(last.year, last.month)[1]))


def effort_share(coverage: Coverage) -> float | None:
    """Searched cells of 100 m against the size of the territory; none without a territory."""
    territory = coverage.assignment.territory_km2 if coverage.assignment else 0
    return min(1.0, coverage.total.searched / (territory * CELLS_PER_KM2)) if territory else None


def shapes(coverage: Coverage) -> dict[str, Any]:
    """What the two small maps draw: GeoJSON shapes, and cells as west, south, east, north with their searches."""
    cells = coverage.cells if len(coverage.cells.numbers) <= MOST_CELLS else kilometres(coverage.cells)
    squares = shapely.bounds(cell_squares(cells.numbers.tolist(), cells.metres)).reshape(-1, 4).round(6)
    assignment = coverage.assignment
    assert assignment
    return {
        "areas": [{"name": area.name, "share": area.share, "shape": _shape(area.shape)} for area in coverage.areas],
        "districts": [_shape(district.shape) for district in coverage.districts],
        "gaps": [_shape(gap.shape) for gap in assignment.gaps if gap.km2 >= SLIVER_KM2],
        "overlaps": [_shape(overlap.shape) for overlap in assignment.overlaps if overlap.km2 >= SLIVER_KM2],
        "cells": [
            [*square, searches] for square, searches in zip(squares.tolist(), cells.efforts[:, 0].tolist(), strict=True)
        ],
    }


def _shape(shape: BaseGeometry) -> Any:
    return mapping(shapely.set_precision(shape, 1e-6, mode="pointwise"))


@router.get("/overdue/{area_id}")
async def overdue_page(request: Request, asked: ManagingExact, area_id: UUID) -> Response:
    asker = asked.asker
    area = await find_work_area(asked.session, asker.organisation_id, area_id)
    if area is None:
        raise Problem(NOT_FOUND)
    due = await due_sites(
        asked.session,
        asker.organisation_id,
        today=asker.today,
        time_zone=asker.time_zone,
        area=area_id,
        limit=MOST_OVERDUE,
    )
    asked.saw("site", [site.id for site in due])
    labels = {kind.slug: kind.label for kind in await site_types(asked)}
    return render(request, "office/overdue.html", asker, area=area, due=due, labels=labels, most=MOST_OVERDUE)
