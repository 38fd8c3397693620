"""A9. A leak in the payload: look for exact places, ids, times and names in what a planner may fetch."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from pyproj import Transformer

from tests.fixtures.client import Client
from tests.fixtures.crowd import Crowd
from tests.fixtures.town import PEOPLE, SmallTown

pytestmark = pytest.mark.anyio
PAIR = re.compile(r"\[\s*(-?\d+\.\d+)\s*,\s*(-?\d+\.\d+)\s*\]")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d\d:\d\d")
TO_GRID = Transformer.from_crs(4326, 3035, always_xy=True)


def off_the_grid(text: str) -> int:
    """How many pairs of numbers are no corner of a 1 km cell, within 2 cm."""
    pairs = np.array([[float(lon), float(lat)] for lon, lat in PAIR.findall(text)])
    corners = np.column_stack(TO_GRID.transform(*pairs.T)) / 1000
    return int((np.abs(corners - corners.round()).max(axis=1) > 0.00002).sum())


def leaks(text: str, release_id: str) -> Iterator[str]:
    if off_the_grid(text):
        yield "a place"
    if set(ID.findall(text)) - {release_id}:
        yield "an id"
    if TIME.search(text):
        yield "a time"
    if any(word in text for name in PEOPLE for word in (name.title(), f"{name}@")):
        yield "a person"
    if re.search(r"note of|quay|doorway", text):
        yield "a site"


@pytest.mark.parametrize("series", ["cells", "districts"])
async def test_a_release_holds_corners_of_the_grid_and_no_place_id_time_or_person(
    client: Client, town: SmallTown, crowd: Crowd, half: str, quarter: str, series: str
) -> None:
    await crowd(30)
    asked = {"series": series, "period": half if series == "cells" else quarter}
    made = (await (await client("mara")).post("/api/v1/releases", json=asked)).json()
    file = (await (await client("pim")).get(made["href"])).text
    assert PAIR.search(file)
    assert list(leaks(file, made["id"])) == []


async def test_control_an_exact_export_leaks_all_of_it(client: Client, town: SmallTown) -> None:
    exact = (await (await client("mara")).get("/api/v1/export/visits")).text
    assert set(leaks(exact, "")) == {"a place", "an id", "a time", "a person", "a site"}
