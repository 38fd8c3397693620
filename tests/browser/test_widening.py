"""A desk asks to see an area; a worker of that area lets her, on a phone; both see when it ends."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.test_accessibility import findings
from tests.fixtures.browser import PHONE, Visit
from tests.fixtures.look import run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
HOSTILE = "<b>a light</b> in the harbour"


async def test_a_desk_asks_a_worker_lets_her_and_the_page_empties_at_the_end(
    visit: Visit, town: SmallTown, owner_url: str
) -> None:
    dora = await visit("dora", "/widenings", size=PHONE)
    await dora.get_by_label("Which area?").select_option(label="north area")
    await dora.get_by_label("Why?").fill(HOSTILE)
    await dora.get_by_role("button", name="Ask").click()
    await expect(dora.get_by_text("waits for an answer")).to_be_visible()
    await expect(dora.get_by_text("quay site")).to_have_count(0)

    alice = await visit("alice", "/phone", size=PHONE)
    await expect(alice.get_by_text(f"“{HOSTILE}”")).to_be_visible()
    assert await findings(alice) == []
    await alice.get_by_role("link", name="Answer Dora · north area").click()
    assert await findings(alice) == []
    await alice.get_by_label("15 minutes").check()
    await alice.get_by_role("button", name="Let them see it").click()
    await expect(alice.get_by_role("timer")).to_have_text(re.compile(r"^1[45]:\d\d left$"))
    await expect(alice.get_by_role("button", name="End it now")).to_be_visible()

    await dora.get_by_role("link", name="Look again").click()
    await expect(dora.get_by_role("heading", name="1. quay site")).to_be_visible()
    await expect(dora.locator(".pin")).to_have_count(1)
    await expect(dora.get_by_text("note of quay")).to_have_count(0)
    assert await findings(dora) == []
    name, about = dora.locator(".due h3"), dora.locator(".due p").first
    for box in (await name.bounding_box(), await about.bounding_box()):
        assert box
        assert box["width"] > PHONE[0] * 2 / 3
    moments = ", ".join(f"{name} = {name} - interval '898 seconds'" for name in ("asked_at", "granted_at", "ends_at"))
    run(owner_url, f"UPDATE lantern.widening SET {moments}")
    await dora.reload()
    await expect(dora.get_by_text("over", exact=True)).to_be_visible(timeout=10_000)  # by itself, when the time is up
    await expect(dora.get_by_text("quay site")).to_have_count(0)

    for person, home in (("alice", "/phone"), ("mara", "/office")):
        page = await visit(person, home)
        await expect(page.locator(".told")).to_contain_text("Dora · north area over")
        await expect(page.locator(".told")).to_contain_text(HOSTILE)


async def test_a_worker_who_is_let_in_sees_the_places_among_their_own_until_a_manager_ends_it(
    visit: Visit, town: SmallTown
) -> None:
    ben = await visit("ben", "/widenings", size=PHONE, javascript=False)
    await ben.get_by_role("button", name="Ask").click()
    await expect(ben.get_by_role("alert")).to_contain_text("Nothing was saved yet")
    await ben.get_by_label("Which area?").select_option(label="north area")
    await ben.get_by_label("Why?").fill("Alice is ill, and called")
    await ben.get_by_role("button", name="Ask").click()
    mara = await visit("mara", "/office")
    await mara.get_by_role("link", name="Answer Ben · north area").click()
    await mara.get_by_role("button", name="Let them see it").click()
    await ben.goto("/phone")
    await expect(ben.get_by_text("quay site")).not_to_have_count(0)
    await mara.get_by_role("button", name="End it now").click()
    await expect(mara.get_by_text("ended by Mara")).to_be_visible()
    await ben.reload()
    await expect(ben.get_by_text("quay site")).to_have_count(0)
