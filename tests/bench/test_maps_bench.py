"""The map pages, against a plain Folium HeatMap of the same points."""

import time
from dataclasses import dataclass
from pathlib import Path

import folium
import httpx
import psycopg
import pytest
from fastapi import FastAPI
from folium.plugins import HeatMap
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from geo.schema import new_id
from tests.bench.million import report
from tests.fixtures.gent import Gent, settle
from tests.fixtures.town import PASSWORD

pytestmark = [pytest.mark.bench, pytest.mark.anyio]
SIZES = (10_000, 100_000, 1_000_000)
VISITS_A_SITE = 50
ROUNDS = 3
PERIOD = "from=2025-01-01&to=2025-12-31"
MOST_BYTES = {"heat": 600_000, "coverage": 1_000_000}


@dataclass
class Best:
    """The least seconds of some rounds, and the bytes of the answer."""

    seconds: float = float("inf")
    size: int = 0

    def add(self, seconds: float, size: int) -> None:
        self.seconds, self.size = min(self.seconds, seconds), size


async def test_a_map_page_costs_a_fifth_of_a_plain_heat_map_at_most(
    app: FastAPI, owner_url: str, shared_data: Path, password_hash: str
) -> None:
    gent = settle(owner_url, shared_data / "boundaries" / "gent_wijken.geojson", "wijknr", "wijk")
    engine = create_engine(owner_url)
    rows, there, best = [], 0, {}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://lantern.test", timeout=120
    ) as mara:
        await sign_in(mara, engine, gent, password_hash)
        for size in SIZES:
            add_visits(engine, gent, there, size)
            there = size
            best = {"heat": Best(), "coverage": Best(), "folium": Best()}
            for _ in range(ROUNDS):
                for kind in ("heat", "coverage"):
                    started = time.perf_counter()
                    answer = (await mara.get(f"/maps/{kind}?{PERIOD}")).raise_for_status()
                    best[kind].add(time.perf_counter() - started, len(answer.content))
                best["folium"].add(*plain_heat_map(owner_url))
            rows += [row(size, kind, best[kind], best["folium"]) for kind in ("heat", "coverage")]
    engine.dispose()
    words = (
        "`GET /maps/heat` and `GET /maps/coverage` for a year over all of Gent's 25 neighbourhoods, as districts "
        "and as work areas, for a manager under row-level security; beside it a plain Folium `HeatMap` of the same "
        "points, read without policies and rendered to HTML. Visits lie at random over the whole city, the worst case "
        f"for cells. Pages are not compressed. The best of {ROUNDS} rounds in turn. Allowed at a million: a fifth of "
        "the time; 600 kB for heat, 1 MB for coverage."
    )
    heading = ["visits", "page", "size", "time", "plain HeatMap", "its time", "ratio of times"]
    print("\n" + report("maps", "Map pages", words, heading, rows))  # noqa: T201
    for kind, most in MOST_BYTES.items():
        assert best[kind].size <= most
        assert best[kind].seconds <= best["folium"].seconds / 5


def row(size: int, kind: str, ours: Best, folium_s: Best) -> list[str]:
    return [
        f"{size:,}",
        kind,
        f"{ours.size / 1000:,.0f} kB",
        f"{ours.seconds:.2f} s",
        f"{folium_s.size / 1000:,.0f} kB",
        f"{folium_s.seconds:.2f} s",
        f"{ours.seconds / folium_s.seconds:.2f}",
    ]


def plain_heat_map(owner_url: str) -> tuple[float, int]:
    """Seconds and bytes of Folium's own way: every point into the page."""
    url = make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    started = time.perf_counter()
    with psycopg.connect(url) as connection:
        statement = "SELECT ST_Y(geom), ST_X(geom) FROM lantern.visit WHERE visited_at >= '2025-01-01'"
        points = connection.execute(statement).fetchall()
    board = folium.Map(location=[51.05, 3.73], zoom_start=12)
    HeatMap([list(point) for point in points]).add_to(board)  # type: ignore[no-untyped-call]
    page = board.get_root().render()
    return time.perf_counter() - started, len(page)


async def sign_in(client: httpx.AsyncClient, engine: Engine, gent: Gent, password_hash: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""WITH mara AS (INSERT INTO lantern.account (organisation_id, id, email, name, roles)
                VALUES (:organisation, :id, 'mara@gent.example', 'Mara', '{manager}') RETURNING organisation_id, id)
            INSERT INTO lantern.account_secret (organisation_id, id, password_hash)
            SELECT organisation_id, id, :password FROM mara"""),
            {"organisation": gent.organisation_id, "id": new_id(), "password": password_hash},
        )
    form = {"email": "mara@gent.example", "password": PASSWORD}
    (await client.post("/api/v1/session", json=form)).raise_for_status()
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # past the guard of the session
        connection.execute(text("UPDATE lantern.session SET second_factor = true"))


def add_visits(engine: Engine, gent: Gent, there: int, size: int) -> None:
    """Fills up to `size` visits of 2025, fifty to a site, over the whole city; half of them met somebody."""
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.execute(
            text(ADD),
            {
                "organisation": gent.organisation_id,
                "sites": (size - there) // VISITS_A_SITE,
                "seed": size,
                "visits": VISITS_A_SITE,
            },
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE lantern.visit")
        connection.exec_driver_sql("VACUUM ANALYZE lantern.site")


ADD = """
WITH placed AS (
    INSERT INTO lantern.site (organisation_id, id, site_type, status, geom, revisit_days, first_seen_on)
    SELECT :organisation, gen_random_uuid(), 'street', 'active', geom, 30, '2024-01-01'
    FROM (
        SELECT (ST_Dump(ST_GeneratePoints(ST_Union(geom), CAST(:sites AS integer), CAST(:seed AS integer)))).geom
        FROM lantern.district
    ) AS point
    RETURNING id, geom
)
INSERT INTO lantern.visit (organisation_id, id, site_id, visited_at, outcome, source, geom)
SELECT :organisation, gen_random_uuid(), id, timestamptz '2025-01-02 00:00+00' + random() * interval '362 days',
    CASE WHEN random() < 0.5 THEN 'met' ELSE 'nobody-found' END, 'api',
    ST_Translate(geom, (random() - 0.5) * 0.0003, (random() - 0.5) * 0.0002)
FROM placed, generate_series(1, CAST(:visits AS integer))
"""
