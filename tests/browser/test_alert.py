"""Alerts on the homes: they come by themselves, are answered by a button, and the page says when it cannot ask."""

from uuid import uuid4

import pytest
from playwright.async_api import Page, Route, expect

from tests.fixtures.browser import Visit

pytestmark = pytest.mark.anyio
POINT = {"type": "Point", "coordinates": [2.325, 54.772]}


async def raised(page: Page, note: str) -> None:
    alert = {"kind": "fire", "raised_at": "2026-03-01T20:00:00Z", "geom": POINT, "note": note}
    answer = await page.request.put(f"/api/v1/alerts/{uuid4()}", data=alert)
    assert answer.status == 201


async def hurry(page: Page) -> None:
    """The script's ten seconds take a tenth of one."""
    await page.add_init_script("const real = setInterval; window.setInterval = (f, ms) => real(f, ms / 100);")
    await page.reload()


async def test_an_alert_comes_to_the_office_by_itself_and_is_answered_by_a_button(visit: Visit) -> None:
    mara, alice = await visit("mara", "/office"), await visit("alice", "/phone")
    await hurry(mara)
    await raised(alice, "smoke from the hut")
    shown = mara.locator("#alerts")
    await expect(shown).to_contain_text("Nobody has answered")
    await expect(shown).to_contain_text("Fire")
    await expect(shown).to_contain_text("north area")
    await shown.get_by_role("combobox").select_option("20")
    await raised(alice, "another")
    await expect(shown.get_by_role("listitem")).to_have_count(2)
    await expect(shown.get_by_role("listitem").filter(has_text="smoke").get_by_role("combobox")).to_have_value("20")
    await shown.get_by_role("button", name="I answer").first.click()
    await expect(shown).to_contain_text("answers, by")
    await hurry(alice)
    await expect(alice.locator("#alerts")).to_contain_text("answers, by")
    await expect(alice.locator(".pin.alert")).to_have_count(2)
    for _ in range(2):
        await alice.get_by_text("End it").first.click()
        await alice.get_by_role("button", name="It is over").first.click()
    await expect(alice.locator("#alerts section")).to_have_count(0)
    await expect(shown.locator("section")).to_have_count(0)


async def test_a_page_that_cannot_ask_says_so_until_it_can(visit: Visit) -> None:
    mara = await visit("mara", "/office")
    await hurry(mara)
    old = mara.get_by_text("What stands here may be old.")

    async def silent(route: Route) -> None:
        await route.abort()

    await mara.route("**/office/alerts", silent)
    await expect(old).to_be_visible()
    await mara.unroute("**/office/alerts")
    await expect(old).to_have_count(0)


async def test_a_page_out_of_view_does_not_ask(visit: Visit) -> None:
    mara = await visit("mara", "/office")
    await mara.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.away === true });")
    await hurry(mara)
    asked: list[str] = []
    mara.on("request", lambda request: asked.append(request.url))
    async with mara.expect_request("**/office/alerts"):
        pass
    await mara.evaluate("window.away = true")
    await mara.wait_for_timeout(300)
    asked.clear()
    await mara.wait_for_timeout(700)
    assert asked == []
    await mara.evaluate("window.away = false")
    async with mara.expect_request("**/office/alerts"):
        pass
