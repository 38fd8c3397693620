"""Geometry from outside is refused with what and where, quickly, and never repaired."""

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from geo.geometry import POSITIONS, GeometryError, check_point, multipolygon, point
from tests.fixtures.work import counted

TOWN = shapely.box(3.0, 54.0, 5.0, 56.0)
SQUARE = [[4.0, 55.0], [4.1, 55.0], [4.1, 55.1], [4.0, 55.1], [4.0, 55.0]]
HOLE = [[4.02, 55.02], [4.05, 55.02], [4.05, 55.05], [4.02, 55.05], [4.02, 55.02]]


def polygon(*rings: object) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


MOST_CALLS = 10 * POSITIONS
"""No shape is more work than this, however big: `make bench` measures that it is under 200 ms."""


def refusal(value: object, bounds: shapely.Polygon = TOWN) -> GeometryError:
    """The error for a shape, found without walking through all of one that is too big."""
    with pytest.raises(GeometryError) as caught, counted() as work:
        multipolygon(value, bounds)
    assert work.calls < MOST_CALLS
    return caught.value


def shifted(ring: list[list[float]], by: float) -> list[list[float]]:
    return [[lon + by, lat + by] for lon, lat in ring]


def test_a_polygon_is_kept_as_it_was_sent() -> None:
    made = multipolygon(polygon(SQUARE, HOLE), TOWN)
    assert [list(ring) for ring in made.geoms[0].exterior.coords] == SQUARE
    assert [list(ring) for ring in made.geoms[0].interiors[0].coords] == HOLE


def test_a_multipolygon_keeps_its_parts_apart() -> None:
    made = multipolygon({"type": "MultiPolygon", "coordinates": [[SQUARE], [shifted(SQUARE, 0.2)]]}, TOWN)
    assert len(made.geoms) == 2


def test_a_point_is_longitude_and_latitude() -> None:
    made = point({"type": "Point", "coordinates": [4, 55.5]}, TOWN)
    assert (made.x, made.y) == (4.0, 55.5)


def test_the_same_point_twice_in_a_row_is_no_fault() -> None:
    ring = [SQUARE[0], SQUARE[0], *SQUARE[1:]]
    assert multipolygon(polygon(ring), TOWN).is_valid


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        "POINT (4 55)",
        [],
        [4, 55],
        {},
        {"type": "Point"},
        {"type": "point", "coordinates": [4, 55]},
        {"type": ["Point"], "coordinates": [4, 55]},
        {"type": "Point", "coordinates": None},
        {"type": "Point", "coordinates": []},
        {"type": "Point", "coordinates": [4]},
        {"type": "Point", "coordinates": [4, 55, 1]},
        {"type": "Point", "coordinates": "45"},
        {"type": "Point", "coordinates": ["4", "55"]},
        {"type": "Point", "coordinates": [True, False]},
        {"type": "Point", "coordinates": [math.nan, 55]},
        {"type": "Point", "coordinates": [4, math.inf]},
        {"type": "Point", "coordinates": [-math.inf, 55]},
        {"type": "Point", "coordinates": [10**400, 55]},
        {"type": "Point", "coordinates": [[4, 55]]},
        {"type": "Point", "coordinates": {"lon": 4, "lat": 55}},
        {"type": "Point", "coordinates": [4, 55], "crs": {"type": "name", "properties": {"name": "EPSG:31370"}}},
        {"type": "Polygon", "coordinates": [SQUARE]},
        {"type": "GeometryCollection", "geometries": []},
    ],
)
def test_what_is_no_point_is_refused(value: object) -> None:
    with pytest.raises(GeometryError):
        point(value, TOWN)


@pytest.mark.parametrize(
    ("value", "what", "where"),
    [
        (polygon(), "not empty", ""),
        (polygon([]), "list of points", "polygon 1, ring 1"),
        (polygon("ring"), "list of points", "polygon 1, ring 1"),
        (polygon(SQUARE, None), "list of points", "polygon 1, ring 2"),
        (polygon(*SQUARE), "two numbers", "polygon 1, ring 1, point 1"),
        (polygon([SQUARE]), "two numbers", "polygon 1, ring 1, point 1"),
        (polygon([SQUARE[0], {}, *SQUARE[2:]]), "two numbers", "polygon 1, ring 1, point 2"),
        (polygon([SQUARE[0], [4.1, math.nan], *SQUARE[2:]]), "two numbers", "polygon 1, ring 1, point 2"),
        (polygon([[*at, 0.0] for at in SQUARE]), "two numbers", "polygon 1, ring 1, point 1"),
        (polygon(SQUARE[:3]), "four points", "polygon 1, ring 1"),
        (polygon(SQUARE[:4]), "not closed", "polygon 1, ring 1"),
        (polygon(SQUARE, HOLE[:4]), "not closed", "polygon 1, ring 2"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "two numbers", "polygon 1, ring 1, point 1"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], 3]}, "list of rings", "polygon 2"),
    ],
)
def test_a_wrong_nesting_or_number_is_named_with_its_place(value: object, what: str, where: str) -> None:
    error = refusal(value)
    assert what in error.what
    assert error.where == where


BOW_TIE = [[4.0, 55.0], [4.1, 55.1], [4.1, 55.0], [4.0, 55.1], [4.0, 55.0]]
SPIKE = [[4.0, 55.0], [4.1, 55.0], [4.2, 55.0], [4.1, 55.0], [4.1, 55.1], [4.0, 55.0]]


@pytest.mark.parametrize(
    ("polygons", "what", "where"),
    [
        ([[BOW_TIE]], "crosses", "polygon 1, ring 1, segment"),
        ([[SPIKE]], "crosses", "polygon 1, ring 1, segment"),
        ([[SQUARE], [BOW_TIE]], "crosses", "polygon"),
        ([[SQUARE, shifted(HOLE, 0.3)]], "hole lies outside", "polygon 1, ring 2"),
        ([[SQUARE, shifted(HOLE, 0.06)]], "crosses", "polygon 1, ring"),
        ([[SQUARE], [shifted(SQUARE, 0.05)]], "overlaps another", "polygon"),
        ([[SQUARE], [HOLE]], "lies inside another polygon", "polygon"),
        ([[SQUARE], [SQUARE]], "", "polygon"),
        ([[[[4.0, 55.0]] * 4]], "three different points", "polygon 1, ring 1"),
        ([[[[4.0, 55.0], [4.25, 55.25], [4.5, 55.5], [4.0, 55.0]]]], "", "polygon 1, ring 1"),
    ],
)
def test_a_shape_that_is_not_valid_says_what_and_where(polygons: list[Any], what: str, where: str) -> None:
    error = refusal({"type": "MultiPolygon", "coordinates": polygons})
    assert what in error.what
    assert error.where.startswith(where)


def test_a_crossing_is_found_at_its_ring_and_segment() -> None:
    error = refusal({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE_APART, CROSSED_HOLE]]})
    assert error.where in {"polygon 2, ring 2, segment 1", "polygon 2, ring 2, segment 3"}


SQUARE_APART = shifted(SQUARE, 0.5)
CROSSED_HOLE = [[4.52, 55.52], [4.55, 55.55], [4.55, 55.52], [4.52, 55.55], [4.52, 55.52]]


def test_swapped_axes_are_recognised() -> None:
    swapped = polygon([[lat, lon] for lon, lat in SQUARE])
    assert "may be swapped" in refusal(swapped).what
    with pytest.raises(GeometryError, match="may be swapped"):
        point({"type": "Point", "coordinates": [55.0, 4.0]}, TOWN)


def test_a_shape_elsewhere_is_refused_without_talk_of_swapping() -> None:
    error = refusal(polygon([*SQUARE[:2], [50.0, 10.0], *SQUARE[3:]]))
    assert error.what == "lies outside the bounds of the organisation"
    assert error.where == "polygon 1, ring 1, point 3"


def test_no_error_holds_a_coordinate() -> None:
    for ring in (BOW_TIE, SPIKE, SQUARE[:4], [[lat, lon] for lon, lat in SQUARE]):
        assert not any(f"{number:g}" in str(refusal(polygon(ring))) for at in ring for number in at if number % 1)


def test_an_altitude_is_dropped_only_where_it_is_asked_for() -> None:
    high = {"type": "Point", "coordinates": [4.0, 55.0, 12.5]}
    with pytest.raises(GeometryError, match="two numbers"):
        point(high, TOWN)
    assert not point(high, TOWN, drop_altitude=True).has_z
    assert not multipolygon(polygon([[*at, 3.0] for at in SQUARE]), TOWN, drop_altitude=True).has_z
    assert not check_point(shapely.Point(4, 55, 9), TOWN).has_z


@pytest.mark.parametrize(
    "shape",
    [None, shapely.Point(), shapely.Point(math.nan, 55), shapely.Point(4, math.inf), shapely.LineString([(4, 55)] * 2)],
)
def test_a_parsed_shape_that_is_no_point_is_refused(shape: BaseGeometry | None) -> None:
    with pytest.raises(GeometryError):
        check_point(shape, TOWN)


def star(points: int) -> list[list[float]]:
    """A ring whose every segment crosses nearly every other."""
    turns = np.arange(points) * (points // 2) * 2 * math.pi / points
    ring = np.c_[4 + 0.5 * np.cos(turns), 55 + 0.5 * np.sin(turns)].tolist()
    return [*ring, ring[0]]


def comb(points: int) -> list[list[float]]:
    """A valid ring of slanting teeth, each over all the others in longitude and in latitude."""
    teeth = np.arange(points // 4) * 4e-6
    bottom, top = np.zeros_like(teeth) + 54.5, np.zeros_like(teeth) + 55.0
    sides = [(teeth, bottom), (teeth + 0.5, top), (teeth + 0.500001, top), (teeth + 2e-6, bottom)]
    ring = (np.stack([np.c_[lon, lat] for lon, lat in sides], axis=1).reshape(-1, 2) + np.array([3.5, 0])).tolist()
    return [*ring, [4.4, 54.2], [3.5, 54.2], ring[0]]


NONSENSE = [
    polygon(SQUARE[:4] * 250_000),
    {"type": "MultiPolygon", "coordinates": [[]] * 1_000_000},
    {"type": "MultiPolygon", "coordinates": [[SQUARE]] * 1_000_000},
    polygon(*[SQUARE] * 1_000_000),
    polygon(*[[[]]] * 1_000_000),
    polygon([[math.nan] * 2] * 1_000_000),
    polygon([[[[[]]]]] * 19_999),
    polygon([[0] * 1_000_000] * 19_999),
    polygon(star(19_999)),
    polygon(star(2_001)),
    polygon(comb(19_990)),
    {"type": "MultiPolygon", "coordinates": [[SQUARE]] * 4_000},
    polygon(SQUARE, *[HOLE] * 3_000),
    polygon([[4.0, 55.0]] * POSITIONS),
]


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: None)
def test_nonsense_of_any_size_is_refused_with_little_work(value: object) -> None:
    refusal(value)


CIRCLE = shapely.Point(4, 55).buffer(0.5, quad_segs=POSITIONS // 4 - 1)
BIGGEST = [polygon(comb(2_990)), json.loads(shapely.to_geojson(CIRCLE))]


@pytest.mark.parametrize("shape", BIGGEST, ids=["comb", "circle"])
def test_a_shape_just_under_the_limits_is_taken_with_little_work(shape: dict[str, Any]) -> None:
    with counted() as work:
        assert multipolygon(shape, TOWN).is_valid
    assert work.calls < MOST_CALLS


def test_every_real_boundary_passes(shared_data: Path) -> None:
    world = shapely.box(-180, -90, 180, 90)
    shapes = 0
    for path in sorted((shared_data / "boundaries").glob("*.geojson")):
        for feature in json.loads(path.read_text())["features"]:
            if feature["geometry"]["type"] != "Point":
                multipolygon(feature["geometry"], world, drop_altitude=True)
                shapes += 1
    assert shapes > 100


NUMBERS = st.floats() | st.integers() | st.booleans() | st.none() | st.text(max_size=3)
NESTED = st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=5), max_leaves=40)


@given(st.sampled_from(["Point", "Polygon", "MultiPolygon", "LineString", ""]), NESTED)
def test_whatever_is_sent_is_either_a_shape_or_a_refusal(kind: str, coordinates: object) -> None:
    value = {"type": kind, "coordinates": coordinates}
    for read in (point, multipolygon):
        with suppress(GeometryError):
            assert read(value, TOWN).is_valid


@given(st.lists(st.tuples(st.floats(3, 5), st.floats(54, 56)), min_size=3, max_size=12))
def test_a_ring_passes_exactly_when_it_is_valid(corners: list[tuple[float, float]]) -> None:
    ring = [list(corner) for corner in [*corners, corners[0]]]
    valid = shapely.Polygon(ring).is_valid
    try:
        multipolygon(polygon(ring), TOWN)
    except GeometryError:
        assert not valid
    else:
        assert valid
