"""Old logs in: every row a visit, rows near each other one site."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import cos, radians
from pathlib import Path
from uuid import UUID, uuid4

import geopandas as gpd
import pytest
from sqlalchemy import text

from api.cluster import Cluster
from api.database import Database
from api.vault import Vault
from geo.record import FileError
from tests.fixtures.database import as_admin
from tests.fixtures.importing import City, MakeCity, found_city

pytestmark = pytest.mark.anyio
HEAD = "observed_on,kind,people,lon,lat\n"
LON, LAT = 3.7253, 51.0543
LOG = "points/night_counts_placed_on_gent_2014_2022.csv"
WIJKEN = "boundaries/gent_wijken.geojson"
DISTANCES = """
    SELECT max(ST_Distance(ST_Transform(visit.geom, 3035), ST_Transform(site.geom, 3035)))
    FROM lantern.visit JOIN lantern.site ON site.organisation_id = visit.organisation_id AND site.id = visit.site_id
"""


def row(
    east_m: float = 0, north_m: float = 0, *, day: str = "2024-03-05", kind: str = "tent", people: object = 2
) -> str:
    lon = LON + east_m / (111_320 * cos(radians(LAT)))
    return f"{day},{kind},{people},{lon:.7f},{LAT + north_m / 111_195:.7f}\n"


async def sites(city: City) -> list[int]:
    """The number of visits of each site, the most first."""
    found = await city.ask("SELECT count(*) FROM lantern.visit GROUP BY site_id ORDER BY 1 DESC")
    return [count for (count,) in found]


async def test_rows_within_the_distance_become_one_site_and_others_their_own(city: City) -> None:
    done = await city.bring("observations", HEAD + row() + row(24) + row(200) + row(226))
    assert (done.read, done.kept, done.refused, done.sites, done.written) == (4, 4, 0, 3, True)
    assert await sites(city) == [2, 1, 1]


async def test_rows_of_another_kind_are_another_site(city: City) -> None:
    done = await city.bring("observations", HEAD + row(kind="structure") + row(kind="vehicle"))
    assert done.sites == 2
    assert {kind for (kind,) in await city.ask("SELECT site_type FROM lantern.site")} == {"tent", "vehicle"}


async def test_a_long_chain_of_rows_is_cut_so_that_none_lies_far_from_its_site(city: City) -> None:
    done = await city.bring("observations", HEAD + "".join(row(5 * step) for step in range(400)))
    assert 30 < done.sites < 120
    ((farthest,),) = await city.ask(DISTANCES)
    assert farthest <= 25.1


async def test_the_same_rows_again_add_nothing_and_new_ones_join_the_site_that_is_there(city: City) -> None:
    first = HEAD + row() + row(10) + row() + row()
    await city.bring("observations", first)
    again = await city.bring("observations", first + row(20, day="2024-04-01") + row(500, day="2024-04-01"))
    assert (again.read, again.already_there, again.kept, again.sites) == (6, 4, 2, 1)
    assert await sites(city) == [5, 1]


async def test_a_site_that_was_closed_takes_visits_from_before_only(city: City) -> None:
    await city.bring("observations", HEAD + row(day="2023-01-01"))
    await city.ask(
        "WITH closed AS (UPDATE lantern.site SET status = 'closed' RETURNING organisation_id, id) "
        "INSERT INTO lantern.site_status (organisation_id, id, site_id, status, since) "
        "SELECT organisation_id, :id, id, 'closed', '2023-06-01' FROM closed RETURNING id",
        id=uuid4(),
    )
    await city.bring("observations", HEAD + row(1, day="2023-05-01") + row(1, day="2023-07-01"))
    assert await sites(city) == [2, 1]


async def test_a_visit_says_what_the_row_says(city: City) -> None:
    days = ("2024-03-05", "2024-07-05", "2024-07-05T23:30", "2024-07-05T23:30+00:00")
    numbers = (0, 1, 14, 21)
    lines = [row(day=day, people=people) for day, people in zip(days, numbers, strict=True)]
    await city.bring("observations", HEAD + "".join(lines))
    found = await city.ask(
        "SELECT visited_at AT TIME ZONE 'Europe/Brussels' || '', outcome, people_band, source, account_id "
        "FROM lantern.visit ORDER BY visited_at, people_band"
    )
    assert found == [
        ("2024-03-05 12:00:00", "nobody-found", "0", "import", None),
        ("2024-07-05 12:00:00", "met", "1", "import", None),
        ("2024-07-05 23:30:00", "met", "11-20", "import", None),
        ("2024-07-06 01:30:00", "met", "more", "import", None),
    ]


async def test_a_site_is_active_where_people_were_met_lately_and_its_history_says_since_when(city: City) -> None:
    log = [
        row(0, day="2024-01-01"),
        row(0, day="2024-12-01"),
        row(500, day="2024-01-01"),
        row(1000, day="2024-12-01", people=0),
    ]
    await city.bring("observations", HEAD + "".join(log))
    found = await city.ask(
        "SELECT site.status, first_seen_on || '', array_agg(step.status || ' ' || step.since::date ORDER BY since) "
        "FROM lantern.site JOIN lantern.site_status AS step ON step.site_id = site.id GROUP BY 1, 2 ORDER BY 1"
    )
    assert found == [
        ("active", "2024-01-01", ["active 2024-01-01"]),
        ("inactive", "2024-01-01", ["active 2024-01-01", "inactive 2024-03-31"]),
        ("unverified", "2024-12-01", ["unverified 2024-12-01"]),
    ]


async def test_each_bad_row_is_refused_with_its_line_and_reason_and_nothing_of_its_place(city: City) -> None:
    lines = [
        row(day="05/03/2024"),
        row(day="2999-01-01"),
        row(people=-1),
        row(people="many"),
        row(kind="spaceship"),
        "2024-03-05,tent,1,nan,51.05\n",
        "2024-03-05,tent,1,inf,51.05\n",
        f"2024-03-05,tent,1,{LAT},{LON}\n",
        "2024-03-05,tent,1,3.7\n",
        "2024-03-05,tent,1,,\n",
        row(),
    ]
    done = await city.bring("observations", HEAD + "".join(lines))
    assert (done.read, done.refused, done.kept, done.written) == (11, 10, 0, False)
    reasons = dict(done.refusals)
    assert sorted(reasons) == list(range(2, 12))
    assert "swapped" in reasons[9]
    assert not any("51.05" in reason or "3.7" in reason or "spaceship" in reason for reason in reasons.values())
    assert await sites(city) == []
    kept = await city.bring("observations", HEAD + "".join(lines), keep_going=True)
    assert (kept.refused, kept.kept, kept.written) == (10, 1, True)
    assert await sites(city) == [1]


async def test_a_dry_run_counts_and_writes_nothing(city: City) -> None:
    done = await city.bring("observations", HEAD + row() + row(100), dry_run=True)
    assert (done.kept, done.sites, done.written) == (2, 2, False)
    assert await sites(city) == []


async def test_a_kind_that_is_mapped_is_taken(city: City) -> None:
    await city.bring("observations", HEAD + row(kind="Spaceship"), kinds={"spaceship": "vehicle"})
    assert await city.ask("SELECT site_type FROM lantern.site") == [("vehicle",)]
    with pytest.raises(FileError):
        await city.bring("observations", HEAD + row(), kinds={"tent": "palace"})


async def test_what_one_city_brings_in_another_does_not_see(make_city: MakeCity) -> None:
    city, other = await make_city("gent"), await make_city("groningen")
    await city.bring("observations", HEAD + row())
    assert await sites(other) == []


async def test_every_row_of_the_real_log_is_one_visit_on_one_site(city: City, shared_data: Path) -> None:
    done = await city.bring("observations", shared_data / LOG)
    assert (done.read, done.kept, done.refused) == (25_891, 25_891, 0)
    counted = await city.ask("SELECT count(*), count(site_id), count(DISTINCT site_id) FROM lantern.visit")
    assert counted == [(25_891, 25_891, done.sites)]
    ((farthest,),) = await city.ask(DISTANCES)
    assert farthest <= 25.1
    again = await city.bring("observations", shared_data / LOG)
    assert (again.kept, again.already_there, again.sites) == (0, 25_891, 0)


async def test_visits_per_district_agree_with_an_independent_count(city: City, shared_data: Path) -> None:
    await city.bring("districts", shared_data / WIJKEN)
    await city.bring("observations", shared_data / LOG)
    counted = await city.ask(
        "SELECT district.name, count(visit.id) FROM lantern.district "
        "LEFT JOIN lantern.visit ON ST_Covers(district.geom, visit.geom) GROUP BY district.name"
    )
    with (shared_data / LOG).open() as file:
        places = [(float(line["lon"]), float(line["lat"])) for line in csv.DictReader(file)]
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*zip(*places, strict=True)), crs=4326)
    joined = gpd.sjoin(points, gpd.read_file(shared_data / WIJKEN), predicate="intersects")
    expected = Counter(joined["wijk"])
    assert {name: count for name, count in counted if count} == dict(expected)
    assert sum(expected.values()) > 25_000


SITES = "SELECT id::text, site_type, encode(ST_AsBinary(geom), 'hex') FROM lantern.site ORDER BY 1"


async def test_the_same_log_makes_the_same_sites_for_any_city_in_whatever_order_it_is_written(
    make_city: MakeCity, shared_data: Path
) -> None:
    made = []
    head, *lines = (shared_data / LOG).read_text().splitlines(keepends=True)
    for slug, order in (("gent", lines), ("gent-again", lines[::-1])):
        city = await make_city(slug)
        await city.bring("observations", head + "".join(order))
        made.append({(kind, place) for _, kind, place in await city.ask(SITES)})
    assert len(made[0]) > 2000
    assert made[0] == made[1]


async def test_the_same_log_makes_the_same_ids_in_another_database(
    cluster: Cluster, template: str, database_url: str, vault: Vault, shared_data: Path
) -> None:
    made = []
    organisation_id = UUID("01900000-0000-7000-8000-00000000aaaa")
    with another_database(cluster, template) as other_url:
        for url in (database_url, other_url):
            database = Database(url)
            city = await found_city(database, vault, "gent", organisation_id)
            await city.bring("observations", shared_data / LOG)
            made.append((await city.ask(SITES), await city.ask("SELECT id, site_id FROM lantern.visit ORDER BY 1")))
            await database.close()
    assert len(made[0][1]) == 25_891
    assert made[0] == made[1]


@contextmanager
def another_database(cluster: Cluster, template: str) -> Iterator[str]:
    with as_admin(cluster) as connection:
        connection.execute(text(f"CREATE DATABASE another TEMPLATE {template} STRATEGY FILE_COPY"))
    yield cluster.url(database="another")
    with as_admin(cluster) as connection:
        connection.execute(text("DROP DATABASE another WITH (FORCE)"))
