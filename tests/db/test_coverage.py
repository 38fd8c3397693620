"""Coverage in its three meanings, held against an independent computation by geopandas."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from pyproj import Geod
from sqlalchemy import create_engine, text

from api.database import Database
from geo.coverage import Coverage, Zone, measure_coverage
from geo.coverage_map import list_overdue
from geo.selection import Period, Selection
from tests.fixtures.gent import Gent, settle
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
GEOD = Geod(ellps="GRS80")


async def measure(database: Database, selection: Selection, slug: str = "gent") -> Coverage:
    asker = await database.asker_of_organisation(slug)
    async with database.asking(asker) as session:
        return await measure_coverage(session, selection)


def read(owner_url: str, statement: str) -> Any:
    """A table with geometry, past every policy, as geopandas reads it."""
    engine = create_engine(owner_url)
    try:
        return geopandas.read_postgis(statement, engine, geom_col="geom")
    finally:
        engine.dispose()


def change(owner_url: str, *statements: str, **values: object) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.execute(text(statement), values)
    engine.dispose()


def on_ellipsoid(shape: shapely.Geometry) -> float:
    """km² on the ellipsoid, which no projection had a hand in."""
    return abs(GEOD.geometry_area_perimeter(shape)[0]) / 1e6


def by_name(zones: list[Zone]) -> dict[str, Zone]:
    return {zone.name: zone for zone in zones}


async def test_every_count_lies_in_the_district_where_geopandas_finds_it(
    database: Database, gent: Gent, owner_url: str
) -> None:
    found = await measure(database, gent.selection())
    districts = read(owner_url, "SELECT code, name, geom FROM lantern.district")
    visits = read(owner_url, "SELECT id, geom FROM lantern.visit")
    placed = visits.sjoin(districts, predicate="covered_by").sort_values("code").drop_duplicates("id")
    expected = placed.groupby("name").size().to_dict()
    assert found.total.efforts == len(visits) == 25891
    assert {zone.name: zone.efforts for zone in found.districts if zone.efforts} == expected
    assert {zone.name: zone.efforts for zone in found.areas if zone.efforts} == expected


async def test_assignment_coverage_agrees_with_geopandas_within_a_hundredth_of_a_percent(
    database: Database, gent: Gent, owner_url: str
) -> None:
    change(
        owner_url,
        "UPDATE lantern.work_area SET valid_to = '2022-06-30' WHERE name = 'Watersportbaan - Ekkergem'",
        "UPDATE lantern.work_area SET geom = ST_Multi(ST_Buffer(geom, 0.002)) WHERE name = 'Dampoort'",
    )
    found = (await measure(database, gent.selection())).assignment
    assert found is not None
    areas = read(owner_url, "SELECT name, geom FROM lantern.work_area WHERE valid_to IS NULL")
    districts = read(owner_url, "SELECT geom FROM lantern.district")
    territory, worked = districts.union_all(), areas.union_all()
    gap = territory.difference(worked)
    dampoort = areas.geometry[areas.name == "Dampoort"].item()
    shared = areas[areas.name != "Dampoort"].union_all().intersection(dampoort)
    for ours, theirs in (
        (found.territory_km2, territory),
        (found.covered_km2, territory.intersection(worked)),
        (found.gap_km2, gap),
        (found.doubled_km2, shared),
        (found.outside_km2, worked.difference(territory)),
    ):
        assert ours == pytest.approx(on_ellipsoid(theirs), rel=1e-4)
    assert found.share == pytest.approx(1 - on_ellipsoid(gap) / on_ellipsoid(territory), rel=1e-4)
    assert found.gaps[0].district == "Watersportbaan - Ekkergem"
    assert {name for overlap in found.overlaps for name in overlap.areas} >= {"Dampoort", "Gentbrugge"}
    assert all("Dampoort" in overlap.areas for overlap in found.overlaps)


async def test_of_a_team_the_ground_of_others_is_neither_covered_nor_a_gap(
    database: Database, gent: Gent, owner_url: str
) -> None:
    change(
        owner_url,
        "UPDATE lantern.work_area SET valid_to = '2022-06-30' WHERE name = 'Watersportbaan - Ekkergem'",
        "UPDATE lantern.work_area SET team_id = NULL WHERE name = 'Dampoort'",
        "UPDATE lantern.work_area SET geom = ST_Multi(ST_Buffer(geom, 0.002)) WHERE name IN ('Dampoort', 'Gentbrugge')",
    )
    areas = read(owner_url, "SELECT name, team_id, geom FROM lantern.work_area WHERE valid_to IS NULL")
    territory = read(owner_url, "SELECT geom FROM lantern.district").union_all()
    for team_id in gent.teams.values():
        found = (await measure(database, replace(gent.selection(), team_id=team_id))).assignment
        assert found is not None
        own = areas[areas.team_id == team_id]
        others = areas[areas.team_id != team_id].union_all().difference(own.union_all()).intersection(territory)
        assert found.covered_km2 == pytest.approx(on_ellipsoid(own.union_all().intersection(territory)), rel=1e-4)
        assert found.others_km2 == pytest.approx(on_ellipsoid(others), rel=1e-4)
        assert found.others is not None
        assert on_ellipsoid(found.others.symmetric_difference(others)) < 0.001
        assert found.gap_km2 == pytest.approx(on_ellipsoid(territory.difference(areas.union_all())), rel=1e-4)
        assert found.gaps[0].district == "Watersportbaan - Ekkergem"
        names = set(own.name)
        assert found.overlaps
        assert all(names & set(overlap.areas) for overlap in found.overlaps)
        assert found.share is not None
        assert found.share < 1


async def test_a_team_that_has_every_area_leaves_nothing_to_others(
    database: Database, gent: Gent, owner_url: str
) -> None:
    change(owner_url, "UPDATE lantern.work_area SET team_id = :team", team=gent.teams["odd"])
    odd, even = [
        (await measure(database, replace(gent.selection(), team_id=gent.teams[name]))).assignment
        for name in ("odd", "even")
    ]
    assert odd is not None
    assert even is not None
    assert (odd.share, odd.others_km2, odd.others, odd.gaps) == (1.0, 0.0, None, [])
    assert (even.share, even.gaps) == (0.0, [])
    assert even.others_km2 == pytest.approx(even.territory_km2)


async def test_the_same_shapes_as_districts_and_as_areas_leave_no_gap_and_no_sliver(
    database: Database, gent: Gent
) -> None:
    found = (await measure(database, gent.selection())).assignment
    assert found is not None
    assert found.share == 1.0
    assert (found.gaps, found.overlaps, found.left_out) == ([], [], 0)


@pytest.mark.parametrize(
    ("file", "code", "name", "some"),
    [
        ("dabrowa_tarnowska_powiat_gminy.geojson", "name", "name", "Dąbrowa Tarnowska"),
        ("groningen_wijken.geojson", "wijkcode", "wijknaam", None),
    ],
)
async def test_other_cities_agree_too(
    database: Database, owner_url: str, shared_data: Path, file: str, code: str, name: str, some: str | None
) -> None:
    path = shared_data / "boundaries" / file
    columns = list(geopandas.read_file(path).columns)
    code, name = (code if code in columns else columns[0]), (name if name in columns else columns[0])
    city = settle(owner_url, path, code, name)
    change(owner_url, "DELETE FROM lantern.work_area WHERE id = (SELECT id FROM lantern.work_area LIMIT 1)")
    found = await measure(database, city.selection())
    assert found.assignment is not None
    territory = read(owner_url, "SELECT geom FROM lantern.district").union_all()
    worked = read(owner_url, "SELECT geom FROM lantern.work_area").union_all()
    assert found.assignment.covered_km2 == pytest.approx(on_ellipsoid(territory.intersection(worked)), rel=1e-4)
    assert found.assignment.territory_km2 == pytest.approx(on_ellipsoid(territory), rel=1e-4)
    assert some is None or some in by_name(found.districts)


async def test_points_within_metres_of_a_border_fall_on_its_right_side(
    database: Database, gent: Gent, owner_url: str
) -> None:
    districts = read(owner_url, "SELECT code, name, geom FROM lantern.district")
    random = np.random.default_rng(7)
    lines = shapely.boundary(districts.geometry.to_numpy())
    on_border = shapely.get_coordinates(
        [line.interpolate(share, normalized=True) for line in lines for share in random.random(120)]
    )
    points = on_border + random.normal(0, 3e-5, on_border.shape)
    change(owner_url, "DELETE FROM lantern.visit")
    change(
        owner_url,
        """INSERT INTO lantern.visit (organisation_id, id, visited_at, outcome, source, geom)
        SELECT :organisation, gen_random_uuid(), '2020-05-05 12:00+00', 'nobody-found', 'api',
            ST_SetSRID(ST_MakePoint(lon, lat), 4326)
        FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) AS point (lon, lat)""",
        organisation=gent.organisation_id,
        lons=[float(lon) for lon in points[:, 0]],
        lats=[float(lat) for lat in points[:, 1]],
    )
    found = await measure(database, gent.selection())
    visits = read(owner_url, "SELECT id, geom FROM lantern.visit")
    placed = visits.sjoin(districts, predicate="covered_by").sort_values("code").drop_duplicates("id")
    assert {zone.name: zone.efforts for zone in found.districts} == (
        districts.set_index("name")
        .assign(efforts=placed.groupby("name").size())
        .efforts.fillna(0)
        .astype(int)
        .to_dict()
    )
    assert found.total.efforts == 3000


async def test_a_visit_on_a_shared_border_counts_once_in_the_first_district_by_code(
    database: Database, town: SmallTown, owner_url: str
) -> None:
    log(owner_url, town, "ST_SetSRID(ST_MakePoint(2.31, 54.76), 4326)")
    found = await measure(database, of_town(town), "doggerstad")
    before = {"north": 1, "south": 1}
    assert {zone.name: zone.efforts for zone in found.districts} == before | {"north": 2}


async def test_in_overlapping_work_areas_a_visit_counts_in_each_and_in_its_district_once(
    database: Database, town: SmallTown, owner_url: str
) -> None:
    change(owner_url, "UPDATE lantern.work_area SET geom = ST_Multi(ST_Buffer(geom, 0.03)) WHERE name = 'north area'")
    found = await measure(database, of_town(town), "doggerstad")
    assert {zone.name: zone.efforts for zone in found.areas} == {"north area": 2, "south area": 1}
    assert {zone.name: zone.efforts for zone in found.districts} == {"north": 1, "south": 1}
    assert found.assignment is not None
    assert [overlap.areas for overlap in found.assignment.overlaps] == [("north area", "south area")]


async def test_a_site_is_seen_in_time_until_its_interval_has_passed(database: Database, town: SmallTown) -> None:
    """The quay was searched 3 days ago, the lane 30, adrift never; each is to be seen every 14 days."""
    found = await measure(database, of_town(town), "doggerstad")
    seen = {zone.name: (zone.sites, zone.seen, zone.overdue) for zone in found.districts}
    assert seen == {"north": (1, 1, 0), "south": (1, 0, 1)}
    assert (found.total.sites, found.total.seen) == (3, 1)
    for age, expected in ((14, 1), (15, 0)):
        later = replace(of_town(town), today=town.today + timedelta(days=age - 3))
        later = replace(later, period=Period(later.period.first, later.today))
        assert (await measure(database, later, "doggerstad")).total.seen == expected


async def test_a_visit_that_did_not_reach_the_place_is_no_effort_and_no_sight_of_a_site(
    database: Database, town: SmallTown, owner_url: str
) -> None:
    change(owner_url, "UPDATE lantern.visit SET outcome = 'not-reached', people_band = NULL")
    found = await measure(database, of_town(town), "doggerstad")
    assert (found.total.efforts, found.total.seen, found.total.searched) == (0, 0, 0)


async def test_only_sites_that_were_active_at_the_end_of_the_period_count(
    database: Database, town: SmallTown, owner_url: str
) -> None:
    change(
        owner_url,
        """INSERT INTO lantern.site_status (organisation_id, id, site_id, status, since)
        VALUES (:organisation, gen_random_uuid(), :site, 'closed', now() - interval '20 days')""",
        "UPDATE lantern.site SET status = 'closed' WHERE id = :site",
        organisation=town.organisation_id,
        site=town.sites["adrift"],
    )
    now = of_town(town)
    assert (await measure(database, now, "doggerstad")).total.sites == 2
    before = replace(now, period=Period(now.period.first, town.today - timedelta(days=25)))
    assert (await measure(database, before, "doggerstad")).total.sites == 3


async def test_a_searched_cell_is_found_or_not(database: Database, town: SmallTown, owner_url: str) -> None:
    log(owner_url, town, "ST_SetSRID(ST_MakePoint(2.335, 54.775), 4326)")
    total = (await measure(database, of_town(town), "doggerstad")).total
    assert (total.searched, total.found, total.encounters) == (3, 2, 2)


async def test_a_team_and_a_site_type_narrow_what_is_counted(database: Database, gent: Gent, owner_url: str) -> None:
    visits = read(
        owner_url,
        "SELECT visit.geom, team_id, site_type FROM lantern.visit JOIN lantern.site ON site.id = visit.site_id",
    )
    of_team = await measure(database, replace(gent.selection(), team_id=gent.teams["even"]))
    assert of_team.total.efforts == (visits.team_id == gent.teams["even"]).sum() > 0
    assert len(of_team.areas) == 12
    assert len(of_team.districts) == 25
    of_type = await measure(database, replace(gent.selection(), site_type="vehicle"))
    assert of_type.total.efforts == (visits.site_type == "vehicle").sum() > 0


async def test_of_a_team_the_places_in_its_own_work_areas_are_to_be_seen_in_time(
    database: Database, gent: Gent, owner_url: str
) -> None:
    change(owner_url, "UPDATE lantern.site SET status = 'active'", "UPDATE lantern.site_status SET status = 'active'")
    sites = read(owner_url, "SELECT geom FROM lantern.site")
    areas = read(owner_url, "SELECT team_id, geom FROM lantern.work_area")
    every = await measure(database, gent.selection())
    asker = await database.asker_of_organisation("gent")
    for team_id in gent.teams.values():
        selection = replace(gent.selection(), team_id=team_id)
        found = await measure(database, selection)
        own = sites.geometry.covered_by(areas[areas.team_id == team_id].union_all())
        assert 0 < found.total.sites == own.sum() < every.total.sites
        assert found.total.sites == sum(zone.sites for zone in found.areas)
        assert found.total.overdue == found.total.sites - sum(zone.seen for zone in found.areas)
        async with database.asking(asker) as session:
            assert len(await list_overdue(session, selection)) == found.total.overdue


async def test_a_period_holds_its_first_day_and_its_last(database: Database, gent: Gent, owner_url: str) -> None:
    day = date(2022, 12, 1)
    on_day = "(visited_at AT TIME ZONE 'Europe/Brussels')::date"
    visits = read(owner_url, f"SELECT geom FROM lantern.visit WHERE {on_day} = '{day}'")
    assert (await measure(database, gent.selection(day, day))).total.efforts == len(visits) > 0
    assert (await measure(database, gent.selection(day + timedelta(1), day + timedelta(20)))).total.efforts == 0


async def test_an_empty_organisation_has_empty_coverage(database: Database, town: SmallTown, owner_url: str) -> None:
    for table in ("visit", "site_status", "site", "assignment", "work_area", "district"):
        change(owner_url, f"DELETE FROM lantern.{table}")
    found = await measure(database, of_town(town), "doggerstad")
    assert found.assignment is not None
    assert (found.assignment.share, found.total.share, len(found.cells)) == (None, None, 0)


def of_town(town: SmallTown) -> Selection:
    return Selection(
        town.organisation_id, "Europe/London", town.today, Period(town.today - timedelta(days=300), town.today)
    )


def log(owner_url: str, town: SmallTown, place: str) -> None:
    change(
        owner_url,
        f"""INSERT INTO lantern.visit (organisation_id, id, visited_at, outcome, source, geom)
        VALUES (:organisation, gen_random_uuid(), now() - interval '2 days', 'nobody-found', 'api', {place})""",
        organisation=town.organisation_id,
    )
