"""The Eurostat/INSPIRE grid: squares in ETRS89-LAEA (EPSG:3035) with official codes.

A cell's number is `row * 1_000_000 + column`, row and column counted in whole cells from the grid's origin; the
database computes the same in `lantern.cell`. Codes follow the INSPIRE specification on geographical grid systems
(D2.8.I.2, 4.2.2): `CRS3035RES1000mN3150000E3870000` names a cell by its lower left corner, in metres.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import Transformer
from shapely import MultiPolygon, Point, Polygon, box, polygons, prepare, segmentize, transform, union_all
from shapely.geometry.base import BaseGeometry

SIZES = (100, 250, 1000)
ROW = 1_000_000
Metres = npt.NDArray[np.float64]
CODE = re.compile(r"^CRS3035RES([0-9]{1,6})mN([0-9]{1,7})E([0-9]{1,7})$")


@cache
def _to_laea() -> Transformer:
    return Transformer.from_crs(4326, 3035, always_xy=True)


@cache
def _from_laea() -> Transformer:
    return Transformer.from_crs(3035, 4326, always_xy=True)


def project(lon: Metres, lat: Metres) -> tuple[Metres, Metres]:
    """East and north in metres (EPSG:3035) of many points in degrees; infinite where there is no answer."""
    east, north = _to_laea().transform(lon, lat)
    return east, north


def cell_code(number: int, metres: int) -> str:
    """The official code of a cell."""
    row, column = divmod(number, ROW)
    return f"CRS3035RES{metres}mN{row * metres}E{column * metres}"


def cell_number(code: str) -> tuple[int, int]:
    """The number and the side in metres of the cell that a code names; ValueError for what is no code."""
    match = CODE.match(code)
    if match is None:
        raise ValueError("not a cell code")
    metres, north, east = (int(part) for part in match.groups())
    if metres not in SIZES or north % metres or east % metres:
        raise ValueError("not a cell code")
    return north // metres * ROW + east // metres, metres


def cell_of(lon: float, lat: float, metres: int) -> int:
    """The number of the cell that holds a point given in degrees."""
    east, north = _to_laea().transform(lon, lat)
    return int(north // metres) * ROW + int(east // metres)


def cell_squares(numbers: Sequence[int], metres: int) -> list[Polygon]:
    """The squares of many cells, EPSG:4326 (lon lat), counter-clockwise from the lower left corner."""
    if not numbers:
        return []
    rows, columns = np.divmod(np.asarray(numbers, dtype=np.int64), ROW)
    east = (columns[:, None] + np.array([0, 1, 1, 0, 0])) * metres
    north = (rows[:, None] + np.array([0, 0, 1, 1, 0])) * metres
    lon, lat = _from_laea().transform(east.astype(float), north.astype(float))
    squares: Any = polygons(np.stack([lon, lat], axis=-1))
    return list(squares)


def cell_square(number: int, metres: int) -> Polygon:
    """The square of one cell, EPSG:4326 (lon lat)."""
    return cell_squares([number], metres)[0]


def cells_union(numbers: Sequence[int], metres: int) -> MultiPolygon:
    """Many cells as one shape, EPSG:4326 (lon lat).

    Every corner of a cell that lies on the edge is a vertex, and there are no others: neighbours share their edges to
    the last digit, and the vertices tell nothing but the grid.
    """
    rows, columns = np.divmod(np.asarray(numbers, dtype=np.int64), ROW)
    squares: Any = box(columns * metres, rows * metres, (columns + 1) * metres, (rows + 1) * metres)
    shape = segmentize(union_all(squares), metres)
    on_grid = transform(shape, lambda corners: np.round(corners / metres) * metres)
    degrees: Any = transform(on_grid, lambda corners: np.column_stack(_from_laea().transform(*corners.T)))
    return degrees if isinstance(degrees, MultiPolygon) else MultiPolygon([degrees])


def cells_within(shape: Polygon | MultiPolygon, metres: int) -> list[int]:
    """The cells whose centre lies in a shape given in degrees, by number, in order."""
    west, south, east, north = shape.bounds
    corners = [_to_laea().transform(lon, lat) for lon in (west, east) for lat in (south, north)]
    columns = range(int(min(c[0] for c in corners) // metres) - 1, int(max(c[0] for c in corners) // metres) + 2)
    rows = range(int(min(c[1] for c in corners) // metres) - 1, int(max(c[1] for c in corners) // metres) + 2)
    prepare(shape)
    return [row * ROW + column for row in rows for column in columns if _centre_in(shape, row, column, metres)]


def _centre_in(shape: BaseGeometry, row: int, column: int, metres: int) -> bool:
    lon, lat = _from_laea().transform((column + 0.5) * metres, (row + 0.5) * metres)
    return bool(shape.covers(Point(lon, lat)))
