"""From the town's own metres to longitude and latitude.

Everything in Doggerstad is drawn in metres east and north of the old bridge, on a transverse Mercator plane that
touches the Dogger Bank there, and leaves this package as EPSG:4326 (lon, lat).
"""

from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

ORIGIN = (2.3, 54.75)
"""Where the town's (0, 0) lies: longitude, latitude in degrees. There is only sea."""

NATIONAL_SRID = 25831

Points = npt.NDArray[np.float64]
"""An array of shape (n, 2): metres east, metres north."""

Geometry = TypeVar("Geometry", bound=BaseGeometry)


@cache
def _transformer() -> Transformer:
    lon, lat = ORIGIN
    plane = f"+proj=tmerc +lat_0={lat} +lon_0={lon} +ellps=GRS80 +units=m +no_defs"
    return Transformer.from_crs(plane, "EPSG:4326", always_xy=True)


def to_lonlat(geometry: Geometry, decimals: int = 6) -> Geometry:
    """The geometry in degrees (lon, lat), rounded; 6 decimals are about 10 cm. Shared vertices stay shared."""
    transformer = _transformer()

    def turn(points: Points) -> Points:
        lon, lat = transformer.transform(points[:, 0], points[:, 1])
        return np.round(np.column_stack([lon, lat]), decimals)

    return shapely.transform(geometry, turn)
