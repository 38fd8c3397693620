"""Water: the sea, the river Silver and its harbour, the rings of canals, the moat with its bastions, ponds."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon, box
from shapely.affinity import rotate
from shapely.geometry.base import BaseGeometry

from data.doggerstad.curve import polar, ribbon, smooth
from data.doggerstad.parts import largest
from data.doggerstad.projection import Points
from data.doggerstad.terrain import Terrain

FRAME = (-4500.0, -3700.0, 4500.0, 3900.0)
"""The sheet of the map, in metres: west, south, east, north."""

BENDS = np.array([176.0, 201.0, 228.0, 256.0, 284.0, 312.0, 338.0, 362.0])
"""Where the canals bend, in degrees; the streets that leave the old centre leave it here."""

CANALS = {"Inner Singel": (430.0, 30.0), "Herring Canal": (655.0, 26.0), "Emperor's Canal": (810.0, 28.0),
          "Prince's Canal": (965.0, 26.0)}  # fmt: skip
"""Name → distance from the old bridge and width, in metres."""

MOAT_RADIUS, MOAT_WIDTH = 1290.0, 42.0

RIVER = (
    (4900, -1750), (4300, -1420), (3700, -1150), (3050, -520), (2350, -130), (1650, 250), (950, 420), (250, 470),
    (-450, 520), (-1050, 800), (-1650, 1180), (-2250, 1720), (-2900, 2420), (-3500, 3150), (-4100, 3900),
)  # fmt: skip
RIVER_WIDTHS = (64, 66, 70, 74, 82, 92, 110, 130, 160, 190, 230, 290, 380, 520, 800)

BROOK = ((-2700, -3900), (-2450, -3250), (-2050, -2800), (-1900, -2250), (-1500, -1850), (-1230, -1450), (-960, -990))

COAST = ((-4700, 1100), (-4050, 1380), (-3550, 1850), (-3150, 2250), (-2500, 2750), (-1900, 2960), (-1200, 3250),
         (-400, 3330), (400, 3520), (1100, 3560), (1900, 3820), (2600, 4100))  # fmt: skip

BASINS = (  # along the estuary: distance east and north, length, width, turn in degrees
    (-1640, 1690, 560, 130, 40),
    (-1990, 2060, 560, 130, 40),
    (-2340, 2430, 480, 120, 42),
    (-2400, 1430, 440, 130, 63),
)


@dataclass(frozen=True)
class Water:
    """Polygons by kind and name, in metres; `moat_line` and `river_line` are centre lines."""

    sea: Polygon
    river: Polygon
    brook: Polygon
    basins: MultiPolygon
    canals: dict[str, BaseGeometry]
    moat: BaseGeometry
    inside_moat: Polygon
    river_line: LineString
    canal_mask: BaseGeometry
    all: BaseGeometry


def ring_points(radius: float, terrain: Terrain, first: float = -20.0, last: float = 20.0) -> Points:
    """The corners of a ring south of the river at about `radius` metres, `first` and `last` degrees past its ends."""
    angles = np.concatenate([[BENDS[0] + first], BENDS, [BENDS[-1] + last]])
    squash = 1 + 0.05 * np.cos(np.radians(2 * angles + 40))
    return terrain.bend(polar(angles, radius * squash), 0.5)


def _canal(radius: float, width: float, terrain: Terrain) -> BaseGeometry:
    course = LineString(ring_points(radius, terrain, 0, 0))
    ends = ring_points(radius, terrain)
    longer = LineString(np.vstack([_on_to(course, ends[0], 0), course.coords, _on_to(course, ends[-1], -1)]))
    return longer.buffer(width / 2, cap_style="flat", quad_segs=3)


def _on_to(course: LineString, beyond: Points, end: int) -> Points:
    """From a canal's end straight north to the river, as canals meet one."""
    x, y = course.coords[end]
    return np.array([[x + 0.25 * (beyond[0] - x), y + 560.0]])


def _moat(terrain: Terrain) -> tuple[BaseGeometry, Polygon]:
    corners = ring_points(MOAT_RADIUS, terrain, 0, 0)
    town = Polygon(np.vstack([corners, corners[-1] + [60, 900], corners[0] + [-60, 900]])).buffer(0)
    bastions = []
    for x, y in corners[1:-1]:
        out = np.array([x, y]) / np.hypot(x, y)
        side = np.array([-out[1], out[0]])
        face = [out * -60 + side * 95, out * 25 + side * 110, out * 120, out * 25 - side * 110, out * -60 - side * 95]
        bastions.append(Polygon(np.array([x, y]) + np.array(face)))
    walls = shapely.union_all([town, *bastions])
    ditch = walls.buffer(MOAT_WIDTH / 2, join_style="mitre").difference(
        walls.buffer(-MOAT_WIDTH / 2, join_style="mitre")
    )
    return ditch.buffer(-6).buffer(6, quad_segs=3), Polygon(largest(walls).exterior)


def make_water(terrain: Terrain) -> Water:
    frame = box(*FRAME)
    river_knots = terrain.bend(np.array(RIVER, dtype=np.float64), 0.6)
    course = smooth(river_knots, step=60)
    at = np.linspace(0, len(RIVER_WIDTHS) - 1, len(course))
    river = ribbon(course, np.interp(at, np.arange(len(RIVER_WIDTHS)), RIVER_WIDTHS))
    coast = smooth(terrain.bend(np.array(COAST, dtype=np.float64), 0.9), step=60)
    sea = Polygon([*coast.tolist(), (2600, 6000), (-6000, 6000), (-6000, 1100)]).buffer(0)
    basins = [
        rotate(box(x - length / 2, y - width / 2, x + length / 2, y + width / 2), turn, origin=(x, y))
        for x, y, length, width, turn in BASINS
    ]
    brook_line = smooth(terrain.bend(np.array(BROOK, dtype=np.float64), 0.9), step=50)
    brook = ribbon(brook_line, np.full(len(brook_line), 11.0))
    ditch, inside = _moat(terrain)
    river_line = LineString(course)
    south = _south_of(river_line)
    canals = {name: _canal(r, w, terrain).intersection(south) for name, (r, w) in CANALS.items()}
    moat = ditch.intersection(south)
    inside = largest(shapely.set_precision(largest(inside.intersection(south)).simplify(1.0), 0.01))
    wet = shapely.union_all([sea, river, brook.difference(inside), *basins, moat, *canals.values()])
    return Water(
        largest(sea.intersection(frame)), largest(river.intersection(frame).difference(sea)),
        largest(brook.intersection(frame).difference(inside)), MultiPolygon(basins), canals, moat, inside,
        river_line, shapely.union_all([*canals.values(), moat]), wet.intersection(frame),
    )  # fmt: skip


def _south_of(river_line: LineString) -> Polygon:
    return Polygon([*river_line.coords, (-6000, 3900), (-6000, -6000), (6000, -6000), (6000, -1750)]).buffer(0)


def south_of_river(water: Water) -> Polygon:
    """All land and water on the river's left bank, where the old centre stands."""
    return _south_of(water.river_line)
