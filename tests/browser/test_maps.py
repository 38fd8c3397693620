"""Both maps in real Chromium: nothing outside is asked, nothing breaks a policy, and what is drawn can be read."""

from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.async_api import Browser, Page, expect
from pyproj import Transformer

from tests.fixtures.browser import DESK, PHONE, Visit, watch
from tests.fixtures.command import Terminal
from tests.fixtures.look import run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
NASTY = "<script>window.hurt = 1</script> Żdżary & Dąbrowa"


async def painted(page: Page, selector: str) -> int:
    """How many points of a canvas hold colour."""
    count = await page.evaluate(
        """selector => [...document.querySelectorAll(selector)].reduce((sum, canvas) => {
            if (!canvas.width || !canvas.height) return sum;
            const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
            copy.drawImage(canvas, 0, 0);
            const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
            for (let i = 3; i < data.length; i += 4) sum += data[i] > 0 ? 1 : 0;
            return sum;
        }, 0)""",
        selector,
    )
    return int(count)


async def on_map(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place lies on the screen."""
    name = "map_" + urlsplit(page.url).path.removeprefix("/maps/")
    point = await page.evaluate(f"([lat, lon]) => {name}.latLngToContainerPoint([lat, lon])", [lat, lon])
    box = await page.locator(".folium-map").bounding_box()
    assert box is not None
    return box["x"] + point["x"], box["y"] + point["y"]


async def hover(page: Page, lon: float, lat: float) -> None:
    """Comes to a place as a hand does: Leaflet leaves out moves that follow each other within 32 ms."""
    x, y = await on_map(page, lon, lat)
    for near in (3, 1, 0):
        await page.mouse.move(x + near, y)
        await page.wait_for_timeout(60)


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("dark", [False, True])
async def test_both_maps_are_drawn_at_every_size_and_in_both_themes(
    visit: Visit, size: tuple[int, int], dark: bool
) -> None:
    page = await visit("mara", "/maps/coverage", size=size, dark=dark)
    await expect(page.get_by_role("heading", name="Coverage map")).to_be_visible()
    assert await painted(page, ".leaflet-overlay-pane canvas") > 1000
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0]
    page = await visit("mara", "/maps/heat", size=size, dark=dark)
    await expect(page.locator("#map-legend li").first).to_be_visible()
    assert await painted(page, "canvas.map-cells") > 10


async def test_a_tooltip_shows_a_name_as_it_was_typed(visit: Visit, town: SmallTown, owner_url: str) -> None:
    run(owner_url, "UPDATE lantern.work_area SET name = :name WHERE name = 'north area'", name=NASTY)
    page = await visit("mara", "/maps/coverage")
    await hover(page, 2.335, 54.775)
    tip = page.locator(".leaflet-tooltip")
    await expect(tip).to_contain_text(NASTY)
    await expect(tip).to_contain_text("1 of 1 active sites seen in time")
    assert await page.evaluate("window.hurt") is None


async def test_gaps_and_overlaps_have_tooltips_of_their_own(visit: Visit, town: SmallTown, owner_url: str) -> None:
    run(
        owner_url,
        """UPDATE lantern.work_area SET geom = ST_Multi(ST_MakeEnvelope(2.30, 54.755, 2.33, 54.78, 4326))
        WHERE name = 'north area'""",
    )
    page = await visit("mara", "/maps/coverage")
    tip = page.locator(".leaflet-tooltip")
    await hover(page, 2.335, 54.775)
    await expect(tip.last).to_contain_text("Gap: no work area")
    await hover(page, 2.31, 54.7575)
    await expect(tip.last).to_contain_text("Overlap of two work areas")


async def test_a_layer_is_chosen_in_the_panel(visit: Visit) -> None:
    page = await visit("mara", "/maps/coverage")
    await page.get_by_label("Cells searched").check()
    await expect(page.locator("canvas.map-cells")).to_be_visible()
    assert await painted(page, "canvas.map-cells") > 0


async def test_the_month_is_stepped_by_keyboard_and_said(visit: Visit) -> None:
    page = await visit("mara", "/maps/heat")
    slider = page.get_by_role("slider", name="Month")
    whole = await painted(page, "canvas.map-cells")
    await slider.focus()
    await page.keyboard.press("ArrowRight")
    first = await page.locator("tbody tr th").nth(1).inner_text()
    await expect(page.locator("#map-step-said")).to_have_text(first)
    assert await slider.get_attribute("aria-valuetext") == first
    assert await painted(page, "canvas.map-cells") < whole
    await page.get_by_role("button", name="Earlier").click()
    await expect(page.locator("#map-step-said")).to_have_text("Whole period")


async def test_a_rate_is_not_shown_for_a_search_or_two(visit: Visit) -> None:
    page = await visit("mara", "/maps/heat")
    assert await painted(page, "canvas.map-cells") > 0
    await page.get_by_label("Encounters per search").check(force=True)
    assert await painted(page, "canvas.map-cells") == 0


async def test_the_size_of_the_cells_is_chosen(visit: Visit) -> None:
    page = await visit("mara", "/maps/heat")
    small = await painted(page, "canvas.map-cells")
    await page.get_by_label("Size of the cells").select_option("1000")
    await expect(page.locator("#map-legend-title")).to_contain_text("1 km")
    assert await painted(page, "canvas.map-cells") > small


async def test_the_browsers_grid_is_projs_grid_to_the_millimetre(visit: Visit) -> None:
    page = await visit("mara", "/maps/heat")
    random = np.random.default_rng(3)
    lon, lat = random.uniform(-10, 30, 500), random.uniform(36, 70, 500)
    east, north = Transformer.from_crs(4326, 3035, always_xy=True).transform(lon, lat)
    there = await page.evaluate("points => points.map(([x, y]) => Lantern.toGrid(x, y))", np.c_[lon, lat].tolist())
    back = await page.evaluate("points => points.map(([x, y]) => Lantern.fromGrid(x, y))", np.c_[east, north].tolist())
    assert np.abs(np.array(there) - np.c_[east, north]).max() < 0.001
    assert np.abs(np.array(back) - np.c_[lon, lat]).max() < 1e-8


@pytest.mark.parametrize("kind", ["coverage", "heat"])
async def test_a_file_stands_alone(
    chromium: Browser, terminal: Terminal, town: SmallTown, database_url: str, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"{kind}.html"
    answer = terminal.run("map", kind, "-o", str(file), "--organisation", "doggerstad", database_url=database_url)
    assert answer.returncode == 0, answer.stderr
    faults: list[str] = []
    page = await chromium.new_page()
    watch(page, file.as_uri(), faults)
    await page.goto(file.as_uri(), wait_until="networkidle")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert await painted(page, "canvas") > 100
    assert faults == []
    assert "lane site" not in file.read_text()
