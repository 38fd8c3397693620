"""A manager in the office: what is covered, what is overdue, files in and releases out."""

import json
import re
from datetime import date

import pytest
from playwright.async_api import FilePayload, expect

from geo.release_series import Series, latest_closed
from tests.fixtures.browser import Visit
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio

SQUARE = [[[2.35, 54.75], [2.36, 54.75], [2.36, 54.76], [2.35, 54.76], [2.35, 54.75]]]


def district(name: str, code: str, rings: object) -> dict[str, object]:
    shape = {"type": "Polygon", "coordinates": rings}
    return {"type": "Feature", "properties": {"name": name, "code": code}, "geometry": shape}


def file_of(*features: dict[str, object]) -> FilePayload:
    body = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    return {"name": "districts.geojson", "mimeType": "application/geo+json", "buffer": body}


async def test_the_three_coverages_are_named_and_counted(visit: Visit) -> None:
    page = await visit("mara", "/office")
    numbers = page.locator(".numbers > div")
    await expect(numbers.filter(has_text="Assignment coverage")).to_contain_text("100%")
    await expect(numbers.filter(has_text="Visit coverage")).to_contain_text("2 overdue")
    await expect(numbers.filter(has_text="Effort coverage")).to_contain_text("people found in 1 of them")
    await expect(page.locator("#coverage path")).to_have_count(2)
    await expect(page.locator("#heat canvas").first).to_be_visible()


async def test_a_gap_and_an_overlap_are_told_and_drawn(visit: Visit, town: SmallTown, owner_url: str) -> None:
    half = "ST_Multi(ST_MakeEnvelope(2.30, 54.755, 2.32, 54.78, 4326))"
    run(owner_url, f"UPDATE lantern.work_area SET geom = {half} WHERE id = :id", id=town.areas["north"])
    page = await visit("mara", "/office")
    card = page.locator(".numbers > div").filter(has_text="Assignment coverage")
    await expect(card).to_contain_text("one gap, one overlap")
    await expect(page.locator("#coverage path")).to_have_count(4)


async def test_an_overdue_area_leads_to_its_sites(visit: Visit) -> None:
    page = await visit("mara", "/office")
    await page.get_by_role("link", name="south area").click()
    row = page.get_by_role("row").filter(has_text="lane site")
    await expect(row).to_contain_text("Doorway")
    await expect(row).to_contain_text(re.compile("1[56]$"))


async def test_every_download_on_the_page_is_there(visit: Visit) -> None:
    page = await visit("mara", "/office")
    links = page.locator("section[aria-labelledby=downloads-title] td a")
    addresses = [await link.get_attribute("href") for link in await links.all()]
    assert len(addresses) == 12
    for address in addresses:
        assert address
        file = address.replace("/office/downloads/", "/api/v1/export/")
        for each in {address, file}:
            answer = await page.request.get(each)
            assert answer.status == 200, each


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_download_asks_first_what_exact_places_are_for(visit: Visit, javascript: bool) -> None:
    page = await visit("mara", "/office", purpose="", javascript=javascript)
    await page.get_by_role("link", name="Sites, CSV").click()
    await expect(page.get_by_role("heading", name="Why do you need exact places?")).to_be_visible()
    await page.get_by_label("Handing an area over").check()
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Show exact places").click()
    path = await (await coming.value).path()
    assert "quay site" in path.read_text()
    await expect(page.get_by_role("heading", name="The download begins")).to_be_visible()
    await page.get_by_role("link", name="Back to the overview").click()
    await expect(page).to_have_url("/office")


async def test_a_file_is_tried_then_imported_and_the_account_told(visit: Visit, owner_url: str) -> None:
    page = await visit("mara", "/import?what=districts")
    await page.get_by_label("File", exact=True).set_input_files(file_of(district("Łąki", "X", SQUARE)))
    await page.get_by_label("Only try").check()
    await page.get_by_role("button", name="Import the file").click()
    await expect(page.get_by_role("heading", name="A trial: nothing was written")).to_be_visible()
    assert look(owner_url, "SELECT count(*) FROM lantern.district WHERE code = 'X'") == [(0,)]
    await page.get_by_label("File", exact=True).set_input_files(file_of(district("Łąki", "X", SQUARE)))
    await page.get_by_role("button", name="Import the file").click()
    await expect(page.get_by_role("heading", name="The file was imported")).to_be_visible()
    assert look(owner_url, "SELECT name FROM lantern.district WHERE code = 'X'") == [("Łąki",)]


async def test_a_refused_row_is_told_with_its_reason_and_nothing_is_written(visit: Visit, owner_url: str) -> None:
    bow_tie = [[[2.35, 54.75], [2.36, 54.76], [2.36, 54.75], [2.35, 54.76], [2.35, 54.75]]]
    page = await visit("mara", "/import?what=districts")
    both = file_of(district("whole", "Y", SQUARE), district("<script>x</script>", "Z", bow_tie))
    await page.get_by_label("File", exact=True).set_input_files(both)
    await page.get_by_role("button", name="Import the file").click()
    await expect(page.get_by_role("heading", name="Nothing was written, because rows were refused")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="crosses or touches itself")).to_have_count(1)
    assert look(owner_url, "SELECT count(*) FROM lantern.district WHERE code IN ('Y', 'Z')") == [(0,)]


async def test_a_release_is_drawn_once_and_then_not_offered_again(visit: Visit, owner_url: str) -> None:
    period = latest_closed(Series.DISTRICTS, date.today()).name
    page = await visit("mara", "/office/releases")
    await page.get_by_label("What").select_option(f"districts {period}")
    await page.get_by_role("button", name="Draw the release").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was saved yet")
    await page.get_by_label("I know that this cannot be drawn again").check()
    await page.get_by_role("button", name="Draw the release").click()
    await expect(page.get_by_role("status")).to_contain_text("It will never change")
    await expect(page.locator(f"option[value='districts {period}']")).to_have_count(0)
    assert look(owner_url, "SELECT series, period FROM release.release") == [("districts", period)]
