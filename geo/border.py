"""Points in the cells of a border: which zones hold them, exactly.

A point is in a zone when the zone covers it, its border included. A point on a border that districts share, or in two
districts that overlap, counts once, in the first by code; in overlapping work areas it counts in each.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import from_wkb, intersects_xy, prepare

COUNTS = ("efforts", "encounters", "sites", "seen")
POINT = np.dtype([("cell", ">i8"), ("lon", ">f8"), ("lat", ">f8"), *((name, ">i4") for name in COUNTS)])
PAIR = np.dtype([("place", ">i8"), ("cell", ">i8")])


def count_border(zones: Sequence[Any], points: bytes | None, pairs: bytes | None) -> dict[int, NDArray[np.int64]]:
    """What the points add to each zone, by its place: counts [4] of efforts, encounters, sites, seen.

    `zones` are rows of the query `zones` in geo/coverage.sql, districts first, in order of code; `points` and `pairs`
    are its runs of bytes.
    """
    point: Any = np.frombuffer(points or b"", POINT)
    pair: Any = np.frombuffer(pairs or b"", PAIR)
    counts = np.stack([point[name].astype(np.int64) for name in COUNTS], axis=-1)
    cells, cell_of_point = np.unique(point["cell"].astype(np.int64), return_inverse=True)
    lon, lat = point["lon"].astype(float), point["lat"].astype(float)
    free = np.ones(len(point), bool)
    found = {}
    for zone in zones:
        touched = np.isin(cells, pair["cell"][pair["place"] == zone.place])
        near = np.flatnonzero(touched[cell_of_point])
        if zone.kind == "district":
            near = near[free[near]]
        shape = from_wkb(bytes(zone.exact))
        prepare(shape)
        inside = near[intersects_xy(shape, lon[near], lat[near])]
        if zone.kind == "district":
            free[inside] = False
        found[zone.place] = counts[inside].sum(axis=0)
    return found
