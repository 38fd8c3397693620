"""The map pages, the numbers behind them and the basemap, over HTTP: who gets what, and what is refused."""

import re
from datetime import timedelta

import httpx
import pytest

from tests.fixtures.client import Client
from tests.fixtures.look import run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
PAGES = ("/maps/coverage", "/maps/heat")
LON, LAT = 2.32, 54.75  # of the lane, where Ben looks after the overdue site


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_private_and_runs_its_own_scripts_alone(client: Client, path: str) -> None:
    answer = await (await client("mara")).get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<script(?! src=\"/| type=\"application/json\")", answer.text) == []
    assert not re.search(
        r"<style|\sstyle=|\son[a-z]+=", re.sub(r"<script.*?</script>", "", answer.text, flags=re.DOTALL)
    )
    assert set(re.findall(r"(?:src|href)=\"(https?:)?//", answer.text)) == set()


@pytest.mark.parametrize("path", PAGES)
async def test_the_script_of_a_figure_is_served_apart_and_may_be_kept(client: Client, path: str) -> None:
    mara = await client("mara")
    own = re.search(rf'<script src="({path}\.js[^"]+)"', (await mara.get(path)).text)
    assert own is not None
    script = await mara.get(own[1].replace("&amp;", "&"))
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert "L.map(" in script.text
    assert "north" not in script.text
    again = await mara.get(f"{path}.js", headers={"If-None-Match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/coverage"])
async def test_a_planner_is_shown_the_way_to_releases(client: Client, path: str) -> None:
    answer = await (await client("pim")).get(path)
    assert answer.status_code == 403
    assert "release" in answer.text.lower()


@pytest.mark.parametrize("person", ["dora", "stefan"])
async def test_who_looks_after_nobody_gets_no_map(client: Client, person: str) -> None:
    asker = await client(person)
    assert [(await asker.get(path)).status_code for path in (*PAGES, "/api/v1/coverage")] == [403, 403, 403]


async def test_nobody_gets_a_map_without_signing_in(anyone: httpx.AsyncClient) -> None:
    assert (await anyone.get("/api/v1/coverage")).status_code == 401
    for path in PAGES:
        assert "folium-map" not in (await anyone.get(path)).text


@pytest.mark.parametrize(
    "query",
    [
        "from=2025-13-01",
        "from=yesterday",
        "from=2025-05-01&to=2025-04-01",
        "from=0001-01-01",
        "to=9999-12-31",
        "team=nobody",
        "team=01970000-0000-7000-8000-000000000000",
        "type=castle",
        "type=Robert'); DROP TABLE visit;--",
        "type=" + "x" * 5000,
        "color=red",
    ],
)
async def test_a_bad_question_is_refused_and_not_echoed(client: Client, query: str) -> None:
    mara = await client("mara")
    for path in (*PAGES, "/api/v1/coverage"):
        answer = await mara.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert "Robert" not in answer.text
        assert "xxxx" not in answer.text


async def test_an_empty_form_field_asks_for_everything(client: Client) -> None:
    mara = await client("mara")
    for path in PAGES:
        assert (await mara.get(f"{path}?from=&to=&team=&type=")).status_code == 200
    assert (await mara.get("/api/v1/coverage?team=&type=doorway")).json()["type"] == "doorway"


async def test_exact_sites_stand_in_the_page_only_when_asked_for(client: Client) -> None:
    mara = await client("mara")
    for path in PAGES:
        text = (await mara.get(path)).text
        assert f"[{LON},{LAT}]" not in text
        assert "lane site" not in text
    asked = (await mara.get("/maps/coverage?sites=overdue")).text
    assert f"[{LON},{LAT}]" in asked
    assert "lane site" in asked
    assert "quay site" not in asked


async def test_a_streetworker_sees_the_own_area_and_sites_alone(client: Client) -> None:
    alice = await client("alice")
    text = (await alice.get("/maps/coverage?sites=overdue")).text
    assert "north area" in text
    assert "south area" not in text
    assert "lane site" not in text
    numbers = (await alice.get("/api/v1/coverage")).json()
    assert numbers["assignment"] is None
    assert numbers["districts"] == []
    assert [area["name"] for area in numbers["work_areas"]] == ["north area"]
    assert (numbers["total"]["active_sites"], numbers["total"]["efforts"]) == (1, 1)


async def test_the_numbers_name_the_three_coverages(client: Client, town: SmallTown) -> None:
    numbers = (await (await client("mara")).get("/api/v1/coverage")).json()
    assert numbers["assignment"]["share"] == pytest.approx(1)
    assert numbers["assignment"]["gaps"] == []
    assert numbers["total"] == {
        "efforts": 2,
        "encounters": 2,
        "active_sites": 3,
        "seen_in_time": 1,
        "overdue": 2,
        "share_seen": pytest.approx(1 / 3),
        "searched_cells": 2,
        "found_cells": 2,
    }
    assert numbers["as_of"] == town.today.isoformat()


async def test_of_a_team_the_work_areas_of_others_are_no_gap(client: Client, town: SmallTown, owner_url: str) -> None:
    mara = await client("mara")
    assert "Other work areas" not in re.sub(r"<script.*?</script>", "", (await mara.get("/maps/coverage")).text)
    run(owner_url, "UPDATE lantern.work_area SET team_id = :team WHERE name = 'north area'", team=town.team)
    page = (await mara.get(f"/maps/coverage?team={town.team}")).text
    assert '"title":"Gap' not in page
    assert '"title":"Other work areas"' in page
    assert '<span class="swatch other"></span>Other work areas' in page
    numbers = (await mara.get(f"/api/v1/coverage?team={town.team}")).json()["assignment"]
    assert numbers["gaps"] == []
    assert numbers["covered_km2"] + numbers["other_areas_km2"] == pytest.approx(numbers["territory_km2"])
    rows = (await mara.get(f"/api/v1/export/coverage?team={town.team}")).json()["features"]
    kinds = {row["properties"]["kind"]: row for row in rows}
    assert "gap" not in kinds
    assert kinds["other work areas"]["properties"]["km2"] == pytest.approx(numbers["other_areas_km2"], abs=1e-6)
    assert kinds["other work areas"]["geometry"]["type"] in {"Polygon", "MultiPolygon"}


async def test_the_earliest_days_can_be_asked_for(client: Client) -> None:
    mara = await client("mara")
    for query in ("from=1990-01-01&to=1990-02-01", "to=1990-02-01", "from=1990-01-01"):
        for path in (*PAGES, "/api/v1/coverage"):
            assert (await mara.get(f"{path}?{query}")).status_code == 200, query
    assert (await mara.get("/api/v1/coverage?to=1990-02-01")).json()["first"] == "1990-01-01"
    assert (await mara.get("/maps/heat?from=1989-12-31&to=1990-02-01")).status_code == 422


async def test_a_period_to_come_is_an_empty_map_and_no_fault(client: Client, town: SmallTown) -> None:
    day = town.today + timedelta(days=30)
    mara = await client("mara")
    for path in PAGES:
        assert (await mara.get(f"{path}?from={day}&to={day}")).status_code == 200


async def test_a_name_that_holds_a_script_stays_a_name(client: Client, town: SmallTown, owner_url: str) -> None:
    nasty = "</script><script>alert(1)</script>"
    run(owner_url, "UPDATE lantern.work_area SET name = :name", name=nasty)
    run(owner_url, "UPDATE lantern.district SET name = :name", name=nasty)
    run(owner_url, "UPDATE lantern.site SET name = :name", name=nasty)
    run(owner_url, "UPDATE lantern.team SET name = :name", name=nasty)
    mara = await client("mara")
    for path in ("/maps/coverage?sites=overdue", "/maps/heat"):
        assert "<script>alert" not in (await mara.get(path)).text


async def test_a_basemap_layer_is_geojson_with_a_mark(client: Client, town: SmallTown, owner_url: str) -> None:
    run(
        owner_url,
        """INSERT INTO lantern.basemap_feature (organisation_id, id, layer, kind, name, geom)
        VALUES (:organisation, gen_random_uuid(), 'water', 'canal', 'Old "Moat"',
            ST_GeomFromText('LINESTRING (2.3 54.7, 2.31 54.71)', 4326))""",
        organisation=town.organisation_id,
    )
    alice = await client("alice")
    answer = await alice.get("/api/v1/basemap/water")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["cache-control"].startswith("private")
    (feature,) = answer.json()["features"]
    assert feature["properties"] == {"kind": "canal", "name": 'Old "Moat"'}
    assert feature["geometry"] == {"type": "LineString", "coordinates": [[2.3, 54.7], [2.31, 54.71]]}
    again = await alice.get("/api/v1/basemap/water", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert (await (await client("otto")).get("/api/v1/basemap/water")).status_code in {200, 401}
    assert (await alice.get("/api/v1/basemap/street")).json() == {"type": "FeatureCollection", "features": []}
    assert (await alice.get("/api/v1/basemap/secrets")).status_code in {404, 422}
    assert '"/api/v1/basemap/water"' in (await (await client("mara")).get("/maps/heat")).text
