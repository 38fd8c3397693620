"""WKT of points and polygons, as GeoJSON would give them."""

import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geo.geometry import GeometryError
from geo.wkt import geometry_of_wkt

HOLED = Polygon(box(0, 0, 9, 9).exterior, [box(1, 1, 2, 2).exterior, box(4, 4, 5, 5).exterior])
SHAPES = [Point(4.25, -55.5), box(0, 0, 1, 1), HOLED, MultiPolygon([HOLED, box(20, 20, 21, 21)])]


@pytest.mark.parametrize("drawn", [*SHAPES, *map(shapely.force_3d, SHAPES)])
def test_what_another_program_writes_is_read_as_it_was_meant(drawn: BaseGeometry) -> None:
    for text in (drawn.wkt, f"SRID=4326;{drawn.wkt}", f"  {drawn.wkt.lower().replace(',', ' , ')}  "):
        assert shape(geometry_of_wkt(text)).equals(shapely.force_2d(drawn))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LINESTRING (0 0, 1 1)",
        "POINT",
        "POINT 1 2",
        "POINT (1)",
        "POINT (1 2",
        "POINT (1 two)",
        "POLYGON (0 0, 1 1)",
        "POLYGON ((0 0, (1 1)))",
        "SRID=3857;POINT (1 2)",
        "GEOMETRYCOLLECTION (" * 500_000,
        "MULTIPOLYGON " + "(" * 1_000_000,
        "POLYGON ((" + ")" * 1_000_000,
    ],
    ids=range(13),
)
def test_what_is_no_such_text_is_refused_however_deep_it_goes(text: str) -> None:
    with pytest.raises(GeometryError):
        geometry_of_wkt(text)
