"""Visit heat, held against an independent count by pandas and pyproj."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas  # type: ignore[import-untyped]
import pytest
from pyproj import Transformer
from sqlalchemy import create_engine, text

from api.database import Database
from geo.account import Role
from geo.grid import ROW
from geo.heat import Cells, Heat, count_heat
from geo.selection import Period, Selection
from tests.fixtures.gent import Gent
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio


async def count(database: Database, selection: Selection, slug: str = "gent") -> Heat:
    asker = await database.asker_of_organisation(slug)
    async with database.asking(asker) as session:
        return await count_heat(session, selection)


def change(owner_url: str, *statements: str) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def visits(owner_url: str) -> Any:
    engine = create_engine(owner_url)
    try:
        return pandas.read_sql(
            """SELECT ST_X(visit.geom) AS lon, ST_Y(visit.geom) AS lat, outcome, team_id, site_type,
                to_char(visited_at AT TIME ZONE 'Europe/Brussels', 'YYYY-MM') AS month
            FROM lantern.visit LEFT JOIN lantern.site ON site.id = visit.site_id""",
            engine,
        )
    finally:
        engine.dispose()


def expected(table: Any, metres: int) -> dict[tuple[int, str], int]:
    east, north = Transformer.from_crs(4326, 3035, always_xy=True).transform(table.lon, table.lat)
    cell = np.floor(north / metres).astype(int) * ROW + np.floor(east / metres).astype(int)
    return {key: int(n) for key, n in table.groupby([cell, "month"]).size().items()}


def counted(heat: Heat, cells: Cells, what: str) -> dict[tuple[int, str], int]:
    counts = getattr(cells, what)
    return {
        (int(cells.numbers[row]), f"{heat.steps[step].first:%Y-%m}"): int(counts[row, step])
        for row, step in zip(*np.nonzero(counts), strict=True)
    }


@pytest.mark.parametrize("metres", [100, 250, 1000])
async def test_efforts_by_cell_and_month_are_those_that_pandas_counts(
    database: Database, gent: Gent, owner_url: str, metres: int
) -> None:
    heat = await count(database, gent.selection())
    assert len(heat.steps) == 108
    assert counted(heat, heat.cells[metres], "efforts") == expected(visits(owner_url), metres)
    assert int(heat.efforts.sum()) == 25891


async def test_encounters_are_the_efforts_that_met_somebody(database: Database, gent: Gent, owner_url: str) -> None:
    change(
        owner_url,
        """UPDATE lantern.visit SET outcome = 'nobody-found' WHERE mod(extract(day FROM visited_at), 3) = 0
                OR id::text < '4'""",
        "UPDATE lantern.visit SET outcome = 'not-reached' WHERE id::text > 'f'",
    )
    heat = await count(database, gent.selection())
    table = visits(owner_url)
    assert counted(heat, heat.cells[100], "encounters") == expected(table[table.outcome == "met"], 100)
    assert counted(heat, heat.cells[100], "efforts") == expected(table[table.outcome != "not-reached"], 100)


async def test_team_type_and_period_narrow_the_heat(database: Database, gent: Gent, owner_url: str) -> None:
    table = visits(owner_url)
    year = gent.selection(date(2020, 1, 1), date(2020, 12, 31))
    for selection, wanted in (
        (year, table.month.str.startswith("2020")),
        (replace(year, site_type="vehicle"), table.month.str.startswith("2020") & (table.site_type == "vehicle")),
        (replace(year, team_id=gent.teams["even"]), table.month.str.startswith("2020") & table.team_id.notna()),
    ):
        heat = await count(database, selection)
        assert counted(heat, heat.cells[1000], "efforts") == expected(table[wanted], 1000)
        assert len(heat.steps) == 12


async def test_a_long_period_goes_by_years(database: Database, gent: Gent, owner_url: str) -> None:
    heat = await count(database, gent.selection(date(2010, 3, 1), date(2022, 12, 31)))
    years = visits(owner_url).month.str[:4].value_counts()
    assert [step.first.year for step in heat.steps] == list(range(2010, 2023))
    assert heat.efforts.tolist() == [int(years.get(str(year), 0)) for year in range(2010, 2023)]


async def test_a_streetworkers_heat_holds_the_own_area_alone(database: Database, town: SmallTown) -> None:
    period = Period.year_to(town.today)
    selection = Selection(town.organisation_id, "Europe/London", town.today, period)
    assert int((await count(database, selection, "doggerstad")).efforts.sum()) == 2
    manager = await database.asker_of_organisation("doggerstad")
    alice = replace(manager, account_id=town.accounts["alice"], roles=frozenset({Role.STREETWORKER}))
    async with database.asking(alice) as session:
        heat = await count_heat(session, selection)
    assert int(heat.efforts.sum()) == 1


async def test_another_organisation_adds_nothing(database: Database, town: SmallTown) -> None:
    asker = await database.asker_of_organisation("silverpit")
    selection = Selection(town.organisation_id, "Europe/London", town.today, Period.year_to(town.today))
    async with database.asking(asker) as session:
        heat = await count_heat(session, selection)
    assert int(heat.efforts.sum()) == 0
