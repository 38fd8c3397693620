"""What Folium draws for us: escaped, the same every time, and asking nobody."""

import base64
import json
import re
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from shapely import Polygon, box

from geo.compact import encode_cells, encode_polygons, leb128
from geo.coverage import Assignment, Coverage, Gap, Overlap, Tally, Zone, kilometres
from geo.coverage_map import coverage_map
from geo.folium_map import Drawn, Shapes, basemap_data, draw, to_json
from geo.grid import ROW
from geo.heat import Cells, Heat
from geo.heat_map import heat_map
from geo.map_choice import Choices
from geo.map_file import map_file, packed_basemap
from geo.map_panel import Asked, coverage_panel, heat_panel
from geo.selection import Period, Selection
from geo.voice import PlainVoice

VOICE = PlainVoice()
NASTY = "</script><script>alert(1)</script><!-- <b>Dąbrowa</b> & \u2028 'quoted'"
TEAM = UUID(int=7)
SELECTION = Selection(UUID(int=1), "Europe/London", date(2026, 1, 10), Period(date(2025, 11, 3), date(2026, 1, 10)))
CHOICES = Choices(NASTY, (2.0, 54.0, 3.0, 55.0), {TEAM: NASTY}, {"doorway": NASTY}, ["water"])
BASEMAP = basemap_data(["water", "street"])
CELLS = Cells(
    100,
    np.array([38_000 * ROW + 40_000, 38_000 * ROW + 40_003, 38_002 * ROW + 39_999]),
    np.array([[1], [300], [2]]),
    np.array([[0], [200], [2]]),
)


def coverage(name: str) -> Coverage:
    square = box(2.3, 54.7, 2.4, 54.8)
    zone = Zone(12, 5, 10, 4, 3, 2, "work area", UUID(int=3), name, None, 71.5, square)
    assignment = Assignment(100.0, 90.0, 1.0, 2.0, [Gap(10.0, name, square)], [Overlap(2.0, (name, name), square)], 0)
    return Coverage(SELECTION, assignment, [replace(zone, kind="district")], [zone], Tally(12, 5, 10, 4, 3, 2), CELLS)


def heat() -> Heat:
    steps = SELECTION.period.steps()
    efforts = np.array([[1, 0, 2], [300, 4, 0], [0, 0, 9]])
    cells = replace(CELLS, efforts=efforts, encounters=efforts // 2)
    corner = {100: CELLS.numbers, 250: 15_200 * ROW + 16_000 + np.arange(3), 1000: 3_800 * ROW + 4_000 + np.arange(3)}
    return Heat(steps, {metres: replace(cells, metres=metres, numbers=corner[metres]) for metres in corner})


def drawings() -> list[Drawn]:
    return [
        coverage_map(coverage(NASTY), VOICE, BASEMAP, CHOICES.bounds),
        heat_map(heat(), VOICE, BASEMAP, CHOICES.bounds),
    ]


def blocks(html: str) -> dict[str, object]:
    found = re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', html, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


def test_a_name_that_holds_markup_reaches_the_page_as_text() -> None:
    drawn = coverage_map(coverage(NASTY), VOICE, BASEMAP, CHOICES.bounds)
    panel = coverage_panel(coverage(NASTY), Asked(SELECTION, CHOICES, "/maps/coverage"), VOICE)
    for html in (drawn.html, panel):
        assert "<script>" not in html
        assert "<!--" not in html
        assert "<b>" not in html
    areas = blocks(drawn.html)["layer_seen_areas_data"]
    assert isinstance(areas, dict)
    assert areas["shapes"][0]["title"] == NASTY


def test_names_with_polish_letters_stay_whole() -> None:
    drawn = coverage_map(coverage("Żdżary, Łęg Tarnowski"), VOICE, BASEMAP, CHOICES.bounds)
    assert "Żdżary, Łęg Tarnowski" in drawn.html
    assert "Żdżary, Łęg Tarnowski" in coverage_panel(
        coverage("Żdżary, Łęg Tarnowski"), Asked(SELECTION, CHOICES), VOICE
    )


def test_a_block_of_json_cannot_be_ended_by_what_is_in_it() -> None:
    assert json.loads(to_json({"name": NASTY})) == {"name": NASTY}
    assert not set("<>&\u2028\u2029") & set(to_json({"name": NASTY}))


def test_nothing_points_to_a_third_party() -> None:
    for drawn in drawings():
        whole = drawn.html + drawn.script + " ".join((*drawn.scripts, *drawn.styles))
        assert not re.search(r"(https?:)?//[a-z]", whole)
        assert not re.search(r"jquery|bootstrap|fontawesome|cdn", whole, re.IGNORECASE)


def test_there_is_no_inline_script_style_or_handler() -> None:
    panels = [
        coverage_panel(coverage(NASTY), Asked(SELECTION, CHOICES, "/maps/coverage", True), VOICE),
        heat_panel(heat(), Asked(SELECTION, CHOICES, "/maps/heat"), VOICE),
    ]
    for html in [*(drawn.html for drawn in drawings()), *panels]:
        assert not re.search(
            r"\sstyle\s*=|\son\w+\s*=\s*[\"']|<style", re.sub(r"<script type.*?</script>", "", html, flags=re.DOTALL)
        )
        assert re.findall(r"<script(?! type=\"application/json\")", html) == []


def test_the_same_map_has_the_same_bytes_every_time() -> None:
    assert [(drawn.html, drawn.script) for drawn in drawings()] == [(drawn.html, drawn.script) for drawn in drawings()]


def test_the_script_tells_nothing_of_what_the_map_shows() -> None:
    empty = [
        coverage_map(None, VOICE, basemap_data([]), (0, 0, 1, 1)),
        heat_map(None, VOICE, basemap_data([]), (0, 0, 1, 1)),
    ]
    assert [drawn.script for drawn in drawings()] == [drawn.script for drawn in empty]


def test_cells_come_back_as_they_went() -> None:
    packed = encode_cells(heat().cells[100])
    numbers = list(_unleb(zlib.decompress(base64.b64decode(packed["data"]), -zlib.MAX_WBITS)))
    cells, steps = packed["cells"], packed["steps"]
    positions = np.cumsum(numbers[:cells])
    rows = packed["south"] + positions // packed["width"]
    columns = packed["west"] + positions % packed["width"]
    assert (rows * ROW + columns).tolist() == CELLS.numbers.tolist()
    efforts = np.array(numbers[cells : cells + cells * steps]).reshape(cells, steps)
    assert efforts.tolist() == heat().cells[100].efforts.tolist()
    assert numbers[cells + cells * steps :] == heat().cells[100].encounters[efforts > 0].tolist()


def _unleb(data: bytes) -> "list[int]":
    found, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(number)
            number = shift = 0
    return found


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16383, 16384, 2**31, 2**40])
def test_a_number_takes_as_many_bytes_as_it_needs(number: int) -> None:
    assert _unleb(leb128(np.array([number, 5]))) == [number, 5]
    assert len(leb128(np.array([number, 5]))) == max(1, -(-number.bit_length() // 7)) + 1


def test_no_cells_are_no_cells() -> None:
    none = Cells(100, np.array([], np.int64), np.zeros((0, 3), np.int64), np.zeros((0, 3), np.int64))
    assert encode_cells(none)["cells"] == 0


def test_shapes_come_back_within_a_metre() -> None:
    ring = [(2.123456, 54.5), (2.2, 54.51), (2.15, 54.6), (2.123456, 54.5)]
    hole = [(2.15, 54.52), (2.16, 54.52), (2.15, 54.53), (2.15, 54.52)]
    ((outer, inner),) = encode_polygons(Polygon(ring, [hole]))
    for moves, points in ((outer, ring), (inner, hole)):
        places = np.array(moves).reshape(-1, 2).cumsum(axis=0) * 1e-5
        assert np.abs(places - np.array(points[:-1])).max() <= 0.51e-5


def test_kilometres_gather_a_hundred_cells_each() -> None:
    gathered = kilometres(CELLS)
    assert gathered.numbers.tolist() == [3800 * ROW + 3999, 3800 * ROW + 4000]
    assert gathered.efforts.tolist() == [[2], [301]]


def test_a_file_that_stands_alone_allows_its_own_scripts_and_styles_and_nothing_else(tmp_path: Path) -> None:
    for name in ("built/leaflet/leaflet.js", "built/map.js", "built/leaflet/leaflet.css", "map.css", "lantern.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"/* {name} */ url(images/layers.png)")
    drawn = coverage_map(
        coverage(NASTY), VOICE, packed_basemap({"water": '{"type":"FeatureCollection"}'}), CHOICES.bounds
    )
    html = map_file(drawn, coverage_panel(coverage(NASTY), Asked(SELECTION, CHOICES), VOICE), NASTY, tmp_path, VOICE)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;; img-src data:;")
    assert "unsafe" not in policy[1]
    assert policy[1].count("sha256-") == 6
    assert "connect-src" not in policy[1]
    assert "<script>alert" not in html
    assert "<form" not in html
    assert "/api/v1" not in html


def test_periods_go_by_calendar_months() -> None:
    steps = SELECTION.period.steps()
    assert [(step.first, step.last) for step in steps] == [
        (date(2025, 11, 3), date(2025, 11, 30)),
        (date(2025, 12, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 10)),
    ]


def test_a_name_is_never_run_as_a_template_on_the_server() -> None:
    name = "{{ 7 * 7 }} {% raw %} {# x #} {{ cycler.__init__.__globals__ }}"
    shapes = Shapes("areas", "Work areas", {"look": "area", "shapes": [{"title": name, "lines": [], "label": name}]})
    drawn = draw("map", "Map", [shapes], (2.0, 54.0, 3.0, 55.0))
    assert drawn.html.count(name) == 2
    assert "49" not in drawn.html
