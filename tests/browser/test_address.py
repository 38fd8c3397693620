"""Nothing that people do on a map gets into an address."""

import pytest
from playwright.async_api import Page

from tests.fixtures.browser import PHONE, Visit, watch

pytestmark = pytest.mark.anyio
ZOOM_IN = ".leaflet-control-zoom-in"
HOLES = {
    "in a fragment": "location.hash = 'map=16/54.7712/2.3151'",
    "in the address that is shown": "history.pushState(null, '', '?lat=54')",
    "in what is asked for": "fetch('/healthz?at=here').catch(() => null)",
    "in the path": "fetch('/static/54.7712/2.3151.png').catch(() => null)",
}


async def wander(page: Page) -> None:
    """Draws the map aside, and comes nearer."""
    box = await page.locator(".leaflet-container").first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 60, y + 40, steps=4)
    await page.mouse.up()
    await page.locator(ZOOM_IN).first.click()
    await page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("person", "path"), [("ben", "/phone"), ("mara", "/maps/coverage?sites=overdue")])
async def test_a_map_that_is_drawn_aside_and_enlarged_writes_no_address(visit: Visit, person: str, path: str) -> None:
    page = await visit(person, path)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await wander(page)
    assert asked == []  # the basemap came whole
    assert page.url.endswith(path)


async def test_who_asks_where_they_are_tells_no_address(visit: Visit) -> None:
    page = await visit("ben", "/phone", size=PHONE)
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"longitude": 2.3215555, "latitude": 54.7525555, "accuracy": 40})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.locator("#where").click()
    await page.locator("#map path").nth(1).wait_for()
    assert asked == []


@pytest.mark.parametrize("where", HOLES)
async def test_control_an_address_that_tells_a_place_is_found(visit: Visit, live_server: str, where: str) -> None:
    page, faults = await visit("ben", "/phone"), list[str]()
    other = await page.context.new_page()
    watch(other, live_server, faults)
    await other.goto("/phone", wait_until="networkidle")
    assert faults == []
    await other.evaluate(HOLES[where])
    await other.wait_for_load_state("networkidle")
    await other.evaluate("fetch('/healthz')")
    assert any(fault.startswith("told a place") for fault in faults), faults
