"""The through roads, drawn by hand and bent by the terrain; everything smaller fills the faces between them."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point

from data.doggerstad.curve import smooth
from data.doggerstad.projection import Points
from data.doggerstad.terrain import Terrain
from data.doggerstad.water import BENDS, CANALS, MOAT_RADIUS, Water, ring_points, south_of_river

Knots = tuple[tuple[float, float], ...]

MARKET = (20.0, 40.0)

RADIALS: dict[str, tuple[int, Knots]] = {
    "Hunters' Road": (1, ((-2000, -640), (-2900, -900), (-3700, -930), (-4700, -1150))),
    "Mammoth Road": (2, ((-1500, -1500), (-2200, -2150), (-3000, -3000), (-3700, -3900))),
    "Flint Road": (4, ((345, -1600), (430, -2200), (560, -2900), (900, -3900))),
    "Hazel Road": (5, ((1600, -1720), (2300, -2350), (3000, -3000), (3700, -3900))),
    "Eel Road": (6, ((2000, -800), (2850, -1250), (3600, -1800), (4700, -2250))),
}
"""Roads that leave the old centre at a bend of the canals (its index in BENDS) and go on through these points."""

NORTH: dict[str, Knots] = {
    "Northgate": ((20, 40), (60, 430), (150, 850), (300, 1500), (520, 2300), (760, 3000), (900, 3600)),
    "Amber Road": ((150, 850), (1100, 1200), (2050, 1500), (3100, 1950), (4700, 2350)),
    "Harbour Road": ((150, 850), (-450, 1180), (-820, 1750), (-1250, 2350), (-1650, 2760)),
}

RING: Knots = (
    (2250, -950), (2330, -80), (2180, 900), (1600, 1750), (650, 2080), (-330, 1960), (-780, 1560), (-1200, 1340),
    (-1500, 1080), (-1740, 760), (-2010, 250), (-2150, -720), (-1980, -1420), (-1480, -1980), (-600, -2220),
    (420, -2270), (1300, -2080), (1930, -1630),
)  # fmt: skip

SECONDARY: dict[str, Knots] = {
    "Outer Lane": ((-2880, -890), (-2680, -1700), (-2060, -2400), (-1100, -2700), (0, -2760), (1000, -2660),
                   (1900, -2330), (2560, -1780), (2850, -1250)),
    "Dyke Road": ((-820, 1750), (-280, 2560), (620, 2720), (1600, 2480), (2450, 1900), (2920, 1000), (2900, 100),
                  (2880, -420)),
    "Peat Road": ((-2090, -60), (-2700, 120), (-3400, 150)),
    "Curlew Road": ((1050, 1180), (1180, 1800), (1350, 2550)),
    "Willow Road": ((-2150, -720), (-2450, -300), (-2500, 400), (-2020, 700)),
    "Elk Road": ((430, -2200), (1150, -1830), (1700, -1780)),
    "Aurochs Road": ((-2190, -2130), (-1300, -2250), (-1000, -2700)),
    "Tern Road": ((2180, 900), (2900, 830), (3350, 900)),
    "Heron Road": ((150, 850), (950, 800), (1650, 620), (2300, 560)),
}  # fmt: skip


@dataclass(frozen=True)
class Road:
    """A named line with its class: main, ring or secondary."""

    name: str
    kind: str
    geom: LineString


def make_roads(terrain: Terrain, water: Water) -> list[Road]:
    roads = [Road(name, "main", _radial(bend, knots, terrain)) for name, (bend, knots) in RADIALS.items()]
    roads += [Road(name, "main", _course(knots, terrain)) for name, knots in NORTH.items()]
    ring = smooth(terrain.bend(np.array(RING), 0.9), step=50, closed=True)
    roads.append(Road("Ring", "ring", LineString(ring)))
    roads += [Road(name, "secondary", _course(knots, terrain)) for name, knots in SECONDARY.items()]
    return roads + _bridges(terrain, water)


def _course(knots: Knots, terrain: Terrain) -> LineString:
    return LineString(smooth(terrain.bend(np.array(knots, dtype=np.float64), 0.9), step=50))


def bend_points(bend: float, terrain: Terrain, radii: tuple[float, ...]) -> Points:
    """Where the line at a bend (an index into BENDS, halves allowed) crosses rings of these radii; shape (n, 2)."""
    low = int(bend)
    share = bend - low
    points = []
    for radius in radii:
        corners = ring_points(radius, terrain, 0, 0)[1:-1]
        points.append(corners[low] if share == 0 else (1 - share) * corners[low] + share * corners[low + 1])
    return np.array(points)


def _radial(bend: int, knots: Knots, terrain: Terrain) -> LineString:
    inside = bend_points(bend, terrain, (430.0, 810.0, MOAT_RADIUS + 150))
    outside = terrain.bend(np.array(knots, dtype=np.float64), 0.9)
    return LineString(np.vstack([[MARKET], inside, smooth(np.vstack([inside[-1:], outside]), step=50)[1:]]))


def _bridges(terrain: Terrain, water: Water) -> list[Road]:
    """The streets across the canal belt: one at each bend that has no main road, two between bends."""
    radii = tuple(r for r, _ in CANALS.values())
    streets = []
    taken = {bend for bend, _ in RADIALS.values()}
    south = south_of_river(water).intersection(water.inside_moat.buffer(60))
    for index, bend in enumerate(np.arange(0, len(BENDS) - 1 + 0.01, 1 / 3)):
        whole = round(bend) if abs(bend - round(bend)) < 0.01 else None
        if whole in taken:
            continue
        line = LineString(
            bend_points(min(bend, len(BENDS) - 1), terrain, (radii[0] - 60, *radii[1:], MOAT_RADIUS - 40))
        )
        kept = line.intersection(south)
        if isinstance(kept, LineString) and kept.length > 300:
            streets.append(
                Road("", "secondary" if whole is not None else "bridge", kept if index % 2 == 0 else _shorter(kept))
            )
    for side, first, last in ((-1, -360, -1420), (1, 330, 1420)):
        for north in (130, 290):
            line = LineString(terrain.bend(np.array([[first, north], [side * 900, north + 8], [last, north - 6]]), 0.5))
            kept = line.intersection(south)
            if isinstance(kept, LineString):
                streets.append(Road("", "bridge", kept))
    return streets


def _shorter(line: LineString) -> LineString:
    """Not every cross street reaches the moat."""
    end = line.interpolate(line.length - 300)
    kept = shapely.snap(line, end, 1.0).intersection(Point(line.coords[0]).buffer(line.length - 300))
    return kept if isinstance(kept, LineString) else line
