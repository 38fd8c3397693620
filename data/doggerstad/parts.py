"""The parts of a shape: its polygons, its lines."""

import shapely
from shapely import LineString, MultiLineString, Polygon
from shapely.geometry.base import BaseGeometry


def polygons(shape: BaseGeometry, least: float = 0.0) -> list[Polygon]:
    """The polygons in a shape that are larger than `least` (square metres)."""
    return [part for part in shapely.get_parts(shape).tolist() if isinstance(part, Polygon) and part.area > least]


def largest(shape: BaseGeometry) -> Polygon:
    return max(polygons(shape), key=lambda part: part.area)


def lines(shape: BaseGeometry, least: float = 0.0) -> list[LineString]:
    """The lines in a shape that are longer than `least` (metres), joined where they meet end to end."""
    merged = shapely.line_merge(shape) if isinstance(shape, MultiLineString) else shape
    return [
        LineString(part.coords)
        for part in shapely.get_parts(merged).tolist()
        if isinstance(part, LineString) and part.length > least
    ]


def faces(edges: BaseGeometry) -> list[Polygon]:
    """The faces between noded lines."""
    return list(shapely.polygonize(shapely.get_parts(edges).tolist()).geoms)
