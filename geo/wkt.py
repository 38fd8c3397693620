"""WKT (OGC Simple Features, 7.2) of points and polygons, as the objects that GeoJSON would give.

Read here and not by GEOS, which goes a level deeper for each bracket of a stranger's text.
"""

import re
from typing import Any

from geo.geometry import GeometryError

BEGIN = re.compile(r"(?:SRID=4326;)?\s*(POINT|MULTIPOLYGON|POLYGON)\s*(?:ZM|Z|M)?\s*(?=\(|EMPTY)", re.IGNORECASE)
TYPES = {"POINT": "Point", "POLYGON": "Polygon", "MULTIPOLYGON": "MultiPolygon"}
BETWEEN = {2: r"\)\s*,\s*\(", 3: r"\)\s*\)\s*,\s*\(\s*\("}
DIMENSIONS = (2, 3, 4)


def geometry_of_wkt(text: str) -> dict[str, Any]:
    """A GeoJSON geometry from WKT in degrees, longitude first, of two dimensions: others are dropped. Raises
    GeometryError."""
    text = text.strip()
    begin = BEGIN.match(text)
    if begin is None:
        raise GeometryError("must be the WKT of a point, polygon or multipolygon")
    kind, rest = TYPES[begin[1].upper()], text[begin.end() :]
    if rest.upper() == "EMPTY":
        return {"type": kind, "coordinates": []}
    match kind:
        case "Point":
            return {"type": kind, "coordinates": _position(_inside(rest, 1))}
        case "Polygon":
            return {"type": kind, "coordinates": _rings(_inside(rest, 2))}
    return {"type": kind, "coordinates": [_rings(polygon) for polygon in re.split(BETWEEN[3], _inside(rest, 3))]}


def _inside(text: str, brackets: int) -> str:
    for _ in range(brackets):
        text = text.strip()
        if not (text.startswith("(") and text.endswith(")")):
            raise _not_readable()
        text = text[1:-1]
    return text


def _rings(text: str) -> list[list[list[float]]]:
    return [[_position(position) for position in ring.split(",")] for ring in re.split(BETWEEN[2], text)]


def _position(text: str) -> list[float]:
    numbers = text.split()
    if len(numbers) not in DIMENSIONS:
        raise _not_readable()
    try:
        return [float(number) for number in numbers[:2]]
    except ValueError:
        raise _not_readable() from None


def _not_readable() -> GeometryError:
    return GeometryError("must be WKT that can be read")
