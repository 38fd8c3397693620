"""Where a site of each type may be: doorways on the shopping streets, boats on the water, huts on the allotments."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from data.doggerstad.building import Building
from data.doggerstad.land import Scene
from data.doggerstad.parts import lines as lines_of
from data.doggerstad.parts import polygons
from data.doggerstad.road import Road

COUNTS = {
    "doorway": 62, "street": 40, "park": 44, "bridge": 26, "stairwell": 22, "basement": 10, "bin-shed": 10,
    "heating-duct": 12, "station": 14, "public-transport": 10, "hospital-waiting-room": 3, "lobby": 10,
    "vacant-building": 18, "vacant-dwelling": 8, "squat": 8, "allotment-hut": 28, "tent": 28, "encampment": 6,
    "vehicle": 12, "caravan": 6, "boat": 10, "daytime-place": 8, "on-the-move": 5,
}  # fmt: skip
"""Sites of each type: 400."""


ON_WATER = frozenset({"boat", "bridge"})

IN_GAP = {"tent": 2, "stairwell": 1, "vehicle": 1}
"""How many of a type stand in the gap between the work areas, where nobody is assigned."""


@dataclass(frozen=True)
class Ground:
    """All that a site can stand on, in metres."""

    scene: Scene
    gap: Polygon
    roads: list[Road]
    buildings: list[Building]


Pick = Callable[[np.random.Generator], Point]


def make_spots(rng: np.random.Generator, ground: Ground) -> dict[str, list[Point]]:
    """Points by site type, at least 18 m from each other and inside the town."""
    picks = _picks(ground)
    inside = ground.scene.land.outline.buffer(-15)
    wet = ground.scene.water.all
    shapely.prepare([inside, wet])
    taken: list[tuple[float, float]] = []
    spots: dict[str, list[Point]] = {}
    for site_type, count in COUNTS.items():
        found: list[Point] = []
        while len(found) < count:
            in_gap = len(found) < IN_GAP.get(site_type, 0)
            point = _within(rng, ground.gap) if in_gap else picks[site_type](rng)
            if not inside.contains(point) or (site_type not in ON_WATER and wet.contains(point)):
                continue
            if taken and np.min(np.hypot(*(np.array(taken) - (point.x, point.y)).T)) < 18:
                continue
            taken.append((point.x, point.y))
            found.append(point)
        spots[site_type] = found
    return spots


def _picks(ground: Ground) -> dict[str, Pick]:
    water, land = ground.scene.water, ground.scene.land
    kinds = _by_kind(ground.buildings)
    centre, belt = Point(0, 0).buffer(1250), Point(0, 0).buffer(2050)
    shops = _streets(ground, {"main", "secondary", "bridge"}, centre)
    homes = _inside([b for b in kinds["block"] if belt.contains(b.representative_point())])
    suburbs = _beside(_streets(ground, {"residential"}, land.built.difference(belt)), 14)
    sheds = _inside(kinds["shed"])
    greens = {kind: [g.geom for g in land.greens if g.kind == kind] for kind in ("park", "wood", "allotments")}
    by_water = _beside([part.exterior for part in polygons(water.all.intersection(land.outline))], -9)
    station = _inside([land.station, land.hall])
    railside = _in_shape(land.corridor.buffer(45).difference(land.corridor.buffer(4)))
    hospital = _inside([b.geom for b in ground.buildings if b.name == "Doggerstad Hospital"])
    boats = _in_shape(shapely.union_all([*water.canals.values(), water.basins, water.moat]).buffer(-5))
    ducts = _beside(_streets(ground, {"service"}, land.harbour), 10)
    main_stops = _beside(_streets(ground, {"main", "ring"}, land.built), 8)
    return {
        "doorway": _beside(shops, 7),
        "street": _beside(_streets(ground, {"residential", "quay", "alley"}, belt), 5),
        "park": _inside(greens["park"]),
        "bridge": _near(_crossings(ground), 6),
        "stairwell": _mixed(homes, suburbs, 0.7),
        "basement": homes,
        "bin-shed": _mixed(homes, suburbs, 0.5),
        "heating-duct": _mixed(ducts, suburbs, 0.6),
        "station": station,
        "public-transport": main_stops,
        "hospital-waiting-room": hospital,
        "lobby": _beside(shops, 13),
        "vacant-building": _mixed(sheds, homes, 0.5),
        "vacant-dwelling": _mixed(homes, suburbs, 0.6),
        "squat": _mixed(sheds, homes, 0.4),
        "allotment-hut": _inside(greens["allotments"]),
        "tent": _mixed(_inside(greens["park"] + greens["wood"]), _mixed(by_water, railside, 0.6), 0.5),
        "encampment": _mixed(_inside(greens["wood"]), railside, 0.6),
        "caravan": _mixed(ducts, _inside(greens["wood"]), 0.6),
        "vehicle": _mixed(ducts, suburbs, 0.6),
        "boat": boats,
        "daytime-place": _beside(shops, 12),
        "on-the-move": main_stops,
    }


def _by_kind(buildings: list[Building]) -> dict[str, list[BaseGeometry]]:
    kinds: dict[str, list[BaseGeometry]] = {}
    for building in buildings:
        kinds.setdefault(building.kind, []).append(building.geom)
    return kinds


def _streets(ground: Ground, kinds: set[str], within: BaseGeometry) -> list[LineString]:
    lines = [road.geom for road in ground.roads if road.kind in kinds]
    inside = shapely.intersection(np.array(lines, dtype=object), within)
    return [part for shape in inside.tolist() for part in lines_of(shape, least=20)]


def _beside(lines: list[LineString], off: float) -> Pick:
    """A point `off` metres to either side of a line (only to the right of a ring when negative), by length."""
    lengths = np.cumsum([line.length for line in lines])

    def pick(rng: np.random.Generator) -> Point:
        line = lines[int(np.searchsorted(lengths, rng.uniform(0, lengths[-1])))]
        at = rng.uniform(0, line.length)
        a, b = line.interpolate(max(at - 1, 0)), line.interpolate(min(at + 1, line.length))
        side = off * (1 if off < 0 or rng.random() < 0.5 else -1) / max(a.distance(b), 1e-6)
        return Point((a.x + b.x) / 2 - (b.y - a.y) * side, (a.y + b.y) / 2 + (b.x - a.x) * side)

    return pick


def _inside(shapes: list[BaseGeometry]) -> Pick:
    """A point in one of the shapes, larger ones more often, but by the root of their area."""
    weights = np.cumsum([shape.area**0.5 for shape in shapes])

    def pick(rng: np.random.Generator) -> Point:
        return _within(rng, shapes[int(np.searchsorted(weights, rng.uniform(0, weights[-1])))])

    return pick


def _in_shape(shape: BaseGeometry) -> Pick:
    return _inside([*polygons(shape)])


def _within(rng: np.random.Generator, shape: BaseGeometry) -> Point:
    west, south, east, north = shape.bounds
    for _ in range(400):
        point = Point(rng.uniform(west, east), rng.uniform(south, north))
        if shape.contains(point):
            return point
    return shape.representative_point()


def _mixed(one: Pick, other: Pick, share: float) -> Pick:
    return lambda rng: one(rng) if rng.random() < share else other(rng)


def _near(points: list[Point], metres: float) -> Pick:
    return lambda rng: _moved(rng, points[int(rng.integers(len(points)))], metres)


def _moved(rng: np.random.Generator, point: Point, metres: float) -> Point:
    return Point(point.x + rng.normal(0, metres), point.y + rng.normal(0, metres))


def _crossings(ground: Ground) -> list[Point]:
    """The ends of bridges, over water and over the railway."""
    scene = ground.scene
    over = shapely.union_all([scene.water.all, scene.land.corridor]).intersection(scene.land.outline)
    lines = [road.geom for road in ground.roads if road.kind in {"main", "ring", "secondary", "bridge"}]
    ends = shapely.intersection(np.array(lines, dtype=object), over.boundary)
    return [part for part in shapely.get_parts(shapely.get_parts(ends)).tolist() if isinstance(part, Point)]
