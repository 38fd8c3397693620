"""Under the policies a viewport still goes by the index of the cells, for sites and for visits."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, Select, create_engine, select, text

from geo.site import Site
from geo.site_query import SitesWanted
from geo.site_query import conditions as site_conditions
from geo.viewport import Box
from geo.visit import Visit
from geo.visit_query import VisitsWanted
from geo.visit_query import conditions as visit_conditions
from tests.bench.million import add_sites
from tests.bench.teller import teller
from tests.fixtures.town import SmallTown

SITES = 20_000
LIMIT = 101
VIEW = Box(2.312, 54.7655, 2.3275, 54.7745)  # 1 km by 1 km, inside the work area of Alice
SCOPES = {"mara": "organisation", "alice": "areas"}

ADD_VISITS = text("""
    INSERT INTO lantern.visit (organisation_id, id, visited_at, outcome, geom, source)
    SELECT organisation_id, gen_random_uuid(), now(), 'nobody-found', geom, 'import' FROM lantern.site
""")


@pytest.fixture
def crowded(anyio_backend: str, town: SmallTown, owner_url: str) -> Iterator[Engine]:
    """The small town with many sites and visits."""
    engine = create_engine(owner_url)
    add_sites(engine, town.organisation_id, 1, SITES)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(ADD_VISITS)
        connection.execute(text("VACUUM ANALYZE lantern.visit"))
    yield engine
    engine.dispose()


def viewports(town: SmallTown, *, by_cells: bool = True) -> dict[str, Select[Any]]:
    """The query behind a page of each noun, for a box; also without the condition on its cells."""
    of_sites = site_conditions(town.organisation_id, SitesWanted(box=VIEW))
    of_visits = visit_conditions(town.organisation_id, VisitsWanted(box=VIEW))
    queries: dict[str, Select[Any]] = {}
    for name, table, where in (("site", Site, of_sites), ("visit", Visit, of_visits)):
        kept = [each for each in where if by_cells or "cell" not in str(each)]
        assert len(where) - len(kept) == (0 if by_cells else 1)
        queries[name] = select(table).where(*kept).order_by(table.id).limit(LIMIT)
    return queries


def scans(owner_url: str, town: SmallTown, person: str, table: str, query: Select[Any]) -> tuple[set[str], set[str]]:
    """How rows of the table are found (the kinds of nodes), and by which conditions on indexes."""
    asked = teller(owner_url, town, person, query, SCOPES[person], "lantern_app")
    nodes = asked.plan()
    asked.connection.close()
    kinds = {node["Node Type"] for node in nodes if node.get("Relation Name") == table}
    return kinds, {node["Index Cond"] for node in nodes if "Index Cond" in node}


def test_a_viewport_under_the_policies_goes_by_the_index_of_cells(
    crowded: Engine, owner_url: str, town: SmallTown
) -> None:
    for person in SCOPES:
        for table, query in viewports(town).items():
            kinds, found = scans(owner_url, town, person, table, query)
            assert "Seq Scan" not in kinds, (person, table)
            assert any("cell_" in condition for condition in found), (person, table)
        for table, query in viewports(town, by_cells=False).items():
            _, found = scans(owner_url, town, person, table, query)
            assert not any("cell_" in condition or "geom" in condition for condition in found), (person, table)
