"""What a viewport of 1 km² costs under row-level security, with a million sites."""

import statistics
import time
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import make_url

from api.database import PARALLEL_SETUP_COST
from geo.site import Site
from geo.site_query import SitesWanted, conditions
from geo.viewport import Box
from tests.bench.million import add_sites, report
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.bench
SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 60
VIEW = Box(2.312, 54.7655, 2.3275, 54.7745)  # 1 km by 1 km, inside the work area of Alice
DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


@dataclass
class Teller:
    """One connection that asks in somebody's name."""

    name: str
    connection: psycopg.Connection[Any]
    statement: str

    def ask(self) -> tuple[float, int]:
        """Milliseconds, and how many rows came."""
        began = time.perf_counter()
        rows = self.connection.execute(self.statement.encode()).fetchall()
        return (time.perf_counter() - began) * 1000, len(rows)


def test_a_viewport_under_the_policies_costs_at_most_twice_as_much_as_without(
    anyio_backend: str, town: SmallTown, owner_url: str
) -> None:
    engine = create_engine(owner_url)
    rows, there, ratios = [], 0, {}
    for size in SIZES:
        add_sites(engine, town.organisation_id, there + 1, size)
        there = size
        tellers = [
            teller(owner_url, town, "owner", by_cells=True),
            teller(owner_url, town, "owner, GiST alone", by_cells=False),
            teller(owner_url, town, "mara", scope="organisation", role="lantern_app"),
            teller(owner_url, town, "alice", scope="areas", role="lantern_app"),
        ]
        found = measure(tellers)
        assert len({number for _, number in found.values()}) == 1
        ratios = {name: found[name][0] / found["owner"][0] for name in ("mara", "alice")}
        milliseconds = [f"{found[each.name][0]:.2f} ms" for each in tellers]
        shares = [f"{ratios['mara']:.2f}", f"{ratios['alice']:.2f}"]
        rows.append([f"{size:,}", str(found["owner"][1]), *milliseconds, *shares])
        for each in tellers:
            each.connection.close()
    engine.dispose()
    words = (
        "The sites in a box of 1 km², as `GET /api/v1/sites?bbox=…` asks for them (cells of 100 m first, then the "
        "exact box): as a manager and as a streetworker under the policies, against the same query by the superuser "
        f"past them, and against the box alone by the superuser. Medians of {ROUNDS} rounds in turn. "
        "Allowed: 2 × the owner."
    )
    heading = ["sites", "in view", "owner", "owner, GiST alone", "manager", "streetworker", "ratio", "ratio"]
    print("\n" + report("viewport", "A viewport under row-level security", words, heading, rows))  # noqa: T201
    assert max(ratios.values()) <= 2.0


def measure(tellers: list[Teller]) -> dict[str, tuple[float, int]]:
    """Median milliseconds and rows, by name; all take turns."""
    for each in tellers * 5:
        each.ask()
    times: dict[str, list[tuple[float, int]]] = {each.name: [] for each in tellers}
    for _ in range(ROUNDS):
        for each in tellers:
            times[each.name].append(each.ask())
    return {name: (statistics.median(ms for ms, _ in found), found[0][1]) for name, found in times.items()}


def teller(url: str, town: SmallTown, name: str, *, scope: str = "", role: str = "", by_cells: bool = True) -> Teller:
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(dsn, prepare_threshold=None)
    connection.execute(sql.SQL("SET parallel_setup_cost = {}").format(sql.Literal(PARALLEL_SETUP_COST)))
    if role:
        settings = {"organisation_id": str(town.organisation_id), "scope": scope}
        settings |= {"account_id": str(town.accounts[name]), "today": town.today.isoformat()}
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        for setting, value in settings.items():
            known = sql.Identifier("lantern", setting)
            connection.execute(sql.SQL("SET {} = {}").format(known, sql.Literal(value)))
    where = conditions(town.organisation_id, SitesWanted(box=VIEW))
    query = select(Site.id, Site.geom, Site.name, Site.status).where(*(where if by_cells else [where[0], *where[2:]]))
    compiled = query.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    return Teller(name, connection, psycopg.ClientCursor(connection).mogrify(str(compiled).encode(), compiled.params))
