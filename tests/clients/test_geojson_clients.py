"""What real clients read in our files: GDAL by itself, pyogrio, geopandas, and Python's own csv."""

import csv
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import geopandas
import httpx
import pyogrio
import pytest
import shapely
from jsonschema import Draft202012Validator

from tests.fixtures.client import Client
from tests.fixtures.crowd import Crowd

pytestmark = pytest.mark.anyio
SITES, VISITS, AREAS = 43, 2, 2
FILES = {"geojson": ".geojson", "geojsonseq": ".geojsons", "csv": ".csv"}

POSITION = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}}
RING = {"type": "array", "minItems": 4, "items": POSITION}
POLYGON = {"type": "array", "minItems": 1, "items": RING}


def geometry(kind: str, coordinates: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "required": ["type", "coordinates"],
        "additionalProperties": False,
        "properties": {"type": {"const": kind}, "coordinates": coordinates},
    }


# RFC 7946, sections 3.1 to 3.3 and 4, for the kinds of shapes that Lantern has.
SCHEMA = {
    "type": "object",
    "required": ["type", "features", "numberReturned", "complete"],
    "not": {"anyOf": [{"required": ["crs"]}, {"required": ["geometry"]}, {"required": ["properties"]}]},
    "properties": {
        "type": {"const": "FeatureCollection"},
        "numberReturned": {"type": "integer"},
        "complete": {"const": True},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "geometry", "properties"],
                "not": {"anyOf": [{"required": ["features"]}, {"required": ["coordinates"]}]},
                "properties": {
                    "type": {"const": "Feature"},
                    "id": {"type": "string"},
                    "properties": {"type": "object"},
                    "geometry": {
                        "oneOf": [
                            {"type": "null"},
                            geometry("Point", POSITION),
                            geometry("Polygon", POLYGON),
                            geometry("MultiPolygon", {"type": "array", "minItems": 1, "items": POLYGON}),
                        ]
                    },
                },
            },
        },
    },
}


@pytest.fixture
async def mara(client: Client, crowd: Crowd) -> httpx.AsyncClient:
    await crowd(40)
    return await client("mara")


async def saved(mara: httpx.AsyncClient, folder: Path, noun: str, form: str) -> Path:
    answer = await mara.get(f"/api/v1/export/{noun}", params={"format": form})
    assert answer.status_code == 200
    path = folder / f"{noun}{FILES[form]}"
    path.write_bytes(answer.content)
    return path


def told_by_ogrinfo(path: Path) -> str:
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("needs ogrinfo (gdal-bin)")
    run = subprocess.run([program, "-al", "-so", str(path)], capture_output=True, text=True, check=False)
    assert run.returncode == 0
    assert run.stderr == ""
    return run.stdout


@pytest.mark.parametrize(("noun", "number"), [("sites", SITES), ("visits", VISITS), ("areas", AREAS)])
@pytest.mark.parametrize("form", ["geojson", "geojsonseq"])
async def test_gdal_reads_every_feature_and_no_other(
    mara: httpx.AsyncClient, tmp_path: Path, noun: str, form: str, number: int
) -> None:
    path = await saved(mara, tmp_path, noun, form)
    info = pyogrio.read_info(path)
    assert info["driver"] == ("GeoJSON" if form == "geojson" else "GeoJSONSeq")
    assert info["crs"] == "EPSG:4326"
    frame = geopandas.read_file(path)
    assert len(frame) == number
    assert frame.geometry.is_valid.all()
    assert not {"numberReturned", "complete"} & set(frame.columns)


@pytest.mark.parametrize(("noun", "number"), [("sites", SITES), ("visits", VISITS)])
async def test_gdal_finds_the_points_of_a_csv(mara: httpx.AsyncClient, tmp_path: Path, noun: str, number: int) -> None:
    path = await saved(mara, tmp_path, noun, "csv")
    points = geopandas.read_file(path, X_POSSIBLE_NAMES="lon", Y_POSSIBLE_NAMES="lat")
    assert len(points) == number
    assert set(points.geom_type) == {"Point"}
    exact = geopandas.read_file(await saved(mara, tmp_path, noun, "geojson"))
    with path.open(newline="") as file:
        rows = {row["id"]: (float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)}
    assert rows == {row.id: (row.geometry.x, row.geometry.y) for row in exact.itertuples()}


@pytest.mark.parametrize("form", FILES)
async def test_ogrinfo_counts_the_same(mara: httpx.AsyncClient, tmp_path: Path, form: str) -> None:
    for noun, number in (("sites", SITES), ("visits", VISITS), ("areas", AREAS)):
        told = told_by_ogrinfo(await saved(mara, tmp_path, noun, form))
        assert f"Feature Count: {number}\n" in told


async def test_gdal_finds_the_shapes_of_a_csv(mara: httpx.AsyncClient, tmp_path: Path) -> None:
    frame = geopandas.read_file(await saved(mara, tmp_path, "areas", "csv"))
    exact = geopandas.read_file(await saved(mara, tmp_path, "areas", "geojson"))
    assert shapely.area(frame.geometry).sum() == pytest.approx(shapely.area(exact.geometry).sum())
    assert shapely.area(frame.geometry).min() > 0


@pytest.mark.parametrize("form", ["geojson", "geojsonseq"])
async def test_an_export_of_nothing_opens_too(mara: httpx.AsyncClient, tmp_path: Path, form: str) -> None:
    answer = await mara.get("/api/v1/export/sites", params={"format": form, "status": "closed"})
    path = tmp_path / f"none{FILES[form]}"
    path.write_bytes(answer.content)
    assert len(geopandas.read_file(path)) == 0


@pytest.mark.parametrize("noun", ["sites", "visits", "areas", "coverage"])
async def test_every_export_follows_the_schema(mara: httpx.AsyncClient, noun: str) -> None:
    file = (await mara.get(f"/api/v1/export/{noun}")).json()
    Draft202012Validator(SCHEMA).validate(file)
    assert file["numberReturned"] == len(file["features"]) > 0
    assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in positions(file))


async def test_a_file_that_was_cut_off_anywhere_is_seen_to_be(mara: httpx.AsyncClient) -> None:
    whole = (await mara.get("/api/v1/export/sites")).content
    for cut in range(1, len(whole) - 1, 97):
        with pytest.raises(json.JSONDecodeError):
            json.loads(whole[:cut])
    lines = (await mara.get("/api/v1/export/sites?format=geojsonseq")).content.splitlines()
    assert [b'"complete":true' in line for line in lines].index(True) == len(lines) - 1
    rows = (await mara.get("/api/v1/export/sites?format=csv")).text.splitlines()
    assert [row[-1] != "," for row in rows[1:]].index(True) == len(rows) - 2


@pytest.mark.parametrize("series", ["cells", "districts"])
async def test_gdal_reads_a_release_and_its_shapes_meet_without_gap_or_overlap(
    mara: httpx.AsyncClient, client: Client, tmp_path: Path, half: str, quarter: str, series: str
) -> None:
    asked = {"series": series, "period": half if series == "cells" else quarter}
    made = (await mara.post("/api/v1/releases", json=asked)).json()
    answer = await (await client("pim")).get(made["href"])
    Draft202012Validator(SCHEMA).validate(answer.json())
    path = tmp_path / "release.geojson"
    path.write_bytes(answer.content)
    frame = geopandas.read_file(path)
    assert len(frame) == answer.json()["numberReturned"]
    assert frame.geometry.is_valid.all()
    assert frame.geometry.union_all().area == pytest.approx(shapely.area(frame.geometry).sum(), rel=1e-9)
    assert frame["shown"].dtype == bool
    assert frame.loc[~frame["shown"], "value"].isna().all()


def positions(part: object) -> Iterator[tuple[float, float]]:
    """Every position of a file."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from _pairs(value) if name == "coordinates" else positions(value)
    elif isinstance(part, list):
        for value in part:
            yield from positions(value)


def _pairs(coordinates: list[object]) -> Iterator[tuple[float, float]]:
    if coordinates and not isinstance(coordinates[0], list):
        lon, lat = coordinates
        assert isinstance(lon, (int, float))
        assert isinstance(lat, (int, float))
        yield lon, lat
        return
    for part in coordinates:
        assert isinstance(part, list)
        yield from _pairs(part)
