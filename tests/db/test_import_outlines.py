"""Districts, work areas and sites in."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely import box
from shapely.geometry import mapping

from geo.record import Encoding
from tests.fixtures.importing import City, MakeCity

pytestmark = pytest.mark.anyio
WEST, EAST = box(3.70, 51.00, 3.72, 51.02), box(3.72, 51.00, 3.74, 51.02)
CROSSED = {"type": "Polygon", "coordinates": [[[3.7, 51.0], [3.72, 51.02], [3.72, 51.0], [3.7, 51.02], [3.7, 51.0]]]}


def collection(*features: tuple[Any, dict[str, object]]) -> str:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": properties,
                    "geometry": geometry if isinstance(geometry, dict) else mapping(geometry),
                }
                for geometry, properties in features
            ],
        }
    )


@pytest.mark.parametrize(
    ("slug", "file", "code", "name"),
    [
        ("gent", "gent_wijken.geojson", "wijknr", "wijk"),
        ("gent", "gent_statistische_sectoren.geojson", "nis9_code", "sectornaam"),
        ("dabrowa", "dabrowa_tarnowska_powiat_gminy.geojson", "terc", "name"),
        ("groningen", "groningen_wijken.geojson", "code", "name"),
    ],
)
async def test_real_boundaries_come_in_as_districts_name_for_name_and_point_for_point(
    make_city: MakeCity, shared_data: Path, slug: str, file: str, code: str, name: str
) -> None:
    city = await make_city(slug)
    done = await city.bring("districts", shared_data / "boundaries" / file)
    assert (done.refused, done.refusals) == (0, [])
    real = gpd.read_file(shared_data / "boundaries" / file)
    expected = {(str(row[code]), row[name]): row.geometry for _, row in real.iterrows()}
    found = await city.ask("SELECT code, name, ST_AsText(geom, 15) FROM lantern.district")
    stored = {(code, name): gpd.GeoSeries.from_wkt([wkt])[0] for code, name, wkt in found}
    assert stored.keys() == expected.keys()
    assert all(shape.equals(expected[key]) for key, shape in stored.items())
    again = await city.bring("districts", shared_data / "boundaries" / file)
    assert (again.kept, again.changed, again.already_there) == (0, 0, len(expected))


async def test_polish_names_are_whole(make_city: MakeCity, shared_data: Path) -> None:
    city = await make_city("dabrowa")
    await city.bring("districts", shared_data / "boundaries/dabrowa_tarnowska_powiat_gminy.geojson")
    names = {name for (name,) in await city.ask("SELECT name FROM lantern.district")}
    assert {"Dąbrowa Tarnowska", "Mędrzechów", "Bolesław", "Gręboszów"} <= names


async def test_real_boundaries_come_in_as_work_areas(city: City, shared_data: Path) -> None:
    file = shared_data / "boundaries/gent_wijken.geojson"
    done = await city.bring("areas", file)
    assert (done.read, done.kept) == (25, 25)
    days = await city.ask("SELECT DISTINCT valid_from, valid_to FROM lantern.work_area")
    assert days == [(city.asker.today, None)]
    again = await city.bring("areas", file)
    assert (again.kept, again.already_there) == (0, 25)


async def test_a_known_district_is_changed_and_what_it_was_is_kept(city: City) -> None:
    await city.bring(
        "districts", collection((WEST, {"code": "1", "name": "West"}), (EAST, {"code": "2", "name": "East"}))
    )
    done = await city.bring(
        "districts", collection((EAST, {"code": "1", "name": "Other"}), (EAST, {"code": "2", "name": "East"}))
    )
    assert (done.changed, done.already_there, done.kept) == (1, 1, 0)
    assert await city.ask("SELECT name, version FROM lantern.district WHERE code = '1'") == [("Other", 2)]
    assert await city.ask("SELECT noun, version, before ->> 'name' FROM lantern.change") == [("district", 1, "West")]


async def test_an_area_of_the_same_name_and_day_is_changed_and_of_another_day_is_new(city: City) -> None:
    row: dict[str, Any] = {"name": "West", "valid_from": "2024-01-01", "valid_to": "2024-12-31"}
    await city.bring("areas", collection((WEST, row)))
    changed = await city.bring("areas", collection((EAST, row)))
    assert (changed.changed, changed.kept) == (1, 0)
    new = await city.bring("areas", collection((EAST, row | {"valid_from": "2025-01-01", "valid_to": None})))
    assert (new.changed, new.kept) == (0, 1)
    found = await city.ask(
        "SELECT version, valid_from || '', valid_to || '' FROM lantern.work_area ORDER BY valid_from"
    )
    assert found == [(2, "2024-01-01", "2024-12-31"), (1, "2025-01-01", None)]


async def test_bad_outlines_are_refused_where_they_stand_and_lose_no_other(city: City) -> None:
    file = collection(
        (WEST, {"name": "good"}),
        (CROSSED, {"name": "crossed"}),
        (box(51.00, 3.70, 51.02, 3.72), {"name": "swapped"}),
        (
            {"type": "Polygon", "coordinates": [[[3.7, 51.0], [3.71, 51.0], [3.71, 51.01], [3.7, 51.01]]]},
            {"name": "open"},
        ),
        ({"type": "Point", "coordinates": [3.7, 51.0]}, {"name": "point"}),
        (EAST, {"name": ""}),
        (EAST, {"name": "good"}),
    )
    done = await city.bring("districts", file, keep_going=True)
    reasons = dict(done.refusals)
    assert (done.kept, sorted(reasons)) == (1, [2, 3, 4, 5, 6, 7])
    assert "crosses" in reasons[2]
    assert "swapped" in reasons[3]
    assert "not closed" in reasons[4]
    assert "51" not in " ".join(reasons.values())
    assert (await city.bring("districts", file)).written is False


async def test_altitudes_are_dropped(city: City) -> None:
    ring = [[3.7, 51.0, 9.5], [3.71, 51.0, 9.5], [3.71, 51.01, 9.5], [3.7, 51.0, 9.5]]
    done = await city.bring("areas", collection(({"type": "Polygon", "coordinates": [ring]}, {"name": "high"})))
    assert done.refused == 0
    assert await city.ask("SELECT ST_NDims(geom) FROM lantern.work_area") == [(2,)]


async def test_outlines_come_from_csv_with_wkt_in_the_encoding_that_is_said(city: City) -> None:
    text = f'nazwa;wkt\nŁęg;"{WEST.wkt}"\nZły;POLYGON((1 2\n'
    done = await city.bring("districts", text.encode("windows-1250"), encoding=Encoding.WINDOWS_1250, keep_going=True)
    assert (done.kept, [line for line, _ in done.refusals]) == (1, [3])
    assert await city.ask("SELECT code, name FROM lantern.district") == [("Łęg", "Łęg")]


async def test_an_area_of_an_unknown_team_is_refused(city: City) -> None:
    done = await city.bring("areas", collection((WEST, {"name": "West", "team": "Night team"})))
    assert [reason for _, reason in done.refusals] == ["there is no team of that name; make it first"]


SITES = "site_type,name,lon,lat,status,first_seen_on,revisit_days\n"


async def test_a_register_of_sites_comes_in_once(city: City) -> None:
    file = SITES + "doorway,Gate,3.72,51.05,,2024-05-01,7\ntent,,3.73,51.06,inactive,,\n"
    done = await city.bring("sites", file)
    assert (done.kept, done.already_there) == (2, 0)
    again = await city.bring("sites", file + "tent,,3.74,51.06,closed,,\n")
    assert (again.kept, again.already_there) == (1, 2)
    found = await city.ask(
        "SELECT site_type, name, status, first_seen_on || '', revisit_days > 0, "
        "(SELECT string_agg(step.status, ' ') FROM lantern.site_status AS step WHERE step.site_id = site.id) "
        "FROM lantern.site ORDER BY status"
    )
    assert found == [
        ("doorway", "Gate", "active", "2024-05-01", True, "active"),
        ("tent", None, "closed", None, True, "closed"),
        ("tent", None, "inactive", None, True, "inactive"),
    ]


async def test_bad_sites_are_refused(city: City) -> None:
    rows = [
        "palace,,3.7,51,,,",
        "tent,,51,3.7,,,",
        "tent,,x,51,,,",
        "tent,,3.7,51,gone,,",
        "tent,,3.7,51,,1/2/2024,",
        "tent,,3.7,51,,,0",
    ]
    done = await city.bring("sites", SITES + "".join(f"{row}\n" for row in rows))
    assert [line for line, _ in done.refusals] == [2, 3, 4, 5, 6, 7]
    assert await city.ask("SELECT id FROM lantern.site") == []
