"""Quarters: the ten districts that tile the town, and the eight work areas with their one gap and one overlap.

Both are unions of the same faces, cut by roads, river and moat, so that neighbours share every vertex of their border.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box
from shapely.affinity import rotate
from shapely.geometry.base import BaseGeometry

from data.doggerstad.land import Land
from data.doggerstad.parts import faces, largest, polygons
from data.doggerstad.road import Road
from data.doggerstad.water import Water

DISTRICTS: dict[str, tuple[str, tuple[tuple[float, float], ...]]] = {
    "D01": ("Oldholm", ()),
    "D02": ("Amber Bank", ((-250, 1250), (700, 1150), (1500, 700), (400, 700), (500, 1900))),
    "D03": ("Storegga Docks", ((-1500, 2000), (-2600, 900))),
    "D04": ("Kelp End", ((0, 2500), (1800, 2400))),
    "D05": ("Tern Moor", ((2700, 300), (2500, 1000))),
    "D06": ("Eel Meadows", ((1600, -500),)),
    "D07": ("Hazel Moor", ((2600, -1500), (2900, -1000))),
    "D08": ("Flintgate", ((300, -1900), (-500, -1500), (900, -1700))),
    "D09": ("Peat End", ((300, -2500), (-1200, -2400))),
    "D10": ("Hunters' Field", ((-1700, -300), (-2700, -500), (-2400, -1500), (-1600, -1200))),
}
"""Code → name, and points (metres) that lie in it."""

WORK_AREAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Docks": ("Oyster", ("D03",)),
    "Kelp End": ("Oyster", ("D04",)),
    "Amber Bank": ("Oyster", ("D02",)),
    "Tern Moor and Eel Meadows": ("Oyster", ("D05", "D06")),
    "Oldholm West": ("Mammoth", ("D01 west",)),
    "Oldholm East": ("Mammoth", ("D01 east",)),
    "Station and Hazel Moor": ("Mammoth", ("D08", "D07")),
    "Hunters' Field and Peat End": ("Mammoth", ("D10", "D09")),
}
"""Name → team, and the districts (or halves) that it is made of."""

GAP = (2420.0, -1420.0, 620.0, 480.0, 38.0)
"""Hazel Moor's corner that nobody was given: middle, length, width in metres, turn in degrees. At least 0.2 km²."""

OVERLAP = (330.0, -1470.0, 520.0, 400.0, 4.0)
"""In front of the station: what of this box lies in Flintgate is also in Oldholm East. At least 0.05 km²."""


@dataclass(frozen=True)
class Quarters:
    """Polygons in metres, by district code and by work area name."""

    districts: dict[str, MultiPolygon]
    work_areas: dict[str, MultiPolygon]
    gap: Polygon
    overlap: Polygon


def make_quarters(water: Water, land: Land, through: list[Road]) -> Quarters:
    gap, overlap = _turned_box(*GAP), _turned_box(*OVERLAP)
    split = _middle(through).intersection(water.inside_moat.buffer(1))
    edges = [*_borders(water, land, through), split, gap.exterior, overlap.exterior]
    noded = faces(shapely.union_all(edges, grid_size=0.01))
    found = [face for face in noded if land.outline.contains(face.representative_point())]
    codes = _labels(found, water.inside_moat)
    districts = {code: _union(f for f, of in zip(found, codes, strict=True) if of == code) for code in DISTRICTS}
    held: dict[str, list[Polygon]] = {name: [] for name in WORK_AREAS}
    twice: list[Polygon] = []
    left_out: list[Polygon] = []
    for face, code in zip(found, codes, strict=True):
        at = face.representative_point()
        if gap.contains(at):
            left_out.append(face)
            continue
        part = f"{code} {_side(at, split)}" if code == "D01" else code
        held[next(name for name, (_, parts) in WORK_AREAS.items() if part in parts)].append(face)
        if code == "D08" and overlap.contains(at):
            held["Oldholm East"].append(face)
            twice.append(face)
    areas = {name: _union(of_area) for name, of_area in held.items()}
    return Quarters(districts, areas, largest(_union(left_out)), largest(_union(twice)))


def _turned_box(x: float, y: float, length: float, width: float, turn: float) -> Polygon:
    return rotate(box(x - length / 2, y - width / 2, x + length / 2, y + width / 2), turn)


def _borders(water: Water, land: Land, through: list[Road]) -> list[BaseGeometry]:
    named = {road.name: road.geom for road in through if road.name}
    roads = ("Harbour Road", "Amber Road", "Hazel Road", "Mammoth Road", "Peat Road")
    courses = [water.river_line, named["Ring"], *(_reaching(named[name]) for name in roads)]
    outside = [course.difference(water.inside_moat.buffer(-1)).simplify(3.0) for course in courses]
    return [land.outline.exterior, water.inside_moat.exterior, *outside]


def _middle(through: list[Road]) -> LineString:
    """Down the old centre from the river to the moat's far side: Northgate and then Flint Road."""
    named = {road.name: road.geom for road in through if road.name}
    return LineString([*reversed(named["Northgate"].coords), *list(named["Flint Road"].coords)[1:]])


def _reaching(line: LineString) -> LineString:
    """The line, gone on straight for 900 m at its far end and 80 m at its near one, so that it meets what it should."""
    points = np.array(line.coords)
    first, last = points[0] - points[1], points[-1] - points[-2]
    start = points[0] + first / np.hypot(*first) * 80
    end = points[-1] + last / np.hypot(*last) * 900
    return LineString(np.vstack([start, points, end]))


def _labels(found: list[Polygon], old_town: Polygon) -> list[str]:
    """What lies inside the moat is Oldholm. Another face takes the district of the anchor inside it.

    One without an anchor takes that of the neighbour with the longest border.
    """
    labels = ["D01" if old_town.contains(face.representative_point()) else _anchored(face) for face in found]
    while "" in labels:
        best = (-1.0, 0, "")
        for index, face in enumerate(found):
            if labels[index]:
                continue
            for other, label in zip(found, labels, strict=True):
                if label and face.intersects(other):
                    best = max(best, (float(face.intersection(other).length), index, label))
        labels[best[1]] = best[2]
    return labels


def _anchored(face: Polygon) -> str:
    for code, (_, anchors) in DISTRICTS.items():
        if any(face.contains(Point(at)) for at in anchors):
            return code
    return ""


def _side(at: Point, split: BaseGeometry) -> str:
    """West or east of the line down the old centre: where a level line from the point meets it."""
    level = LineString([(at.x - 5000, at.y), (at.x, at.y)])
    crossed = [part for part in shapely.get_parts(level.intersection(split)) if not part.is_empty]
    return "east" if len(crossed) % 2 else "west"


def _union(parts: Iterable[Polygon]) -> MultiPolygon:
    return MultiPolygon(polygons(shapely.union_all(list(parts))))
