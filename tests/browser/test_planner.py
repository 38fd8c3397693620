"""A planner: releases on a map, as files, in words; and nothing exact."""

from datetime import date

import pytest
from playwright.async_api import expect

from geo.release_series import Series, latest_closed
from tests.fixtures.browser import DESK, PHONE, Visit
from tests.fixtures.look import run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio

CROWD = """
    INSERT INTO lantern.site (organisation_id, id, site_type, status, geom, uncertainty_m, revisit_days, first_seen_on)
    SELECT :organisation_id, gen_random_uuid(), 'tent', 'active',
        ST_SetSRID(ST_MakePoint(2.31 + n * 1e-5, 54.77), 4326), 25, 14, '2020-01-01'
    FROM generate_series(1, 200) AS n
"""
PLACES = """
    INSERT INTO lantern.basemap_feature (organisation_id, id, layer, kind, name, geom)
    SELECT :organisation_id, gen_random_uuid(), 'place', 'quarter', 'Oldholm ' || n,
        ST_SetSRID(ST_MakePoint(2.302 + n % 5 * 0.004, 54.764 + n / 5 * 0.001), 4326)
    FROM generate_series(0, 49) AS n
"""
SHOWN = """() => {
    const boxes = (selector) => [...document.querySelectorAll(selector)]
        .filter((text) => getComputedStyle(text).visibility === "visible").map((text) => text.getBoundingClientRect())
        .map((box) => [box.left, box.top, box.right, box.bottom]);
    return { names: boxes(".map-name span"), places: boxes(".map-place span") };
}"""


async def draw(visit: Visit, series: Series) -> str:
    period = latest_closed(series, date.today()).name
    page = await visit("mara", "/office/releases")
    await page.get_by_label("What").select_option(f"{series} {period}")
    await page.get_by_label("I know that this cannot be drawn again").check()
    await page.get_by_role("button", name="Draw the release").click()
    await expect(page.get_by_role("status")).to_contain_text("It will never change")
    return period


async def test_without_a_release_the_page_says_so(visit: Visit) -> None:
    page = await visit("pim", "/planner")
    await expect(page.get_by_text("Nothing was released yet.")).to_be_visible()


async def test_a_release_is_drawn_from_its_own_file(visit: Visit, town: SmallTown, owner_url: str) -> None:
    run(owner_url, CROWD, organisation_id=town.organisation_id)
    run(owner_url, "UPDATE lantern.site SET created_at = '2020-01-01'")
    period = await draw(visit, Series.DISTRICTS)
    page = await visit("pim", "/planner")
    await expect(page.get_by_role("heading", name=f"{period}: districts")).to_be_visible()
    address = await page.get_by_role("link", name="Download as GeoJSON").get_attribute("href")
    assert address
    file = await (await page.request.get(address)).json()
    shown = [each["properties"] for each in file["features"] if each["properties"]["shown"]]
    assert len(shown) == 1
    named = page.locator(".map-name", has_text=shown[0]["name"])
    await expect(named).to_have_text(f"{shown[0]['name']}\n{shown[0]['value']}")
    await expect(page.get_by_text("fewer than 16, or none")).to_be_visible()


async def test_another_release_is_one_click_away(visit: Visit) -> None:
    await draw(visit, Series.DISTRICTS)
    half_year = await draw(visit, Series.CELLS)
    page = await visit("pim", "/planner")
    show = page.get_by_role("link", name="on the map")
    await show.click()
    await expect(page.get_by_text("on the map")).to_have_count(1)
    await expect(page.get_by_text(half_year).first).to_be_visible()


async def test_a_planner_gets_no_exact_place_from_the_page(visit: Visit, town: SmallTown) -> None:
    await draw(visit, Series.CELLS)
    page = await visit("pim", "/planner")
    text = await page.content()
    for secret in (*map(str, town.sites.values()), "quay site", "note of quay", "north area", "2.32,54.77"):
        assert secret not in text


async def test_the_names_of_the_basemap_lie_over_no_number_and_not_over_each_other(
    visit: Visit, town: SmallTown, owner_url: str
) -> None:
    run(owner_url, CROWD, organisation_id=town.organisation_id)
    run(owner_url, PLACES, organisation_id=town.organisation_id)
    await draw(visit, Series.CELLS)
    for size in (PHONE, DESK):
        page = await visit("pim", "/planner", size=size)
        await expect(page.locator(".map-place")).to_have_count(50)
        await expect(page.locator(".map-name span").first).to_be_visible()
        shown = await page.evaluate(SHOWN)
        assert shown["names"]
        assert len(shown["places"]) > 1
        for number, (west, north, east, south) in enumerate(shown["places"]):
            for left, top, right, bottom in shown["names"] + shown["places"][:number]:
                assert left >= east or west >= right or top >= south or north >= bottom


async def test_the_script_of_the_map_holds_no_number_of_a_release(visit: Visit) -> None:
    page = await visit("pim", "/planner")
    before = await (await page.request.get("/planner/map.js")).body()
    await draw(visit, Series.CELLS)
    assert await (await page.request.get("/planner/map.js")).body() == before


async def test_how_to_read_the_numbers_is_told_in_words(visit: Visit) -> None:
    page = await visit("pim", "/planner/how-to-read")
    await expect(page.get_by_text("at most 3 away for cells of 1 km, and at most 6 away for districts")).to_be_visible()
