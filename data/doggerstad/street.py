"""The small streets: every face between the through roads is filled with its own grid, bent with the terrain."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from data.doggerstad.land import Scene
from data.doggerstad.parts import faces as polygonized
from data.doggerstad.parts import largest, lines
from data.doggerstad.projection import Points
from data.doggerstad.road import Road
from data.doggerstad.terrain import Terrain


@dataclass(frozen=True)
class Weave:
    """How a face is filled: metres between rows and between cross streets, the share of blocks left open."""

    row: float
    cross: float
    open: float
    kind: str = "residential"


CENTRE = Weave(52, 62, 0.0, "alley")
BELT = Weave(72, 150, 0.05)
SUBURB = Weave(92, 190, 0.08)
HARBOUR = Weave(210, 420, 0.0, "service")


@dataclass(frozen=True)
class Streets:
    """All lines with their class, and what lies between them: `squares` are blocks left open, `faces` the quarters."""

    roads: list[Road]
    squares: list[Polygon]
    faces: list[Polygon]


def make_streets(scene: Scene, through: list[Road], clear: BaseGeometry) -> Streets:
    """`clear` is ground that no small street crosses: the market, the landmarks."""
    free = _free(scene, clear)
    faces = _faces(free, shapely.union_all([*(road.geom for road in through), scene.land.harbour.boundary]))
    roads = _edges(free, scene)
    squares: list[Polygon] = []
    for face in faces:
        weave = _weave(face, scene)
        if weave is CENTRE and face.area > 9000:
            old = _old_blocks(scene.rng, face)
            roads += [Road("", kind, part) for kind, line in old for part in lines(line.difference(clear))]
        elif weave is not CENTRE and face.area > 12000:
            made, opened = _grid(scene, face, weave)
            roads += [Road("", weave.kind, line) for line in made]
            squares += opened
    return Streets(through + roads, squares, faces)


def _free(scene: Scene, clear: BaseGeometry) -> BaseGeometry:
    """Where streets may be: built ground that is not water, green or railway, with room for a street along each."""
    water, land = scene.water, scene.land
    taken = [water.all.buffer(11, quad_segs=3), land.corridor.buffer(9), clear]
    taken += [green.geom.buffer(7, quad_segs=3) for green in land.greens]
    ground = land.built.union(land.harbour)
    return shapely.set_precision(ground.difference(shapely.union_all(taken)), 0.01)


def _faces(free: BaseGeometry, roads: BaseGeometry) -> list[Polygon]:
    shapely.prepare(free)
    found = polygonized(shapely.union_all([free.boundary, roads]))
    kept = [face for face in found if face.area > 2500 and free.contains(face.point_on_surface())]
    return sorted(kept, key=lambda face: (round(face.centroid.x), round(face.centroid.y)))


def _weave(face: Polygon, scene: Scene) -> Weave:
    middle = face.representative_point()
    if scene.water.inside_moat.contains(middle):
        return CENTRE
    if scene.land.harbour.contains(middle):
        return HARBOUR
    return BELT if np.hypot(middle.x, middle.y) < 2000 else SUBURB


def _edges(free: BaseGeometry, scene: Scene) -> list[Road]:
    """The streets along water, parks and railway: the free ground's own edge, where it is not the town's."""
    outer = scene.land.built.union(scene.land.harbour).boundary.buffer(14)
    edge = free.boundary.difference(outer).simplify(2.0)
    bank = scene.water.all.buffer(15)
    sides = (("quay", edge.intersection(bank), 30), ("residential", edge.difference(bank), 60))
    return [Road("", kind, line) for kind, part, least in sides for line in lines(part, least)]


@dataclass(frozen=True)
class Frame:
    """A face's own axes: unit vectors along and across its long side, from its middle, as far as its diagonal."""

    middle: Points
    along: Points
    across: Points
    reach: float
    terrain: Terrain

    def place(self, u: Points, v: Points) -> Points:
        """Metres along and across, each of shape (n,), to points of the plane (n, 2), bent with the terrain."""
        return self.terrain.bend(self.middle + u[:, None] * self.along + v[:, None] * self.across, 0.55)


def _frame(face: Polygon, terrain: Terrain) -> Frame:
    corners = np.array(largest(shapely.oriented_envelope(face)).exterior.coords)[:3]
    sides = corners[1:] - corners[:-1]
    long = sides[int(np.argmax(np.hypot(sides[:, 0], sides[:, 1])))]
    along = long / np.hypot(*long)
    reach = float(np.hypot(*(corners[2] - corners[0]))) / 2 + 60
    return Frame(np.array(face.centroid.coords[0]), along, np.array([-along[1], along[0]]), reach, terrain)


def _grid(scene: Scene, face: Polygon, weave: Weave) -> tuple[list[LineString], list[Polygon]]:
    """Rows along the face's long side, cross streets that are staggered here and there, a few blocks left open."""
    rng, frame = scene.rng, _frame(face, scene.terrain)
    rows, columns = _steps(rng, frame.reach, weave.row), _steps(rng, frame.reach, weave.cross)
    samples = np.arange(-frame.reach, frame.reach, 45.0)
    corners = _open_blocks(rng, rows, columns, weave.open)
    blocks = [Polygon(frame.place(u, v)) for u, v in corners]
    blocks = [block.buffer(-7) for block in blocks if face.contains(block.buffer(12))]
    inner, yard = face.buffer(-24), shapely.union_all([block.buffer(4) for block in blocks])
    courses = [LineString(frame.place(samples, np.full_like(samples, row))) for row in rows]
    for column in columns:
        for low, high, shift in _runs(rng, rows, weave.cross):
            v = np.linspace(low, high, max(2, int((high - low) / 45) + 1))
            courses.append(LineString(frame.place(np.full_like(v, column + shift), v)))
    return [part for course in courses for part in _cut(course, face, inner, yard)], blocks


def _steps(rng: np.random.Generator, reach: float, gap: float) -> Points:
    gaps = gap * rng.uniform(0.82, 1.22, int(2 * reach / gap) + 3)
    return np.cumsum(gaps) - reach - gap * rng.uniform(0.2, 0.8)


def _runs(rng: np.random.Generator, rows: Points, gap: float) -> Iterable[tuple[float, float, float]]:
    """A cross street in runs of a few rows, each run a little beside the last now and then: T-junctions."""
    start = 0
    shift = 0.0
    while start < len(rows) - 1:
        end = min(start + int(rng.integers(2, 7)), len(rows) - 1)
        yield float(rows[start]), float(rows[end]), shift
        shift = float(rng.uniform(-0.3, 0.3) * gap) if rng.random() < 0.45 else shift
        start = end


def _open_blocks(rng: np.random.Generator, rows: Points, columns: Points, share: float) -> list[tuple[Points, Points]]:
    """Small greens and school grounds, two rows deep: the corners (u, v) of some blocks."""
    blocks = []
    for low, high in zip(rows[:-2:2], rows[2::2], strict=False):
        for left, right in itertools.pairwise(columns):
            if rng.random() < share:
                end = left + 0.7 * (right - left)
                blocks.append((np.array([left, end, end, left]), np.array([low, low, high, high])))
    return blocks


def _cut(line: LineString, face: Polygon, inner: BaseGeometry, yard: BaseGeometry) -> list[LineString]:
    """What of a line lies in the face, without the parts that only creep along the face's edge."""
    inside = line.intersection(face)
    if inside.is_empty:
        return []
    core = inside.intersection(inner)
    if core.is_empty:
        return []
    ends = [part for part in lines(inside.difference(inner)) if part.length < 62 and part.distance(core) < 0.01]
    kept = shapely.union_all([core, *ends]).difference(yard)
    return [LineString(part.simplify(2.0).coords) for part in lines(kept, least=45)]


def _old_blocks(rng: np.random.Generator, face: Polygon) -> list[tuple[str, LineString]]:
    """The old centre grew: each face is halved across its long side until the blocks are small."""
    found: list[tuple[str, LineString]] = []
    queue = [face]
    while queue:
        block = queue.pop()
        if block.area < 5200 * rng.uniform(0.7, 1.6):
            continue
        cut = _across(rng, block)
        halves = [part for part in _halves(block, cut) if part.area > 500]
        if len(halves) < 2:
            continue
        kind = "residential" if block.area > 16000 else "alley"
        found += [(kind, part) for part in lines(cut.intersection(block), least=12)]
        queue += halves
    return found


def _across(rng: np.random.Generator, block: Polygon) -> LineString:
    corners = np.array(largest(shapely.oriented_envelope(block)).exterior.coords)[:3]
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    long, short = (first, second) if np.hypot(*first) >= np.hypot(*second) else (second, first)
    share, lean, bow = rng.uniform(0.4, 0.6), rng.uniform(-0.06, 0.06), rng.uniform(-0.04, 0.04)
    a = corners[0] + long * (share + lean) - short * 0.1
    b = corners[0] + long * (share - lean) + short * 1.1
    return LineString([a, (a + b) / 2 + long * bow, b])


def _halves(block: Polygon, cut: LineString) -> list[Polygon]:
    pieces = polygonized(shapely.union_all([block.exterior, cut]))
    return [piece for piece in pieces if block.contains(piece.representative_point())]
