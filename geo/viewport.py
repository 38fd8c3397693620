"""A viewport: a box in degrees, and how to ask for what lies in it.

Under row-level security `geom && box` loses its index (PostGIS's operators are not leakproof); integer cells keep
theirs. So a box is asked for by its cells first, small ones for a small box, and by its exact edges after that.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, any_, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from geo.grid import ROW, project
from geo.schema import Placed

MOST_CELLS = 400

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


@dataclass(frozen=True)
class Box:
    """Degrees (WGS 84); `west` < `east`, `south` < `north`."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def read(cls, text: str) -> "Box":
        """A box from `west,south,east,north`; ValueError says what is wrong."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise ValueError("must be four numbers: west,south,east,north") from None
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError("must be west,south,east,north in degrees, west less than east, south less than north")
        return cls(west, south, east, north)


def cells_touched(view: Box, metres: int, most: int = MOST_CELLS) -> list[int] | None:
    """The numbers of all cells that a box may touch; None when they are more than `most`."""
    lon, lat = np.linspace(view.west, view.east, 9), np.linspace(view.south, view.north, 9)
    west, south = np.full(9, view.west), np.full(9, view.south)
    east, north = np.full(9, view.east), np.full(9, view.north)
    x, y = project(np.concatenate([lon, lon, west, east]), np.concatenate([south, north, lat, lat]))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    # A parallel bends in the projection, with a radius over 1,000 km: this far between two of the nine points.
    bend = (math.hypot(float(np.ptp(x)), float(np.ptp(y))) / 8) ** 2 / 8_000_000 + 1
    rows = range(int((y.min() - bend) // metres), int((y.max() + bend) // metres) + 1)
    columns = range(int((x.min() - bend) // metres), int((x.max() + bend) // metres) + 1)
    if len(rows) * len(columns) > most:
        return None
    return [row * ROW + column for row in rows for column in columns]


def in_box(table: type[Placed], view: Box, sizes: tuple[int, ...] = (100, 1000)) -> list[ColumnElement[bool]]:
    """The conditions for the rows of a table of points that lie in a box, edges included.

    `sizes` are the cell columns that have an index, in metres, the smallest first.
    """
    envelope = func.ST_MakeEnvelope(view.west, view.south, view.east, view.north, 4326)
    exact: list[ColumnElement[bool]] = [
        table.geom.op("&&")(envelope),  # rounds outwards, and has the index where no policy stands before it
        func.ST_X(table.geom).between(view.west, view.east),
        func.ST_Y(table.geom).between(view.south, view.north),
    ]
    columns: dict[int, Any] = {100: table.cell_100m, 250: table.cell_250m, 1000: table.cell_1km}
    for metres in sizes:
        cells = cells_touched(view, metres)
        if cells is not None:
            return [columns[metres] == any_(literal(cells, ARRAY(BigInteger))), *exact]
    return exact
