"""The cells of one row, asked for by name and checked; ValueError or GeometryError says what is wrong."""

from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any

from shapely import MultiPolygon, Point, Polygon

from geo.geometry import GeometryError, check_point, multipolygon, point
from geo.record import Record
from geo.typed_text import NotText, check_line, check_lines, composed
from geo.wkt import geometry_of_wkt

LON = ("lon", "lng", "long", "longitude", "lengtegraad", "x")
LAT = ("lat", "latitude", "breedtegraad", "y")
WKT = ("wkt", "geom", "geometry", "the_geom", "wkb_geometry", "shape")


class Cells:
    """`columns` says where in the record each of our columns stands; an absent one reads as empty."""

    def __init__(self, record: Record, columns: Mapping[str, int]) -> None:
        self._record = record
        self._columns = columns

    def text(self, name: str, longest: int, *, lines: bool = False) -> str | None:
        """A text without blanks around it, of one line unless it may have `lines`; None for an empty cell."""
        place = self._columns.get(name)
        kept = "" if place is None else composed(self._record.cells[place]).strip()
        if len(kept) > longest:
            raise ValueError(f"its {name} is longer than {longest} characters")
        try:
            return (check_lines(kept) if lines else check_line(kept)) or None
        except NotText as wrong:
            raise ValueError(f"its {name} {wrong}") from None

    def needed(self, name: str, longest: int) -> str:
        kept = self.text(name, longest)
        if kept is None:
            raise ValueError(f"its {name} is empty")
        return kept

    def day(self, name: str) -> date | None:
        """An ISO 8601 date."""
        cell = self.text(name, 40)
        try:
            return None if cell is None else date.fromisoformat(cell[:10])
        except ValueError:
            raise ValueError(f"its {name} is not written as in 2024-03-05") from None

    def number(self, name: str, low: float, high: float) -> float | None:
        cell = self.text(name, 40)
        if cell is None:
            return None
        found = degrees(cell, name)
        if not low <= found <= high:
            raise ValueError(f"its {name} is not between {low:g} and {high:g}")
        return found

    def point(self, bounds: Polygon) -> Point:
        """The place, from the feature's geometry, from lon and lat, or from WKT."""
        if self._record.geometry is not None:
            return point(self._record.geometry, bounds, drop_altitude=True)
        if "lon" in self._columns and "lat" in self._columns:
            return check_point(Point(*(degrees(self.needed(name, 40), name) for name in ("lon", "lat"))), bounds)
        return point(self._wkt(), bounds)

    def multipolygon(self, bounds: Polygon) -> MultiPolygon:
        """The outline, from the feature's geometry or from WKT."""
        if self._record.geometry is not None:
            return multipolygon(self._record.geometry, bounds, drop_altitude=True)
        return multipolygon(self._wkt(), bounds)

    def _wkt(self) -> dict[str, Any]:
        place = self._columns.get("wkt")
        if place is None or not self._record.cells[place].strip():
            raise GeometryError("has no geometry")
        return geometry_of_wkt(self._record.cells[place])


def degrees(cell: str, name: str) -> float:
    """A number; a comma may stand for the point."""
    try:
        found = float(cell.replace(",", "."))
    except ValueError:
        raise ValueError(f"its {name} is no number") from None
    if not isfinite(found):
        raise ValueError(f"its {name} is no number")
    return found
