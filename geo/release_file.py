"""The file of a release: GeoJSON (RFC 7946) whose bytes are stored and never made again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapely import MultiPolygon, Polygon
from shapely.geometry.polygon import orient

from geo.grid import cell_code, cell_square, cells_union
from geo.release import Release
from geo.release_geography import METRES, Shapes
from geo.release_series import CLOSES_AFTER, KEPT_WITHIN, Series

UNIT = "one site, active on the last day of the period, counted once in the cell that holds it"
METHOD = "differential privacy: integer Laplace noise (OpenDP), drawn once for every shape, the empty ones too"
GENERALIZED = (
    "Places are counted in squares of 1 km of the Eurostat grid (EPSG:3035) and in districts made of such squares."
)
WITHHELD = (
    "No place, visit, note or person is in this file. Numbers under the threshold are not shown, and none looks like "
    "any other small number. Places in squares whose centre lies in no district are not counted."
)
DECIMALS = 7


@dataclass(frozen=True)
class Shown:
    """A number that is shown, with the interval that holds the true count in at least 95 of 100 draws."""

    value: int
    low: int
    high: int

    @classmethod
    def around(cls, value: int, radius: int) -> "Shown":
        return cls(value, max(0, value - radius), value + radius)


def release_file(release: Release, shapes: Shapes, values: Mapping[str, Shown | None]) -> bytes:
    """The whole file. The features stand in the order of their codes, and one that is not shown differs from another
    only in code, name and shape."""
    features = _cells(shapes, values) if release.series == Series.CELLS else _districts(shapes, values)
    document = {
        "type": "FeatureCollection",
        "release": _about(release),
        "features": features,
        "numberReturned": len(features),
        "complete": True,
    }
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _about(release: Release) -> dict[str, Any]:
    return {
        "id": str(release.id),
        "series": release.series,
        "period": release.period,
        "firstDay": release.first_day.isoformat(),
        "lastDay": release.last_day.isoformat(),
        "drawnOn": release.drawn_at.date().isoformat(),
        "geographyVersion": release.geography_version,
        "unit": release.unit,
        "method": release.method,
        "profile": release.profile,
        "epsilon": release.epsilon,
        "threshold": release.threshold,
        "interval": "low to high holds the true count with a probability of at least 0.95",
        "lateRecords": f"counted when known within {CLOSES_AFTER.days} days after the period, else in the next one",
        "continuity": f"a shown number stays as it was before unless the new one differs by more than {KEPT_WITHIN}",
        "dataGeneralizations": GENERALIZED,
        "informationWithheld": WITHHELD,
    }


def _cells(shapes: Shapes, values: Mapping[str, Shown | None]) -> list[dict[str, Any]]:
    squares = {cell_code(cell, METRES): cell for cell in shapes.cells}
    return [
        _feature({"code": code}, _ring_of(cell_square(squares[code], METRES)), "Polygon", shown)
        for code, shown in values.items()
    ]


def _districts(shapes: Shapes, values: Mapping[str, Shown | None]) -> list[dict[str, Any]]:
    cells = shapes.cells_of()
    return [
        _feature(
            {"code": code, "name": shapes.districts[code]},
            [_ring_of(part) for part in _parts(cells_union(cells[code], METRES))],
            "MultiPolygon",
            shown,
        )
        for code, shown in values.items()
    ]


def _feature(named: dict[str, str], coordinates: list[Any], kind: str, shown: Shown | None) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": named["code"],
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": named
        | {
            "shown": shown is not None,
            "value": shown.value if shown else None,
            "low": shown.low if shown else None,
            "high": shown.high if shown else None,
        },
    }


def _parts(shape: MultiPolygon) -> list[Polygon]:
    return sorted(shape.geoms, key=lambda part: part.bounds)


def _ring_of(shape: Polygon) -> list[list[list[float]]]:
    turned = orient(shape)
    rings = [turned.exterior, *turned.interiors]
    return [[[round(lon, DECIMALS), round(lat, DECIMALS)] for lon, lat in ring.coords] for ring in rings]
