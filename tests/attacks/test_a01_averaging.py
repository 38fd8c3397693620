"""A1. Averaging: ask for the same numbers again and again, and let the noise cancel out."""

from collections import Counter

import httpx
import numpy as np
import pytest

from api.asker import Asker
from api.database import Database
from api.settings import Settings
from geo.release_draw import draw_release, noisy
from geo.release_series import Series
from tests.fixtures.client import Client
from tests.fixtures.crowd import Crowd
from tests.fixtures.town import SmallTown
from web.app import create_app

pytestmark = pytest.mark.anyio
ASKED = 300


async def test_a_release_is_one_vector_over_people_orders_and_restarts(
    client: Client, database: Database, settings: Settings, drawer: Asker, crowd: Crowd, town: SmallTown, half: str
) -> None:
    await crowd(12)
    async with database.asking(drawer) as session:
        release = await draw_release(
            session,
            organisation_id=town.organisation_id,
            series=Series.CELLS,
            period=half,
            today=drawer.today,
        )
    path = f"/api/v1/releases/{release.id}.geojson"
    people = [await client(person) for person in ("pim", "mara", "stefan")]
    seen: Counter[bytes] = Counter()
    for turn in range(ASKED):
        headers = {"Accept": ("*/*", "application/geo+json", "text/csv")[turn % 3], "Accept-Language": "nl"}
        answer = await people[turn % 3].get(path, params={"turn": turn}, headers=headers)
        assert answer.status_code == 200
        seen[answer.content] += 1
    for _ in range(3):
        restarted = create_app(settings)
        async with restarted.router.lifespan_context(restarted):
            transport = httpx.ASGITransport(restarted)
            async with httpx.AsyncClient(transport=transport, base_url="http://lantern.test") as again:
                again.cookies.update(people[0].cookies)
                seen[(await again.get(path)).content] += 1
    assert len(seen) == 1


def test_control_noise_made_anew_for_each_request_averages_out() -> None:
    counts = list(range(40)) * 10
    asked = np.array([noisy(counts, epsilon=1.0) for _ in range(50)])
    assert np.mean(np.rint(asked.mean(axis=0)) == counts) >= 0.95
