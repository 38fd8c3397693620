"""Paths: round the ponds and through the woods, between the allotments; and the lanes outside the town."""

import numpy as np
import shapely
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from data.doggerstad.curve import smooth
from data.doggerstad.land import Green, Scene
from data.doggerstad.parts import largest, lines, polygons
from data.doggerstad.road import Road

LANES = (
    ((-2880, -890), (-3250, -1500), (-3500, -2100), (-3560, -2900), (-3350, -3450)),
    ((-3500, -2100), (-4050, -2300), (-4600, -2250)),
    ((560, -2900), (1250, -3150), (1900, -3300), (2400, -3120), (2560, -2630)),
    ((560, -2900), (-300, -3150), (-1200, -3200), (-1800, -3600), (-2000, -3900)),
    ((3100, 1950), (3050, 2500), (2600, 3000), (2500, 3400)),
    ((2920, 1000), (3500, 900), (4000, 560), (4700, 480)),
    ((3450, 905), (3700, 1500), (3900, 2140)),
    ((-3300, 150), (-3700, 500), (-3800, 950), (-4500, 1020)),
    ((-3300, 150), (-3600, -300), (-3700, -930)),
    ((3600, -1800), (3500, -2300), (3750, -2900), (4700, -2950)),
    ((2880, -420), (3400, -150), (4050, -500), (4700, -900)),
)


def make_paths(scene: Scene) -> list[Road]:
    water, land = scene.water, scene.land
    wet = water.all.buffer(4).union(shapely.union_all(land.ponds).buffer(4))
    roads = []
    for green in land.greens:
        for line in _in(scene.rng, green):
            dry = line.difference(wet)
            roads += [Road("", "path", part) for part in lines(dry, least=40)]
    for pond in land.ponds:
        roads += [Road("", "path", part) for part in lines(pond.buffer(14).exterior.simplify(2))]
    sea = water.sea.buffer(20)
    for knots in LANES:
        lane = LineString(smooth(scene.terrain.bend(np.array(knots, dtype=np.float64), 0.9), step=60)).difference(sea)
        roads += [Road("", "lane", part) for part in lines(lane.simplify(2))]
    return roads


def _in(rng: np.random.Generator, green: Green) -> list[LineString]:
    shape = green.geom
    if green.kind == "dunes" or shape.area < 12000:
        return []
    if green.kind in {"allotments", "cemetery"}:
        return _comb(shape, 48 if green.kind == "allotments" else 70)
    if green.kind == "sports":
        return []
    rings = [LineString(part.exterior.simplify(3).coords) for part in polygons(shape.buffer(-26), least=4000)]
    if green.name in {"Wall Gardens", "Brook Meadows"}:
        return rings or lines(shape.buffer(-18).boundary.simplify(3))
    return rings + _walks(rng, shape)


def _walks(rng: np.random.Generator, shape: BaseGeometry) -> list[LineString]:
    """A few winding ways from one side of the park to another."""
    west, south, east, north = shape.bounds
    middle = np.array([(west + east) / 2, (south + north) / 2])
    walks = []
    for _ in range(2 + int(shape.area / 90000)):
        angle = rng.uniform(0, np.pi)
        far = np.array([np.cos(angle), np.sin(angle)]) * (east - west)
        side = np.array([-far[1], far[0]]) * rng.uniform(-0.3, 0.3, 2)
        a = middle + rng.uniform(-0.2, 0.2, 2) * (east - west)
        curve = np.array([0.4, 0.4])
        knots = np.array([a - far, a - far * 0.3 + side[0] * curve, a + far * 0.3 + side[1] * curve, a + far])
        walks += lines(LineString(smooth(knots, step=30)).intersection(shape).simplify(2))
    return walks


def _comb(shape: BaseGeometry, gap: float) -> list[LineString]:
    """Straight ways beside each other across a rectangle, and one along its middle."""
    corners = np.array(largest(shapely.oriented_envelope(shape)).exterior.coords)
    a, b = corners[1] - corners[0], corners[3] - corners[0]
    if np.hypot(*a) < np.hypot(*b):
        a, b = b, a
    count = max(2, int(np.hypot(*a) / gap))
    ways = [LineString([corners[0] + a * i / count, corners[0] + a * i / count + b]) for i in range(1, count)]
    ways.append(LineString([corners[0] + b / 2, corners[0] + b / 2 + a]))
    inner = shape.buffer(-8)
    return [part for way in ways for part in lines(way.intersection(inner))]
