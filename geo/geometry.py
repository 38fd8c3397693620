"""Geometry from outside: checked and refused, never repaired.

Everything here takes what a stranger sent: GeoJSON (RFC 7946) geometry as Python objects, or shapes that a reader of
files has parsed. Positions are longitude, latitude in degrees (WGS 84). An error says what is wrong and where, by
counting from 1 ("polygon 1, ring 2, point 3"), and holds no coordinates.
"""

import re
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

POSITIONS = 20_000
"""The most positions that a shape may have; the outline of Ghent in OpenStreetMap's detail has 4,011."""

SIDE_BY_SIDE = 2_500_000
"""The most pairs of segments that may overlap in both longitude and latitude. Their number is what the time of a
validity test grows with; the outline of Ghent has 16,355, a comb of slanting teeth with 3,003 points 2,255,251."""

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
    made = Point(_position(_coordinates(value, "Point"), "", drop_altitude))
    _check_bounds(made, bounds)
    return made


def multipolygon(value: object, bounds: Polygon, *, drop_altitude: bool = False) -> MultiPolygon:
    """A multipolygon from GeoJSON-like objects, a Polygon or MultiPolygon inside the organisation's bounds.

    Rings are closed, valid in the sense of OGC Simple Features, and kept as they were sent, direction included.
    """
    coordinates = _coordinates(value, "Polygon", "MultiPolygon")
    polygons = [coordinates] if isinstance(value, dict) and value["type"] == "Polygon" else coordinates
    _check_nesting(polygons)
    rings = [
        _ring(ring, f"polygon {p}, ring {r}", drop_altitude)
        for p, polygon in enumerate(polygons, start=1)
        for r, ring in enumerate(polygon, start=1)
    ]
    ring_of = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    polygon_of = np.repeat(np.arange(len(polygons)), [len(polygon) for polygon in polygons])
    lines: Any = shapely.linearrings(np.concatenate(rings), indices=ring_of)
    parts: Any = shapely.polygons(lines, indices=polygon_of)
    made = MultiPolygon(list(parts))
    _check_bounds(made, bounds)
    _check_valid(made)
    return made


def check_point(shape: BaseGeometry | None, bounds: Polygon) -> Point:
    """The same rules for a point that is already parsed; an altitude is dropped."""
    if not isinstance(shape, Point) or shape.is_empty:
        raise GeometryError("must be a point that is not empty")
    made = shapely.force_2d(shape)
    _check_bounds(made, bounds)
    return made


def _coordinates(value: object, *types: str) -> list[Any]:
    expected = " or ".join(types)
    if not isinstance(value, dict) or value.get("type") not in types:
        raise GeometryError(f"must be a GeoJSON {expected}")
    if value.get("crs") is not None:
        raise GeometryError("must be longitude and latitude (WGS 84), without a crs member")
    coordinates = value.get("coordinates")
    if not isinstance(coordinates, list | tuple) or not coordinates:
        raise GeometryError("needs coordinates: a list that is not empty")
    return list(coordinates)


def _check_number(positions: int) -> None:
    if positions > POSITIONS:
        raise GeometryError(f"has too many points: at most {POSITIONS} are allowed")


def _check_nesting(polygons: list[Any]) -> None:
    """Lists of lists of positions, all counted before the first of them is looked at."""
    _check_number(4 * len(polygons))
    positions = 0
    for p, polygon in enumerate(polygons, start=1):
        if not isinstance(polygon, list | tuple) or not polygon:
            raise GeometryError("must be a list of rings, the outline first", f"polygon {p}")
        for r, ring in enumerate(polygon, start=1):
            if not isinstance(ring, list | tuple) or not ring:
                raise GeometryError("must be a list of points", f"polygon {p}, ring {r}")
            positions += len(ring)
            _check_number(positions)


def _ring(ring: list[Any], where: str, drop_altitude: bool) -> list[tuple[float, float]]:
    positions = [_position(value, f"{where}, point {n}", drop_altitude) for n, value in enumerate(ring, start=1)]
    if len(positions) < 4:
        raise GeometryError("a ring needs at least four points, the last the same as the first", where)
    if positions[0] != positions[-1]:
        raise GeometryError("the ring is not closed: its last point must be the same as its first", where)
    return positions


def _position(value: object, where: str, drop_altitude: bool) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or not (len(value) == 2 or (drop_altitude and len(value) == 3)):
        raise GeometryError("must be two numbers: longitude, latitude", where)
    lon, lat = value[0], value[1]
    if type(lon) not in (int, float) or type(lat) not in (int, float):
        raise GeometryError("must be two numbers: longitude, latitude", where)
    if not (-180 <= lon <= 180 and -180 <= lat <= 180):
        raise GeometryError("must be two numbers of degrees: longitude, latitude", where)
    return float(lon), float(lat)


def _check_bounds(shape: Point | MultiPolygon, bounds: Polygon) -> None:
    west, south, east, north = bounds.bounds
    lon, lat = shapely.get_coordinates(shape).T
    inside = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
    if inside.all():
        return
    n = int(np.argmin(inside))
    swapped = west <= lat[n] <= east and south <= lon[n] <= north
    hint = "; longitude and latitude may be swapped" if swapped else ""
    where = "" if isinstance(shape, Point) else _path(shape, n, "point")
    raise GeometryError(f"lies outside the bounds of the organisation{hint}", where)


def _check_valid(shape: MultiPolygon) -> None:
    positions, ring_of = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
    (first,) = np.nonzero(ring_of[1:] == ring_of[:-1])
    starts, ends = positions[first], positions[first + 1]
    if _side_by_side(np.minimum(starts, ends), np.maximum(starts, ends)) > SIDE_BY_SIDE:
        raise GeometryError("is too intricate to be checked: its lines lie over each other too often")
    reason = str(shapely.is_valid_reason(shape))
    if reason == "Valid Geometry":
        return
    match = REASON.match(reason)
    kind, lon, lat = match.groups() if match else (reason, None, None)
    where = ""
    if lon and lat:
        segments = shapely.linestrings(np.stack([starts, ends], axis=1))
        nearest = int(np.argmin(shapely.distance(segments, Point(float(lon), float(lat)))))
        where = _path(shape, int(first[nearest]), "segment")
    raise GeometryError(REASONS.get(kind, "is not a valid polygon"), where)


def _side_by_side(lowest: "np.ndarray[Any, Any]", highest: "np.ndarray[Any, Any]") -> int:
    """How many pairs of segments overlap on the axis where fewer do: a bound on the work of a validity test.

    Takes the lowest and the highest corner of each segment, two arrays of n times (lon, lat).
    """
    count = len(lowest)
    reached = (np.searchsorted(np.sort(lowest[:, axis]), highest[:, axis], side="right").sum() for axis in (0, 1))
    return int(min(reached)) - count * (count + 1) // 2


def _path(shape: MultiPolygon, n: int, thing: str) -> str:
    """Where the position with number n (from 0, over the whole shape) stands; a segment begins at its position."""
    rings, polygon_of = shapely.get_rings(shapely.get_parts(shape), return_index=True)
    _, ring_of = shapely.get_coordinates(rings, return_index=True)
    ring = ring_of[n]
    polygon = polygon_of[ring]
    r = ring - np.argmax(polygon_of == polygon) + 1
    return f"polygon {polygon + 1}, ring {r}, {thing} {n - np.argmax(ring_of == ring) + 1}"
