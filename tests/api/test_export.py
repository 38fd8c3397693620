"""Exports: exact data for managers, whole or visibly not."""

import csv
import io
import json

import httpx
import pytest
from shapely import MultiPolygon
from shapely.geometry import shape

from tests.fixtures.client import Client
from tests.fixtures.look import run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
NOUNS = ("sites", "visits", "areas", "coverage")
FORMS = {"geojson": "application/geo+json", "geojsonseq": "application/geo+json-seq", "csv": "text/csv"}


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("form", FORMS)
async def test_a_manager_downloads_every_noun_in_every_form_under_a_telling_name(
    client: Client, town: SmallTown, noun: str, form: str
) -> None:
    answer = await (await client("mara")).get(f"/api/v1/export/{noun}", params={"format": form})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(FORMS[form])
    assert f"doggerstad-{noun}-" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"


async def test_geojson_follows_rfc_7946_and_says_at_its_end_that_it_is_whole(client: Client, town: SmallTown) -> None:
    file = (await (await client("mara")).get("/api/v1/export/sites")).json()
    assert list(file) == ["type", "features", "numberReturned", "complete"]
    assert file["numberReturned"] == 3
    assert file["complete"] is True
    by_id = {feature["id"]: feature for feature in file["features"]}
    assert set(by_id) == {str(town.sites[name]) for name in ("quay", "lane", "adrift")}
    quay = by_id[str(town.sites["quay"])]
    assert quay["geometry"] == {"type": "Point", "coordinates": [2.32, 54.77]}
    assert quay["properties"]["name"] == "quay site"


async def test_the_rings_of_areas_follow_the_right_hand_rule(client: Client, town: SmallTown, owner_url: str) -> None:
    run(owner_url, "UPDATE lantern.work_area SET geom = ST_ForcePolygonCW(geom)")
    file = (await (await client("mara")).get("/api/v1/export/areas")).json()
    areas = [shape(feature["geometry"]) for feature in file["features"]]
    rings = [part.exterior for area in areas if isinstance(area, MultiPolygon) for part in area.geoms]
    assert len(rings) == 2
    assert all(ring.is_ccw for ring in rings)


async def test_a_sequence_has_one_record_a_line_and_the_last_one_counts_them(client: Client, town: SmallTown) -> None:
    body = (await (await client("mara")).get("/api/v1/export/visits?format=geojsonseq")).content
    records = body.split(b"\n")
    assert records.pop() == b""
    assert all(record.startswith(b"\x1e{") for record in records)
    features = [json.loads(record[1:]) for record in records]
    assert {feature["id"] for feature in features} == {str(town.visits[name]) for name in ("quay", "lane")}
    assert [feature.get("numberReturned") for feature in features] == [None, 2]


async def test_the_last_row_of_a_csv_counts_its_rows(client: Client, town: SmallTown) -> None:
    rows = rows_of(await (await client("mara")).get("/api/v1/export/sites?format=csv"))
    assert [row["number_returned"] for row in rows] == ["", "", "3"]
    assert {(row["lon"], row["lat"]) for row in rows} >= {("2.3200000", "54.7700000")}


@pytest.mark.parametrize("form", FORMS)
async def test_an_export_of_nothing_is_whole_too(client: Client, town: SmallTown, form: str) -> None:
    answer = await (await client("mara")).get(f"/api/v1/export/sites?format={form}&status=closed")
    if form == "csv":
        assert rows_of(answer) == []
        assert answer.text.endswith("number_returned\n")
    else:
        assert json.loads(answer.content.strip(b"\x1e\n")) == {
            "type": "FeatureCollection",
            "features": [],
            "numberReturned": 0,
            "complete": True,
        }


@pytest.mark.parametrize(
    "typed",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        'say "hi", \\ and {so} %s :x \x01\x02\x1e',
        "x\r\ny",
    ],
)
async def test_what_a_person_typed_arrives_as_it_was_and_runs_in_no_spreadsheet(
    client: Client, town: SmallTown, owner_url: str, typed: str
) -> None:
    run(owner_url, "UPDATE lantern.site SET name = :typed WHERE id = :id", typed=typed, id=town.sites["quay"])
    mara = await client("mara")
    exact = (await mara.get("/api/v1/export/sites")).json()["features"]
    assert typed in [feature["properties"]["name"] for feature in exact]
    sequence = (await mara.get("/api/v1/export/sites?format=geojsonseq")).content
    assert typed in [json.loads(line.strip(b"\x1e"))["properties"]["name"] for line in sequence.splitlines()]
    answer = await mara.get("/api/v1/export/sites?format=csv")
    cells = [row["name"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))]
    assert (typed if typed[0] in "sx" else f"'{typed}") in cells
    assert not any(cell[:1] in "=+-@\t\r\n＝" for cell in cells if cell)


async def test_negative_numbers_stay_numbers(client: Client, town: SmallTown, owner_url: str) -> None:
    run(owner_url, "UPDATE lantern.site SET geom = ST_SetSRID(ST_MakePoint(-2.5, 54.6), 4326)")
    rows = rows_of(await (await client("mara")).get("/api/v1/export/sites?format=csv"))
    assert {float(row["lon"]) for row in rows} == {-2.5}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("sites?status=inactive", []),
        ("sites?status=active&type=doorway", ["quay", "lane", "adrift"]),
        ("sites?type=park", []),
        ("sites?to=2001-01-01", []),
        ("sites?area={north}", ["quay"]),
        ("sites?team={team}", []),
        ("visits?area={north}", ["quay"]),
        ("visits?from=2001-01-01&outcome=met", ["quay", "lane"]),
        ("visits?outcome=not-reached", []),
        ("visits?type=doorway", ["quay", "lane"]),
        ("visits?team={team}", []),
        ("areas?area={south}", ["south"]),
        ("areas?to=2001-01-01", []),
    ],
)
async def test_exports_are_filtered_like_the_lists(
    client: Client, town: SmallTown, asked: str, found: list[str]
) -> None:
    noun = asked.partition("?")[0]
    ids = getattr(town, noun)
    path = asked.format(team=town.team, **town.areas)
    file = (await (await client("mara")).get(f"/api/v1/export/{path}")).json()
    assert {feature["id"] for feature in file["features"]} == {str(ids[name]) for name in found}


@pytest.mark.parametrize(
    ("noun", "box", "found"),
    [
        ("sites", "2.31,54.76,2.33,54.78", ["quay"]),
        ("visits", "2.31,54.74,2.33,54.76", ["lane"]),
        ("areas", "2.31,54.765,2.33,54.78", ["north"]),
    ],
)
async def test_an_export_is_of_the_box_that_a_header_names(
    client: Client, town: SmallTown, noun: str, box: str, found: list[str]
) -> None:
    file = (await (await client("mara")).get(f"/api/v1/export/{noun}", headers={"Lantern-Box": box})).json()
    assert {feature["id"] for feature in file["features"]} == {str(getattr(town, noun)[name]) for name in found}


@pytest.mark.parametrize(
    "asked", ["sites?colour=red", "sites?format=shp", "visits?status=active", "sites?from=2026-02-01&to=2026-01-01"]
)
async def test_what_is_no_filter_is_refused(client: Client, town: SmallTown, asked: str) -> None:
    answer = await (await client("mara")).get(f"/api/v1/export/{asked}")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-input"


@pytest.mark.parametrize("noun", NOUNS)
async def test_a_planner_is_shown_the_way_to_releases_and_others_are_refused(
    client: Client, town: SmallTown, anyone: httpx.AsyncClient, noun: str
) -> None:
    told = await (await client("pim")).get(f"/api/v1/export/{noun}")
    assert (told.status_code, told.json()["type"]) == (403, "/problems/releases-only")
    assert told.json()["see"] == "/api/v1/releases"
    for person in ("alice", "dora", "stefan"):
        told = await (await client(person)).get(f"/api/v1/export/{noun}")
        assert (told.status_code, told.json()["type"]) == (403, "/problems/forbidden")
    assert (await anyone.get(f"/api/v1/export/{noun}")).status_code == 401


async def test_another_city_gets_its_own_and_nothing_else(client: Client, town: SmallTown) -> None:
    file = (await (await client("otto")).get("/api/v1/export/sites")).json()
    assert [feature["id"] for feature in file["features"]] == [str(town.sites["silverpit"])]
