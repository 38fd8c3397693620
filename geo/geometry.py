"""Geometry from outside: checked and refused, never repaired.

Everything here takes what a stranger sent: GeoJSON (RFC 7946) geometry as Python objects, or shapes that a reader of
files has parsed. Positions are longitude, latitude in degrees (WGS 84). An error says what is wrong and where, by
counting from 1 ("polygon 1, ring 2, point 3"), and holds no coordinates.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

Positions = npt.NDArray[np.float64]
Rings = list[list[Positions]]

POSITIONS = 20_000
"""The most positions that a shape may have; the outline of Ghent in OpenStreetMap's detail has 4,011."""

SIDE_BY_SIDE = 2_500_000
"""The most pairs of segments that may overlap in both longitude and latitude. Their number is what the time of a
validity test grows with; the outline of Ghent has 16,355, a comb of 3,000 slanting teeth 2,255,251."""

REASONS = {
    "Self-intersection": "crosses or touches itself, or overlaps another part",
    "Ring Self-intersection": "the ring touches itself",
    "Hole lies outside shell": "a hole lies outside its polygon",
    "Holes are nested": "a hole lies inside another hole",
    "Nested shells": "a polygon lies inside another polygon",
    "Interior is disconnected": "holes cut the polygon into parts",
    "Duplicate Rings": "the same ring is there twice",
    "Too few points in geometry component": "a ring needs at least three different points",
}
REASON = re.compile(r"^([^\[]+)(?:\[(\S+) (\S+)\])?")


class GeometryError(Exception):
    """A geometry that is refused: `what` is wrong and `where` in it, in words; `where` may be empty."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(f"{where}: {what}" if where else what)
        self.what = what
        self.where = where


def point(value: object, bounds: Polygon, *, drop_altitude: bool = False) -> Point:
    """A point from GeoJSON-like objects, inside the organisation's bounds."""
    coordinates = _coordinates(value, "Point")
    position = np.array([_position(coordinates, "", drop_altitude)])
    _check_bounds([[position]], bounds, Point)
    return Point(position[0])


def multipolygon(value: object, bounds: Polygon, *, drop_altitude: bool = False) -> MultiPolygon:
    """A multipolygon from GeoJSON-like objects, a Polygon or MultiPolygon inside the organisation's bounds.

    Rings are closed, valid in the sense of OGC Simple Features, and kept as they were sent, direction included.
    """
    coordinates = _coordinates(value, "Polygon", "MultiPolygon")
    assert isinstance(value, dict)
    polygons = [coordinates] if value["type"] == "Polygon" else coordinates
    _check_nesting(polygons)
    shape = [
        [_ring(ring, _where(p, r), drop_altitude) for r, ring in enumerate(polygon)]
        for p, polygon in enumerate(polygons)
    ]
    _check_bounds(shape, bounds, MultiPolygon)
    made = MultiPolygon([Polygon(polygon[0], polygon[1:]) for polygon in shape])
    _check_valid(made, shape)
    return made


def check_point(shape: BaseGeometry | None, bounds: Polygon) -> Point:
    """The same rules for a point that is already parsed; an altitude is dropped."""
    if not isinstance(shape, Point) or shape.is_empty:
        raise GeometryError("must be a point that is not empty")
    flat = shapely.force_2d(shape)
    _check_bounds([[shapely.get_coordinates(flat)]], bounds, Point)
    return flat


def check_multipolygon(shape: BaseGeometry | None, bounds: Polygon) -> MultiPolygon:
    """The same rules for a polygon or multipolygon that is already parsed; altitudes are dropped."""
    if not isinstance(shape, Polygon | MultiPolygon) or shape.is_empty:
        raise GeometryError("must be a polygon or multipolygon that is not empty")
    _check_number(shapely.get_num_coordinates(shape))
    flat = shapely.force_2d(shape)
    made = flat if isinstance(flat, MultiPolygon) else MultiPolygon([flat])
    rings = [[shapely.get_coordinates(ring) for ring in shapely.get_rings(part)] for part in made.geoms]
    _check_bounds(rings, bounds, MultiPolygon)
    _check_valid(made, rings)
    return made


def _coordinates(value: object, *types: str) -> Any:
    expected = " or ".join(types)
    if not isinstance(value, dict) or value.get("type") not in types:
        raise GeometryError(f"must be a GeoJSON {expected}")
    if value.get("crs") is not None:
        raise GeometryError("must be longitude and latitude (WGS 84), without a crs member")
    coordinates = value.get("coordinates")
    if not isinstance(coordinates, list | tuple) or not coordinates:
        raise GeometryError("needs coordinates: a list that is not empty")
    return coordinates


def _check_number(positions: int) -> None:
    if positions > POSITIONS:
        raise GeometryError(f"has too many points: at most {POSITIONS} are allowed")


def _check_nesting(polygons: Any) -> None:
    """Lists of lists of positions, all counted before the first of them is looked at."""
    _check_number(4 * len(polygons))
    positions = 0
    for p, polygon in enumerate(polygons):
        if not isinstance(polygon, list | tuple) or not polygon:
            raise GeometryError("must be a list of rings, the outline first", f"polygon {p + 1}")
        for r, ring in enumerate(polygon):
            if not isinstance(ring, list | tuple) or not ring:
                raise GeometryError("must be a list of points", _where(p, r))
            positions += len(ring)
            _check_number(positions)


def _ring(ring: Any, where: str, drop_altitude: bool) -> Positions:
    positions = [_position(value, f"{where}, point {n + 1}", drop_altitude) for n, value in enumerate(ring)]
    if len(positions) < 4:
        raise GeometryError("a ring needs at least four points, the last the same as the first", where)
    if positions[0] != positions[-1]:
        raise GeometryError("the ring is not closed: its last point must be the same as its first", where)
    return np.array(positions)


def _position(value: Any, where: str, drop_altitude: bool) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or not all(type(part) in (int, float) for part in value[:4]):
        raise GeometryError("must be two numbers: longitude, latitude", where)
    if len(value) != 2 and not (drop_altitude and len(value) == 3):
        raise GeometryError("must be two numbers: longitude, latitude", where)
    lon, lat = value[0], value[1]
    if not (-180 <= lon <= 180 and -180 <= lat <= 180):
        raise GeometryError("must be two numbers: longitude from -180 to 180, latitude from -90 to 90", where)
    return float(lon), float(lat)


def _check_bounds(shape: Rings, bounds: Polygon, kind: type) -> None:
    west, south, east, north = bounds.bounds
    for p, r, ring in _rings(shape):
        lon, lat = ring[:, 0], ring[:, 1]
        inside = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
        if inside.all():
            continue
        n = int(np.argmin(inside))
        swapped = west <= lat[n] <= east and south <= lon[n] <= north
        hint = "; longitude and latitude may be swapped" if swapped else ""
        where = "" if kind is Point else f"{_where(p, r)}, point {n + 1}"
        raise GeometryError(f"lies outside the bounds of the organisation{hint}", where)


def _check_valid(shape: MultiPolygon, rings: Rings) -> None:
    if _side_by_side(rings) > SIDE_BY_SIDE:
        raise GeometryError("is too intricate to be checked: its lines lie over each other too often")
    reason = str(shapely.is_valid_reason(shape))
    if reason == "Valid Geometry":
        return
    match = REASON.match(reason)
    kind, lon, lat = match.groups() if match else (reason, None, None)
    what = REASONS.get(kind, "is not a valid polygon")
    raise GeometryError(what, _nearest(rings, float(lon), float(lat)) if lon and lat else "")


def _side_by_side(rings: Rings) -> int:
    """How many pairs of segments overlap on the axis where fewer do: a bound on the work of a validity test."""
    starts = np.concatenate([ring[:-1] for _, _, ring in _rings(rings)])
    ends = np.concatenate([ring[1:] for _, _, ring in _rings(rings)])
    lowest, highest = np.minimum(starts, ends), np.maximum(starts, ends)
    before_itself = len(starts) * (len(starts) + 1) // 2
    return min(
        int(np.searchsorted(np.sort(lowest[:, axis]), np.sort(highest[:, axis]), side="right").sum()) - before_itself
        for axis in (0, 1)
    )


def _nearest(rings: Rings, lon: float, lat: float) -> str:
    """The path of the segment that is nearest to a place."""
    place = Point(lon, lat)
    lines = [
        (float(distance), p, r, int(np.argmin(distances)))
        for p, r, ring in _rings(rings)
        for distances in [shapely.distance(shapely.linestrings(np.stack([ring[:-1], ring[1:]], axis=1)), place)]
        for distance in [distances.min()]
    ]
    _, p, r, n = min(lines)
    return f"{_where(p, r)}, segment {n + 1}"


def _rings(shape: Rings) -> Iterator[tuple[int, int, Positions]]:
    return ((p, r, ring) for p, polygon in enumerate(shape) for r, ring in enumerate(polygon))


def _where(polygon: int, ring: int) -> str:
    return f"polygon {polygon + 1}, ring {ring + 1}"
