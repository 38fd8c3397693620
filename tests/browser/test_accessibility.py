"""Every page under axe-core in both themes and both sizes, and by keyboard alone."""

from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from geo.release_series import Series, latest_closed
from tests.fixtures.browser import DESK, PHONE, Visit
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
PAGES = [
    ("", "/sign-in"),
    ("alice", "/phone"),
    ("alice", "/phone/visit"),
    ("alice", "/maps/coverage"),
    ("alice", "/nowhere"),
    ("mara", "/office"),
    ("mara", "/office/releases"),
    ("mara", "/import?what=observations"),
    ("mara", "/accounts"),
    ("mara", "/maps/coverage"),
    ("mara", "/maps/heat"),
    ("mara", "/maps/heat?colour=red"),
    ("pim", "/planner"),
    ("pim", "/planner/how-to-read"),
    ("pim", "/office"),
    ("dora", "/account"),
    ("dora", "/widenings"),
    ("", "/sign-in/code"),
    ("alice", "/account/passkeys"),
    ("mara", "/account/second-factor"),
    ("stefan", "/accounts"),
    ("stefan", "/steward/retention"),
    ("stefan", "/steward/erasures"),
    ("stefan", "/steward/erasures/accounts"),
    ("stefan", "/law-requests"),
]


async def findings(page: Page) -> list[str]:
    """What axe finds, one line each; run outside the page's own policy."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate(f"axe.run(document, {{runOnly: {{type: 'tag', values: {RULES}}}}})")
    return [
        f"{page.url} {each['impact']} {each['id']}: {node['html'][:150]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESK, False)])
async def test_axe_finds_nothing_and_nothing_runs_over_the_edge(
    visit: Visit, live_server: str, town: SmallTown, size: tuple[int, int], dark: bool
) -> None:
    by_name = live_server.replace("127.0.0.1", "localhost")  # where passkeys are good
    page = await visit("mara", "/office/releases")
    await page.get_by_label("What").select_option(f"districts {latest_closed(Series.DISTRICTS, date.today()).name}")
    await page.get_by_label("I know").check()
    await page.get_by_role("button", name="Draw the release").click()
    alert = {"kind": "fire", "raised_at": "2026-03-01T20:00:00Z", "site_id": str(town.sites["quay"]), "note": "smoke"}
    assert (await page.request.put(f"/api/v1/alerts/{uuid4()}", data=alert)).status == 201
    found = []
    for person, path in [*PAGES, ("mara", f"/office/overdue/{town.areas['south']}")]:
        page = await visit(person, path, size=size, dark=dark, at=by_name)
        found += await findings(page)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        if wide > size[0]:
            found.append(f"{path} is {wide} px wide on {size[0]} px")
        await page.context.close()
    assert found == []


async def test_a_form_with_faults_is_accessible_too(visit: Visit) -> None:
    page = await visit("ben", "/phone/visit", size=PHONE)
    await page.get_by_label("Where were you?").select_option("new")
    await page.get_by_role("button", name="Save the visit").click()
    await page.get_by_role("alert").first.wait_for()
    assert await findings(page) == []


async def test_a_visit_is_logged_by_keyboard_alone(visit: Visit) -> None:
    page = await visit("ben", "/phone/visit")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Where were you?")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await expect(page.get_by_label("Met", exact=True)).to_be_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_label("1", exact=True)).to_be_checked()
    for _ in range(20):
        if await page.evaluate("document.activeElement.id") == "save":
            break
        await page.keyboard.press("Tab")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Saved at")


async def test_every_target_is_large_enough_for_cold_hands(visit: Visit) -> None:
    for person, path in [("", "/sign-in"), ("ben", "/phone"), ("ben", "/phone/visit")]:
        page = await visit(person, path, size=PHONE)
        small = await page.evaluate("""() =>
            [...document.querySelectorAll('a, button, input, select, textarea, summary')]
            .filter((each) => each.offsetParent && each.type !== 'hidden' && !each.classList.contains('skip'))
            .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
            .filter(([, box]) => box.height < 44 || box.width < 44)
            .map(([html]) => html)""")
        assert small == [], path


async def test_an_access_is_ended_on_a_phone_without_scrolling_sideways(visit: Visit) -> None:
    page = await visit("stefan", "/accounts", size=PHONE)
    now = page.locator("button:visible").filter(has_text="Alice").filter(has_text="End access now")
    await expect(now).to_have_count(0)  # first it is asked
    await page.locator("summary").filter(has_text="Alice").click()
    box = await now.bounding_box()
    assert box
    assert box["x"] + box["width"] <= PHONE[0] - 16
    assert await findings(page) == []
    await now.click()
    row = page.get_by_role("row").filter(has_text="Alice")
    await expect(row).to_contain_text("lantern account leave --back")
