"""Compact forms of cells and shapes for a page: `web/scripts/map.ts` reads them back.

Cells travel as numbers of the grid, never as corners: the browser knows the projection. Shapes travel as whole
1e-5 degrees (about a metre), each point as its difference from the one before.
"""

import base64
import zlib
from typing import Any

import numpy as np
from shapely import MultiPolygon, Polygon, get_coordinates
from shapely.geometry.base import BaseGeometry

from geo.grid import ROW
from geo.heat import Cells, Integers

STEP = 1e-5
SEVEN_BITS = 7


def encode_cells(cells: Cells) -> dict[str, Any]:
    """One run of LEB128 numbers, deflated (RFC 1951) and in base64: the gaps between cell positions, then for each
    cell the efforts of every step, then the encounters of every step that had an effort.

    A position is `(row - south) * width + column - west`.
    """
    rows, columns = np.divmod(cells.numbers, ROW)
    south, west = (int(each.min(initial=0 if not len(cells) else each[0])) for each in (rows, columns))
    width = int(columns.max(initial=west)) - west + 1
    positions = (rows - south) * width + columns - west
    found = cells.encounters[cells.efforts > 0]
    numbers = np.concatenate([np.diff(positions, prepend=0), cells.efforts.ravel(), found])
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(leb128(numbers)) + packer.flush()
    return {
        "metres": cells.metres,
        "south": south,
        "west": west,
        "width": width,
        "cells": len(cells),
        "steps": int(cells.efforts.shape[1]),
        "data": base64.b64encode(packed).decode("ascii"),
    }


def leb128(numbers: Integers) -> bytes:
    """Whole numbers from 0 on, low seven bits first, the eighth bit set on all bytes of a number but its last."""
    longest = max(1, -(-int(numbers.max(initial=0)).bit_length() // SEVEN_BITS))
    rest = numbers[:, None] >> (SEVEN_BITS * np.arange(longest))
    more = (rest >> SEVEN_BITS) > 0
    kept = np.ones_like(more)
    kept[:, 1:] = rest[:, 1:] > 0
    signs = (rest & 0x7F) | (more << SEVEN_BITS)
    return bytes(signs[kept].astype(np.uint8).tobytes())


def encode_polygons(shape: BaseGeometry) -> list[list[list[int]]]:
    """Polygons of rings of `[lon, lat, Δlon, Δlat, …]` in 1e-5 degrees (EPSG:4326); a ring's last point is left out."""
    parts = shape.geoms if isinstance(shape, MultiPolygon) else [shape] if isinstance(shape, Polygon) else []
    polygons = [[_ring(ring) for ring in (part.exterior, *part.interiors)] for part in parts if not part.is_empty]
    return [polygon for polygon in ([ring for ring in rings if ring] for rings in polygons) if polygon]


def _ring(ring: BaseGeometry) -> list[int]:
    whole = np.rint(get_coordinates(ring)[:-1] / STEP).astype(np.int64)
    moves = np.diff(whole, axis=0)
    moves = moves[np.any(moves != 0, axis=1)]
    if len(moves) < 2:
        return []
    return [int(each) for each in np.concatenate([whole[:1], moves]).ravel()]
