"""Files in, as rows."""

import io
import json
from pathlib import Path

import pytest

from geo.reading import Column, find_columns, open_source
from geo.record import Encoding, FileError, Record, Refused

SHAPE = {"type": "Point", "coordinates": [2.3, 54.7]}


def rows(content: str | bytes, encoding: Encoding = Encoding.UTF_8) -> list[Record | Refused]:
    return list(open_source(io.BytesIO(content.encode() if isinstance(content, str) else content), encoding).rows)


def feature(**properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": SHAPE}


def test_csv_rows_carry_the_line_they_begin_on() -> None:
    assert rows('name,lon\n"two\nlines",1\nthree,2\n') == [Record(2, ["two\nlines", "1"]), Record(4, ["three", "2"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_with_the_delimiter_of_its_header(delimiter: str) -> None:
    assert rows(f"a{delimiter}b\n1{delimiter}2\n") == [Record(2, ["1", "2"])]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert open_source(io.BytesIO(b"\xef\xbb\xbfname,code\nx,1\n")).columns == ("name", "code")


def test_a_row_with_too_few_or_too_many_cells_is_refused_and_the_others_are_kept() -> None:
    assert rows("a,b\n1\n1,2\n1,2,3\n") == [
        Refused(2, "has 1 cells where the header has 2"),
        Record(3, ["1", "2"]),
        Refused(4, "has 3 cells where the header has 2"),
    ]


def test_a_line_in_another_encoding_is_refused_by_its_number() -> None:
    found = rows("name\nKraków\nŁódź\n".encode("windows-1250").replace(b"Krak", b"Kra"))
    assert [(row.line, type(row)) for row in found] == [(2, Refused), (3, Refused)]
    assert "option encoding" in found[0][1]
    assert rows("name\nŁódź\n".encode("windows-1250"), Encoding.WINDOWS_1250) == [Record(2, ["Łódź"])]


def test_a_quote_that_is_never_closed_is_one_refused_row() -> None:
    found = rows('a,b\n1,2\n3,"4\n5,6\n')
    assert found[0] == Record(2, ["1", "2"])
    assert [type(row) for row in found[1:]] == [Refused]
    assert found[1].line == 3


def test_a_collection_is_read_feature_by_feature_whatever_stands_around_them() -> None:
    text = json.dumps(
        {"name": 'a "features": [ trap', "features": [feature(name="Łęg", code=1.0), feature(code=2)], "type": "x"}
    )
    source = open_source(io.BytesIO(text.encode()))
    assert (source.columns, source.counted) == (("name", "code"), "feature")
    assert list(source.rows) == [Record(1, ["Łęg", "1"], SHAPE), Record(2, ["", "2"], SHAPE)]


def test_a_collection_longer_than_what_is_held_at_once_is_read_whole() -> None:
    many = [feature(name=f"number {n}", note="ą" * 997) for n in range(2000)]
    text = json.dumps({"type": "FeatureCollection", "features": many}, ensure_ascii=False)
    assert [row.cells[0] for row in rows(text) if isinstance(row, Record)] == [f"number {n}" for n in range(2000)]


@pytest.mark.parametrize("separator", ["", "\x1e"])
def test_a_sequence_is_read_line_by_line_and_a_broken_line_loses_no_other(separator: str) -> None:
    lines = [json.dumps(feature(name="a")), "{broken", json.dumps(feature(name="b"))]
    found = rows("".join(f"{separator}{line}\n" for line in lines))
    assert [type(row) for row in found] == [Record, Refused, Record]
    assert [row.line for row in found] == [1, 2, 3]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"\xff\xfea\x00",
        b'{"type": "FeatureCollection", "features": [',
        b'{"type": "Topology"}',
        b"[1, 2]",
        b'{"features": [{"type": "Feature"}]} more',
        b'{"features": [' + b"[" * 100_000,
        b"a,a\n1,2\n",
        b'{"crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::31370"}}, "features": []}',
    ],
)
def test_a_file_that_cannot_be_read_says_so(content: bytes) -> None:
    with pytest.raises(FileError):
        rows(content)


def test_what_gdal_would_open_as_something_else_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("name,lon,lat\nsecret,1,1\n")
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>'
    with pytest.raises(FileError, match="ogr2ogr") as refused:
        rows(vrt + "\n")
    assert "secret" not in str(refused.value)


def test_columns_are_found_by_name_or_by_guess() -> None:
    source = open_source(io.BytesIO(b"Wijk Naam,wijknr,lon\n"))
    name, code = Column("name", ("name", "wijk_naam"), True), Column("code", ("code", "wijknr"))
    assert find_columns(source, (name, code), {}) == {"name": 0, "code": 1}
    assert find_columns(source, (name, code), {"name": "WIJKNR"}) == {"name": 1, "code": 1}
    with pytest.raises(FileError, match="no column"):
        find_columns(source, (name, code), {"name": "absent"})
    with pytest.raises(FileError, match="Which column is the kind"):
        find_columns(source, (Column("kind", ("kind",), True),), {})


@pytest.mark.parametrize(
    ("file", "count", "columns"),
    [
        ("gent_wijken.geojson", 25, ("wijknr", "wijk", "stadsdeel_oud")),
        ("vlaanderen_wijken_2024.geojson", 2730, ("wijk_code", "wijk_naam", "gemeente")),
        ("pl_gminy.geojson", 2477, ("terc", "name")),
    ],
)
def test_real_boundaries_are_read(shared_data: Path, file: str, count: int, columns: tuple[str, ...]) -> None:
    with (shared_data / "boundaries" / file).open("rb") as opened:
        source = open_source(opened)
        found = list(source.rows)
    assert source.columns == columns
    assert len(found) == count
    assert all(isinstance(row, Record) for row in found)
