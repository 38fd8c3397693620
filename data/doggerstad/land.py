"""The land: the town's outline, what is built on, the parks, woods, sports fields, allotments, the railway."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon, box
from shapely.affinity import rotate
from shapely.geometry.base import BaseGeometry

from data.doggerstad.curve import blob, smooth
from data.doggerstad.parts import largest, lines, polygons
from data.doggerstad.terrain import Terrain
from data.doggerstad.water import FRAME, Water

OUTLINE = (
    (3420, -600), (3620, 300), (3320, 1350), (2720, 2250), (2050, 3000), (1500, 4300), (-2800, 3900), (-3900, 2500),
    (-3660, 1000), (-3330, -400), (-3020, -1500), (-2350, -2430), (-1250, -2930), (0, -3000), (1250, -2900),
    (2330, -2500), (3100, -1700),
)  # fmt: skip
BUILT = (
    (2960, -700), (3050, 150), (3010, 950), (2300, 1700), (1850, 2500), (900, 2780), (100, 2700), (-700, 2480),
    (-1500, 2800), (-2500, 2420), (-2980, 1500), (-2820, 500), (-3080, -250), (-2800, -1250), (-2350, -1700),
    (-2150, -2250), (-1250, -2760), (-350, -2560), (450, -2830), (1250, -2480), (1900, -2420), (2500, -1750),
)  # fmt: skip
QUARTER = (
    (-3600, 2300),
    (-700, 3300),
    (-1000, 1900),
    (-780, 1350),
    (-1120, 860),
    (-1480, 520),
    (-2250, 560),
    (-3100, 900),
)
"""The harbour quarter: sheds and docks instead of homes."""

GREENS: tuple[tuple[str, str, tuple[float, float], float, float, float], ...] = (
    ("Reindeer Park", "park", (-1660, -1040), 1050, 520, 205),
    ("Lake Park", "park", (1690, -1210), 760, 470, 35),
    ("Amber Park", "park", (850, 1560), 520, 430, 70),
    ("Mermaid Gardens", "park", (-420, 850), 330, 190, 155),
    ("Antler Green", "park", (-950, -2380), 330, 240, 10),
    ("Tern Park", "park", (2600, 380), 330, 480, 10),
    ("Peat Park", "park", (-2760, -480), 420, 420, 60),
    ("Hazel Wood", "wood", (2850, -1950), 900, 520, 130),
    ("Alder Wood", "wood", (-2560, -2080), 800, 480, 130),
    ("North Dunes", "wood", (1650, 3120), 1500, 460, 12),
    ("Birch Wood", "wood", (3180, 1500), 560, 900, 20),
    ("Oak Cemetery", "cemetery", (1370, 1420), 330, 270, 20),
    ("South Cemetery", "cemetery", (1130, -2330), 380, 250, 165),
    ("Seal Ground", "sports", (-180, -2560), 430, 300, 5),
    ("Curlew Fields", "sports", (1750, 2150), 480, 330, 130),
    ("Eel Fields", "sports", (2480, -560), 420, 330, 25),
    ("Harpoon Field", "sports", (-3080, 330), 380, 330, 80),
    ("Radish Gardens", "allotments", (-1380, -1680), 640, 190, 178),
    ("Parsnip Gardens", "allotments", (2180, -1990), 560, 230, 152),
    ("Kale Gardens", "allotments", (180, 2420), 520, 250, 8),
    ("Turnip Gardens", "allotments", (-2420, 180), 330, 300, 60),
)
"""Name, kind, middle (metres), length, width, turn in degrees."""

RAIL = ((-4700, -2080), (-3300, -1830), (-2300, -1600), (-1500, -1560), (-600, -1660), (330, -1690), (1300, -1600),
        (2300, -1850), (3300, -2480), (4700, -3250))  # fmt: skip
FREIGHT = ((-1700, -1555), (-2300, -1500), (-2680, -1050), (-2880, -350), (-2820, 350), (-2620, 900), (-2180, 1060))
STATION = (140.0, -1685.0)


@dataclass(frozen=True)
class Green:
    name: str
    kind: str
    geom: BaseGeometry


@dataclass(frozen=True)
class Land:
    """`outline` is the municipality, `built` where streets are; `corridor` is the railway's ground."""

    outline: Polygon
    built: Polygon
    harbour: Polygon
    greens: list[Green]
    ponds: list[Polygon]
    tracks: list[LineString]
    corridor: BaseGeometry
    station: Polygon
    hall: Polygon


def make_land(rng: np.random.Generator, terrain: Terrain, water: Water) -> Land:
    outline = Polygon(smooth(terrain.bend(np.array(OUTLINE) * 0.9), step=80, closed=True))
    outline = largest(outline.difference(water.sea).intersection(box(*FRAME)))
    outline = largest(shapely.set_precision(outline.simplify(2.0), 0.01))
    built = Polygon(smooth(terrain.bend(np.array(BUILT, dtype=np.float64)), step=60, closed=True))
    built = largest(built.intersection(outline.buffer(-40)))
    harbour = Polygon(terrain.bend(np.array(QUARTER, dtype=np.float64), 0.9)).intersection(outline.buffer(-40))
    harbour = harbour.difference(water.inside_moat.buffer(70))
    tracks, corridor, station, hall = _railway(terrain)
    dry = box(*FRAME).difference(shapely.union_all([water.all.buffer(7), corridor]))
    greens, ponds = _greens(rng, terrain, dry)
    greens += _banks(water, outline)
    return Land(outline, built, largest(harbour), greens, ponds, tracks, corridor, station, hall)


@dataclass(frozen=True)
class Scene:
    """What everything later is drawn on, and with; `rng` moves on with every use."""

    rng: np.random.Generator
    terrain: Terrain
    water: Water
    land: Land


def _greens(rng: np.random.Generator, terrain: Terrain, dry: BaseGeometry) -> tuple[list[Green], list[Polygon]]:
    greens: list[Green] = []
    ponds: list[Polygon] = []
    for name, kind, at, length, width, turn in GREENS:
        x, y = terrain.bend(np.array([at]))[0]
        if kind in {"sports", "allotments", "cemetery"}:
            shape: BaseGeometry = rotate(box(x - length / 2, y - width / 2, x + length / 2, y + width / 2), turn)
        else:
            shape = blob((x, y), length, width, turn, rng.uniform(-0.2, 0.2, 9).tolist())
        shape = largest(largest(shape.intersection(dry)).buffer(-12).buffer(12, quad_segs=3))
        greens.append(Green(name, kind, shape))
        if kind == "park" and width > 350:
            pond = blob((x, y), length * 0.52, width * 0.26, turn + 14, rng.uniform(-0.4, 0.4, 9).tolist())
            ponds.append(largest(pond.intersection(shape.buffer(-30))))
    return greens, ponds


def _banks(water: Water, outline: Polygon) -> list[Green]:
    """The gardens on the old walls, the meadows along the brook, the dunes by the sea."""
    walls = water.moat.buffer(75, quad_segs=3).difference(shapely.union_all([water.inside_moat, water.moat.buffer(7)]))
    gardens = polygons(walls.difference(water.all.buffer(7)), least=6000)
    meadow = water.brook.buffer(48).difference(water.brook.buffer(4)).intersection(outline)
    dunes = water.sea.buffer(130).difference(water.sea.buffer(22)).intersection(outline)
    dunes = dunes.difference(water.all.buffer(300)).union(dunes.intersection(box(-600, 2800, 3000, 5000)))
    found = [Green("Wall Gardens", "park", part) for part in gardens]
    found += [Green("Brook Meadows", "park", part) for part in polygons(meadow, least=4000)]
    return found + [Green("", "dunes", part) for part in polygons(dunes, least=4000)]


def _railway(terrain: Terrain) -> tuple[list[LineString], BaseGeometry, Polygon, Polygon]:
    main = LineString(smooth(terrain.bend(np.array(RAIL, dtype=np.float64), 0.9), step=60))
    freight = LineString(smooth(terrain.bend(np.array(FREIGHT, dtype=np.float64), 0.9), step=60))
    x, y = terrain.bend(np.array([STATION]), 0.9)[0]
    at = main.project(shapely.Point(x, y))
    tracks = [*lines(main.offset_curve(4)), *lines(main.offset_curve(-4)), freight]
    for side in (-28, -18, 14, 24):
        shift = np.linspace(-420, 420, 29)
        ease = np.clip((420 - np.abs(shift)) / 170, 0, 1)
        ease = ease * ease * (3 - 2 * ease)
        points = []
        for along, much in zip(shift, ease, strict=True):
            a, b = main.interpolate(at + along - 1), main.interpolate(at + along + 1)
            normal = np.array([-(b.y - a.y), b.x - a.x]) / max(a.distance(b), 1e-9)
            points.append(np.array([(a.x + b.x) / 2, (a.y + b.y) / 2]) + normal * (np.sign(side) * 4 + much * side))
        tracks.append(LineString(points))
    a, b = main.interpolate(at - 50), main.interpolate(at + 50)
    turn = float(np.degrees(np.arctan2(b.y - a.y, b.x - a.x)))
    middle = main.interpolate(at)
    hall = rotate(box(middle.x - 110, middle.y - 38, middle.x + 110, middle.y + 34), turn, origin=middle)
    front = rotate(box(middle.x - 75, middle.y + 34, middle.x + 75, middle.y + 62), turn, origin=middle)
    corridor = shapely.union_all(
        [main.buffer(26), freight.buffer(16), *(t.buffer(14) for t in tracks[3:]), front.buffer(8)]
    )
    return tracks, corridor, front, hall
