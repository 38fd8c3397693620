"""The map pages. Folium draws them; the page carries the data, and the script of the figure, which holds none, is a
resource of its own."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from api.asker import Asker
from api.asking import Reaching
from api.problem import NOT_FOUND, Problem
from api.selection import MapQuery, select
from geo.account import Role
from geo.coverage import measure_coverage
from geo.coverage_map import coverage_map, list_overdue
from geo.folium_map import Drawn, basemap_data
from geo.heat import count_heat
from geo.heat_map import heat_map
from geo.map_panel import Asked as Form
from geo.map_panel import coverage_panel, heat_panel
from geo.outline import list_outlines
from web import i18n
from web.page import language_of, render

router = APIRouter(prefix="/maps", include_in_schema=False)
NOWHERE = (-180.0, -80.0, 180.0, 80.0)


@router.get("/coverage")
async def show_coverage(request: Request, asked: Reaching, query: Annotated[MapQuery, Query()]) -> Response:
    """Assignment, visit and effort coverage. A streetworker sees the own areas alone."""
    selection, choices = await select(asked, query)
    coverage = await measure_coverage(asked.session, selection, whole=Role.MANAGER in asked.asker.roles)
    wants_sites = query.sites == "overdue"
    overdue = []
    if wants_sites:
        asked.exact()
        overdue = await list_overdue(asked.session, selection)
        asked.saw("site", [row.id for row in overdue])
    voice = _voice(request, asked.asker)
    drawn = coverage_map(coverage, voice, basemap_data(choices.basemap), choices.bounds, overdue)
    form = Form(selection, choices, "/maps/coverage", may_see_sites=True, sites=wants_sites)
    return _page(request, asked.asker, "coverage", drawn, coverage_panel(coverage, form, voice))


@router.get("/heat")
async def show_heat(request: Request, asked: Reaching, query: Annotated[MapQuery, Query()]) -> Response:
    """Efforts and encounters by cell and month."""
    selection, choices = await select(asked, query)
    outlines = await list_outlines(asked.session, selection)
    heat = await count_heat(asked.session, selection)
    voice = _voice(request, asked.asker)
    drawn = heat_map(heat, voice, basemap_data(choices.basemap), choices.bounds, outlines)
    return _page(request, asked.asker, "heat", drawn, heat_panel(heat, Form(selection, choices, "/maps/heat"), voice))


@router.get("/{kind}.js")
async def figure_script(request: Request, kind: str, language: str = "en") -> Response:
    """The script of a figure. It is the same whatever the map shows, so it may be kept and tells nothing."""
    if kind not in {"coverage", "heat"} or language not in i18n.languages():
        raise Problem(NOT_FOUND)
    voice = i18n.Speaker(language, "UTC")
    empty = basemap_data([])
    drawn = coverage_map(None, voice, empty, NOWHERE) if kind == "coverage" else heat_map(None, voice, empty, NOWHERE)
    mark = f'"{_mark(drawn.script)}"'
    headers = {"ETag": mark, "Cache-Control": "public, max-age=31536000, immutable"}
    if "v" not in request.query_params:
        headers["Cache-Control"] = "public, no-cache"
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(drawn.script, headers=headers, media_type="text/javascript")


def _voice(request: Request, asker: Asker) -> i18n.Speaker:
    return i18n.Speaker(language_of(request, asker), asker.time_zone)


def _mark(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()[:16]


def _page(request: Request, asker: Asker, kind: str, drawn: Drawn, panel: Markup) -> Response:
    own = f"/maps/{kind}.js?language={language_of(request, asker)}&v={_mark(drawn.script)}"
    return render(request, "map.html", asker, kind=kind, drawn=drawn, panel=panel, own=own)
