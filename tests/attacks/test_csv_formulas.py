"""No cell of any column of any CSV that Lantern writes is a formula, and each text can be read back."""

import csv
import io
import re
from pathlib import Path
from unicodedata import normalize

import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from geo.export import FRAMES, ROWS, Form
from geo.export_cell import harmless
from geo.schema import metadata
from tests.fixtures.client import Client
from tests.fixtures.laden import UNIQUE, typed_columns
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
SIGNS = "=+-@"
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
TEXTS = st.text(st.sampled_from("=+-@＝＋－＠﹣⁻₌−|!'\"` \t\r\n\xa0a1(),;") | st.characters(codec="utf-8"), max_size=12)


def runs(cell: str) -> bool:
    """Whether a spreadsheet may take a cell for a formula: by a rule of its own, apart from the one under test."""
    if NUMBER.fullmatch(cell):
        return False
    if cell.startswith("'"):  # shown as text by what knows the apostrophe; others see a text that begins with one
        return False
    plain = normalize("NFKC", cell).replace("\u2212", "-")
    return plain[:1] in {"\t", "\r", "\n"} or plain.lstrip(' \t\r\n"`\xa0')[:1] in set(SIGNS)


def read_back(cell: str) -> str:
    """By the rule of docs/reference/geojson.md."""
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell


@given(TEXTS)
@settings(max_examples=500, deadline=None)
def test_no_text_stays_a_formula_and_each_can_be_read_back(typed: str) -> None:
    cell = harmless(typed) or ""
    assert not runs(cell)
    assert read_back(cell) == typed


async def test_the_database_and_the_program_go_by_one_rule(owner_url: str) -> None:
    drawn: list[str] = []

    @given(st.lists(TEXTS, min_size=20, max_size=20))
    @settings(max_examples=50, deadline=None)
    def gather(texts: list[str]) -> None:
        drawn.extend(one for one in texts if "\0" not in one)

    gather()
    engine = create_engine(owner_url)
    query = text("SELECT regexp_replace(typed, :formula, '''') FROM unnest(CAST(:drawn AS text[])) AS typed")
    with engine.connect() as connection:
        found = connection.scalars(query, {"formula": FRAMES[Form.CSV].binds["formula"], "drawn": drawn}).all()
    engine.dispose()
    assert list(found) == [harmless(one) for one in drawn]


def fill(url: str, typed: str) -> None:
    """The text in every column that holds what someone typed."""
    named = {table.name: table.fullname for table in metadata.sorted_tables}
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, column in typed_columns():
            end = " || right(id::text, 6)" if (table, column) in UNIQUE else ""
            connection.execute(text(f"UPDATE {named[table]} SET {column} = :typed{end}"), {"typed": typed})
    engine.dispose()


async def test_no_cell_of_any_column_is_a_formula_and_gdal_reads_the_same(
    client: Client, town: SmallTown, owner_url: str, tmp_path: Path
) -> None:
    mara = await client("mara")
    for before, signs in {"": "=-＝", " ": "=", '"': "+", "\n": "@"}.items():
        for sign in signs:
            typed = f"{before}{sign}cmd|' /c calc'!a0"
            fill(owner_url, typed)
            for noun in (*ROWS, "coverage"):
                answer = await mara.get(f"/api/v1/export/{noun}?format=csv")
                rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
                assert all(None not in row.values() and None not in row for row in rows), noun
                assert not [(noun, name, cell) for row in rows for name, cell in row.items() if runs(cell)]
                cells = {read_back(cell) for row in rows for cell in row.values()}
                assert any(cell.startswith(typed) for cell in cells), noun
                file = tmp_path / f"{noun}.csv"
                file.write_bytes(answer.content)
                seen = pyogrio.read_dataframe(file, read_geometry=False)
                for name in rows[0].keys() & set(seen.columns) - {"WKT"}:
                    if seen[name].dtype == object:
                        assert [str(cell) for cell in seen[name].fillna("")] == [row[name] for row in rows], (
                            noun,
                            name,
                        )


async def test_control_a_column_that_is_written_as_it_is_is_found(
    client: Client, town: SmallTown, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FRAMES[Form.CSV].binds, "formula", "^(?=never)")
    mara = await client("mara")
    fill(owner_url, "=1+1")
    answer = await mara.get("/api/v1/export/sites?format=csv")
    rows = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert any(runs(cell) for row in rows for cell in row.values())
    assert not any(runs(cell) for cell in ("-1.5", "-3", "1e-7", "'=1"))
