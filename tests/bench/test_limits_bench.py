"""What must be over in a moment: the check of the worst shapes, and the demo town."""

import time
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from api.demo import load_demo
from api.vault import Vault
from geo.geometry import GeometryError, multipolygon
from tests.unit.test_geometry import BIGGEST, NONSENSE, TOWN

pytestmark = pytest.mark.bench
SHAPE_S, DEMO_S = 0.2, 20


@pytest.mark.parametrize("shape", [*BIGGEST, *NONSENSE], ids=lambda value: None)
def test_the_worst_shapes_are_checked_in_a_moment(shape: dict[str, Any]) -> None:
    took = []
    for _ in range(5):
        started = time.process_time()
        with suppress(GeometryError):
            multipolygon(shape, TOWN)
        took.append(time.process_time() - started)
    assert min(took) < SHAPE_S


@pytest.mark.anyio
async def test_the_demo_town_is_made_and_loaded_soon(database_url: str, vault: Vault) -> None:
    started = time.monotonic()
    await load_demo(database_url, vault, date(2026, 11, 22))
    assert time.monotonic() - started < DEMO_S
