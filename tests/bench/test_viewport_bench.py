"""What a viewport of 1 km² costs under row-level security, with a million sites."""

import statistics
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Select, create_engine, select

from geo.site import Site
from geo.site_query import SitesWanted, conditions
from geo.viewport import Box
from tests.bench.million import add_sites, report
from tests.bench.teller import Teller, teller
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.bench
SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 200
VIEW = Box(2.312, 54.7655, 2.3275, 54.7745)  # 1 km by 1 km, inside the work area of Alice


@dataclass(frozen=True)
class Times:
    """Milliseconds, and how many rows came."""

    median: float
    p95: float
    rows: int


def test_a_viewport_under_the_policies_costs_at_most_twice_as_much_as_without(
    anyio_backend: str, town: SmallTown, owner_url: str
) -> None:
    engine = create_engine(owner_url)
    rows, there, ratios = [], 0, {}
    for size in SIZES:
        add_sites(engine, town.organisation_id, there + 1, size)
        there = size
        query = viewport(town)
        tellers = [
            teller(owner_url, town, "owner", query),
            teller(owner_url, town, "owner, GiST alone", viewport(town, by_cells=False)),
            teller(owner_url, town, "mara", query, "organisation", "lantern_app"),
            teller(owner_url, town, "alice", query, "areas", "lantern_app"),
        ]
        found = measure(tellers)
        assert len({times.rows for times in found.values()}) == 1
        ratios = {name: found[name].p95 / found["owner"].p95 for name in ("mara", "alice")}
        milliseconds = [f"{found[each.name].median:.2f} / {found[each.name].p95:.2f} ms" for each in tellers]
        shares = [f"{ratios['mara']:.2f}", f"{ratios['alice']:.2f}"]
        rows.append([f"{size:,}", str(found["owner"].rows), *milliseconds, *shares])
        for each in tellers:
            each.connection.close()
    engine.dispose()
    words = (
        "The sites in a box of 1 km², as `GET /api/v1/sites` with a `Lantern-Box` asks for them (cells of 100 m first, "
        "then the exact box): as a manager and as a streetworker under the policies, against the same query by the "
        "superuser past them, and against the box alone by the superuser. Median and 95th percentile of "
        f"{ROUNDS} rounds in turn; the ratios are of the latter. Allowed at a million: 2 × the owner's. "
        "The plan behind it: `tests/db/test_plans.py`."
    )
    heading = ["sites", "in view", "owner", "owner, GiST alone", "manager", "streetworker", "ratio", "ratio"]
    print("\n" + report("viewport", "A viewport under row-level security", words, heading, rows))  # noqa: T201
    assert max(ratios.values()) <= 2.0


def viewport(town: SmallTown, *, by_cells: bool = True) -> Select[*tuple[Any, ...]]:
    where = conditions(town.organisation_id, SitesWanted(box=VIEW))
    return select(Site.id, Site.geom, Site.name, Site.status).where(*(where if by_cells else [where[0], *where[2:]]))


def measure(tellers: list[Teller]) -> dict[str, Times]:
    """By name; all take turns."""
    for each in tellers * 5:
        each.ask()
    found: dict[str, list[tuple[float, int]]] = {each.name: [] for each in tellers}
    for _ in range(ROUNDS):
        for each in tellers:
            found[each.name].append(each.ask())
    return {name: _times([ms for ms, _ in asked], asked[0][1]) for name, asked in found.items()}


def _times(milliseconds: list[float], rows: int) -> Times:
    return Times(statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[-1], rows)
