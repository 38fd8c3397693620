"""The coverage map: assignment, visit and effort coverage on one Folium figure, each as layers of its own."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.compact import encode_cells, encode_polygons
from geo.coverage import SLIVER_KM2, Coverage, Zone, kilometres
from geo.folium_map import Basemap, CellSquares, Drawn, Shapes, draw, without_places
from geo.selection import Selection
from geo.sql import queries
from geo.viewport import Bounds
from geo.voice import Voice

MOST_SITES = 2000
LEAST_EFFORTS = 5
Shape = dict[str, Any]


async def list_overdue(session: AsyncSession, selection: Selection) -> list[Any]:
    """Overdue sites with their exact place, the longest unseen first; at most MOST_SITES of those the asker reaches."""
    found = await session.execute(text(queries("coverage")["overdue"]), selection.parameters() | {"most": MOST_SITES})
    return list(found.all())


def coverage_map(
    coverage: Coverage | None,
    voice: Voice,
    basemap: dict[str, Any],
    bounds: Bounds,
    overdue: Sequence[Any] = (),
) -> Drawn:
    """Draws coverage; with None, draws the same figure empty (its script is the same)."""
    say = voice.text
    assignment = coverage.assignment if coverage else None
    areas = coverage.areas if coverage else []
    districts = coverage.districts if coverage else []
    layers = [
        Basemap("basemap", say("Basemap"), without_places(basemap) if districts or areas else basemap),
        Shapes("districts", say("Districts"), _shapes("district", [_outline(zone) for zone in districts])),
        Shapes("others", say("Other work areas"), _shapes("other", _others(coverage, voice))),
        Shapes(
            "seen_areas",
            say("Sites seen in time, by work area"),
            _shapes("share", [_seen(zone, voice) for zone in areas]),
            base=True,
        ),
        Shapes(
            "seen_districts",
            say("Sites seen in time, by district"),
            _shapes("share", [_seen(zone, voice) for zone in districts]),
            base=True,
            show=False,
        ),
        Shapes(
            "areas",
            say("Work areas"),
            _shapes("area", [_ground(zone, voice) for zone in areas]),
            base=True,
            show=False,
        ),
        CellSquares("cells", say("Cells searched"), _cells(coverage, voice), base=True, show=False),
        Shapes("gaps", say("Gaps"), _shapes("gap", _gaps(coverage, voice))),
        Shapes("overlaps", say("Overlaps"), _shapes("overlap", _overlaps(coverage, voice))),
        Shapes("sites", say("Overdue sites"), _shapes("site", [_site(row, voice) for row in overdue])),
    ]
    shapes = [zone.shape for zone in (*districts, *areas)] + [
        gap.shape for gap in (assignment.gaps if assignment else [])
    ]
    return draw("coverage", say("Coverage map"), layers, _around([s.bounds for s in shapes if not s.is_empty], bounds))


def _shapes(look: str, shapes: list[Shape]) -> dict[str, Any]:
    return {"look": look, "shapes": shapes}


def _around(boxes: list[tuple[float, float, float, float]], otherwise: Bounds) -> Bounds:
    if not boxes:
        return otherwise
    west, south, east, north = zip(*boxes, strict=True)
    return (min(west), min(south), max(east), max(north))


def _outline(zone: Zone) -> Shape:
    return {"polygons": encode_polygons(zone.shape), "title": zone.name, "lines": [], "label": zone.name}


def _ground(zone: Zone, voice: Voice) -> Shape:
    size = voice.text("%(size)s km²", size=voice.number(zone.km2, 2))
    return {"polygons": encode_polygons(zone.shape), "title": zone.name, "lines": [size], "label": zone.name}


def _seen(zone: Zone, voice: Voice) -> Shape:
    say, share = voice.text, zone.share
    lines = [
        say(
            "%(seen)s of %(sites)s active sites seen in time",
            seen=voice.number(zone.seen),
            sites=voice.number(zone.sites),
        )
        if zone.sites
        else say("no active site"),
    ]
    if zone.overdue:
        lines.append(say("%(count)s overdue", count=voice.number(zone.overdue)))
    lines.append(
        say(
            "%(efforts)s searches, %(encounters)s with an encounter",
            efforts=voice.number(zone.efforts),
            encounters=voice.number(zone.encounters),
        )
    )
    return {
        "polygons": encode_polygons(zone.shape),
        "title": zone.name,
        "lines": lines,
        "label": zone.name if share is None else f"{zone.name}\n{voice.percent(share)}",
        "class": 0 if share is None else min(5, int(share * 5) + 1),
    }


def _cells(coverage: Coverage | None, voice: Voice) -> dict[str, Any]:
    levels = [encode_cells(cells) for cells in (coverage.cells, kilometres(coverage.cells))] if coverage else []
    return {"levels": levels, "least": LEAST_EFFORTS, "look": "effort", "steps": [""], "words": cell_words(voice)}


def cell_words(voice: Voice) -> dict[str, str]:
    say = voice.text
    return {
        "cell": say("cell of"),
        "efforts": say("Searches"),
        "encounters": say("Encounters"),
        "rate": say("Encounters per search"),
    }


def _gaps(coverage: Coverage | None, voice: Voice) -> list[Shape]:
    if coverage is None or coverage.assignment is None:
        return []
    say = voice.text
    return [
        {
            "polygons": encode_polygons(gap.shape),
            "title": say("Gap: no work area"),
            "lines": [line for line in (gap.district, say("%(size)s km²", size=voice.number(gap.km2, 3))) if line],
        }
        for gap in coverage.assignment.gaps
        if gap.km2 >= SLIVER_KM2
    ]


def _others(coverage: Coverage | None, voice: Voice) -> list[Shape]:
    found = coverage.assignment if coverage else None
    if found is None or found.others is None:
        return []
    say = voice.text
    size = say("%(size)s km²", size=voice.number(found.others_km2, 3))
    return [{"polygons": encode_polygons(found.others), "title": say("Other work areas"), "lines": [size]}]


def _overlaps(coverage: Coverage | None, voice: Voice) -> list[Shape]:
    if coverage is None or coverage.assignment is None:
        return []
    say = voice.text
    return [
        {
            "polygons": encode_polygons(overlap.shape),
            "title": say("Overlap of two work areas"),
            "lines": [*overlap.areas, say("%(size)s km²", size=voice.number(overlap.km2, 3))],
        }
        for overlap in coverage.assignment.overlaps
        if overlap.km2 >= SLIVER_KM2
    ]


def _site(row: Any, voice: Voice) -> Shape:
    last: date | None = row.last_on
    seen = voice.text("last seen %(day)s", day=voice.date(last)) if last else voice.text("never seen")
    return {
        "point": [round(row.lon, 5), round(row.lat, 5)],
        "title": row.name or row.site_type,
        "lines": [seen, voice.text("to be seen every %(days)s days", days=voice.number(row.revisit_days))],
    }
