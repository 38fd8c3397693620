"""Buildings: the blocks of the inner town, the sheds of the harbour, and what people find their way by."""

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Point, Polygon, box
from shapely.affinity import rotate, translate
from shapely.geometry.base import BaseGeometry

from data.doggerstad.land import Land, Scene
from data.doggerstad.parts import faces, largest, polygons
from data.doggerstad.road import Road
from data.doggerstad.street import Streets
from data.doggerstad.water import Water

BLOCKS_WITHIN = 1500.0
"""Blocks are drawn in faces with their middle within so many metres of the old bridge; farther out is only ground."""

LANDMARKS = {
    "Town Hall": (-95, 60, 46, 62, 8),
    "Drowned Church": (-70, -190, 74, 30, 12),
    "Amber Hall": (240, -150, 48, 38, -34),
    "Fish Hall": (190, 300, 78, 30, 2),
    "Doggerstad Hospital": (1250, 860, 190, 120, 12),
    "Museum of the Drowned Land": (-640, -800, 70, 40, 50),
    "Lantern Tower": (760, 3180, 26, 26, 45),
    "University": (-733, 235, 54, 90, -2),
    "Gasworks": (-1150, 2240, 150, 110, 35),
}
"""Name → east, north, length, width (metres), turn (degrees)."""


@dataclass(frozen=True)
class Building:
    """`kind` is built-up or industrial (the ground), block, shed, landmark, station or platform."""

    name: str | None
    kind: str
    geom: BaseGeometry


def make_landmarks(water: Water, through: list[Road]) -> list[Building]:
    """The landmarks, each moved a little where a through road or water is in the way."""
    taken = shapely.union_all([water.all.buffer(14), *(road.geom.buffer(12) for road in through)])
    shapely.prepare(taken)
    return [
        Building(name, "landmark", _free_of(taken, rotate(box(x - w / 2, y - h / 2, x + w / 2, y + h / 2), turn)))
        for name, (x, y, w, h, turn) in LANDMARKS.items()
    ]


def _free_of(taken: BaseGeometry, shape: Polygon) -> Polygon:
    for far in range(0, 300, 15):
        for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            moved = translate(shape, far * np.cos(turn), far * np.sin(turn))
            if not taken.intersects(moved):
                return moved
    return shape


def make_buildings(scene: Scene, streets: Streets, landmarks: list[Building]) -> list[Building]:
    land = scene.land
    landmarks = [
        *landmarks,
        Building("Doggerstad Central", "station", land.station),
        Building(None, "platform", land.hall),
    ]
    open_ground = shapely.union_all([scene.water.all, *(green.geom for green in land.greens)])
    grounds = (("built-up", land.built.difference(land.harbour)), ("industrial", land.harbour))
    built = [
        Building(None, kind, part)
        for kind, ground in grounds
        for part in polygons(ground.difference(open_ground).simplify(4.0), least=5000)
    ]
    cells = _cells(streets)
    blocks, sheds = _blocks(cells, streets, land), _sheds(scene.rng, cells, land)
    keep_clear = shapely.union_all([b.geom for b in landmarks]).buffer(8)
    shapely.prepare(keep_clear)
    return built + [b for b in blocks + sheds if not keep_clear.intersects(b.geom)] + landmarks


def _cells(streets: Streets) -> list[Polygon]:
    """The ground between the streets."""
    edges = shapely.union_all([road.geom for road in streets.roads] + [face.boundary for face in streets.faces])
    quarter = shapely.union_all(streets.faces)
    shapely.prepare(quarter)
    return [cell for cell in faces(edges) if quarter.contains(cell.point_on_surface())]


def _blocks(cells: list[Polygon], streets: Streets, land: Land) -> list[Building]:
    squares = shapely.union_all(streets.squares) if streets.squares else Polygon()
    bridge = Point(0, 0)
    near = shapely.union_all([face for face in streets.faces if face.centroid.distance(bridge) < BLOCKS_WITHIN])
    shapely.prepare(near)
    found = []
    for cell in cells:
        middle = cell.representative_point()
        if not near.contains(middle) or squares.contains(middle) or land.harbour.contains(middle):
            continue
        shape = cell.buffer(-8.5, join_style="mitre", mitre_limit=2).simplify(3.0)
        found += [Building(None, "block", part) for part in polygons(shape, least=500)]
    return found


def _sheds(rng: np.random.Generator, cells: list[Polygon], land: Land) -> list[Building]:
    sheds = []
    for cell in cells:
        if cell.area < 12000 or not land.harbour.contains(cell.representative_point()):
            continue
        corners = np.array(largest(shapely.oriented_envelope(cell)).exterior.coords)
        a, b = corners[1] - corners[0], corners[3] - corners[0]
        room = cell.buffer(-13)
        across, down = max(1, int(np.hypot(*a) / 120)), max(1, int(np.hypot(*b) / 90))
        for i, j in itertools.product(range(across), range(down)):
            u = (i + np.array([0.12, rng.uniform(0.6, 0.9)])) / across
            v = (j + np.array([0.12, rng.uniform(0.55, 0.85)])) / down
            shed = Polygon([corners[0] + x * a + y * b for x, y in zip(u[[0, 1, 1, 0]], v[[0, 0, 1, 1]], strict=True)])
            if rng.random() < 0.8 and room.contains(shed):
                sheds.append(Building(None, "shed", shed))
    return sheds
