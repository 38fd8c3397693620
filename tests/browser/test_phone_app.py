"""The app on a phone that is offline most of the time: nothing is lost, nothing sent twice, nothing read by others."""

import json

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.test_accessibility import findings
from tests.fixtures.handset import STORED, Handset, log_visit, pass_by, set_up, unlock
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio

VISITS = """
    SELECT outcome, people_band FROM lantern.visit WHERE recorded_at > now() - interval '10 minutes' ORDER BY visited_at
"""
MARKS = (
    "lane site",
    "note of lane",
    "south area",
    "54.753719",
    "2.321973",
    "seen by the wall",
    "nobody-found",
    "ben@",
    "280417",
)
DEAF = """() => {
    const real = window.fetch;
    window.deaf = true;
    window.fetch = (path, how) =>
        window.deaf && path.includes("/deliveries/") ? Promise.reject(new TypeError("no signal")) : real(path, how);
}"""
FULL = """
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...given) {
        if (window.full) throw new DOMException("No space", "QuotaExceededError");
        return put.apply(this, given);
    };
"""
MARKED = "UPDATE lantern.site SET geom = ST_SetSRID(ST_MakePoint(2.321973, 54.753719), 4326) WHERE id = :lane"
CONTROL = """() => new Promise((done) => {
    const opening = indexedDB.open("control", 1);
    opening.onupgradeneeded = () =>
        opening.result.createObjectStore("clear").put({ note: "found in the clear" }, 1);
    opening.onsuccess = () => { opening.result.close(); done(); };
})"""
SMALL = """() => [...document.querySelectorAll("a, button, input, textarea, summary")]
    .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 48)
    .map((each) => each.outerHTML)"""


def fresh(owner_url: str) -> list[tuple[object, ...]]:
    return look(owner_url, VISITS)


async def send(page: Page) -> None:
    """Past the seconds in which it could be taken back."""
    await pass_by(page, seconds=11)
    await expect(page.get_by_role("status")).to_have_count(0)


async def test_a_shift_offline_after_a_restart_arrives_once(handset: Handset, town: SmallTown, owner_url: str) -> None:
    await set_up(handset, town)
    before = len(fresh(owner_url))
    await handset.close()
    page = await handset.open(offline=True)
    await unlock(page)
    await expect(page.get_by_role("heading", name="One place is due")).to_be_visible()
    await expect(page.get_by_text("note of lane")).to_be_visible()
    await log_visit(page, note="seen by the wall")
    await log_visit(page, "Nobody found", None)
    await log_visit(page, "Contact refused", "1")
    await expect(page.get_by_role("button", name="3 waiting, oldest 0 min")).to_be_visible()
    await handset.close()

    page = await handset.open(offline=True)
    await expect(page.get_by_role("button", name="3 waiting")).to_be_visible()
    await pass_by(page, seconds=11)
    assert handset.context
    await handset.context.set_offline(False)
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible(timeout=15_000)
    assert fresh(owner_url)[before:] == [("met", "2-5"), ("nobody-found", "0"), ("contact-refused", "1")]
    deliveries = look(owner_url, "SELECT state, sequence FROM lantern.delivery ORDER BY sequence")
    assert deliveries == [("kept", 1), ("kept", 2), ("kept", 3)]


async def test_an_answer_that_was_lost_makes_no_second_visit(handset: Handset, town: SmallTown, owner_url: str) -> None:
    page = await set_up(handset, town)
    lost: list[str] = []

    async def lose(route: Route) -> None:
        if not lost:
            lost.append((await route.fetch()).status_text)
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/api/v1/deliveries/*", lose)
    before = len(fresh(owner_url))
    await log_visit(page)
    await send(page)
    await expect(page.get_by_role("button", name="1 waiting")).to_be_visible()
    while not lost:
        await page.wait_for_timeout(50)
    assert len(fresh(owner_url)) == before + 1
    await pass_by(page, seconds=30)
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible()
    assert lost == ["Created"]
    assert len(fresh(owner_url)) == before + 1


async def test_what_the_phone_stores_tells_nothing_to_whoever_finds_it(
    handset: Handset, town: SmallTown, owner_url: str
) -> None:
    run(owner_url, MARKED, lane=town.sites["lane"])
    page = await set_up(handset, town)
    slice_text = await page.evaluate("fetch('/api/v1/phone/slice').then((answer) => answer.text())")
    assert [mark for mark in MARKS[:5] if mark not in slice_text] == []
    assert handset.context
    await handset.context.set_offline(True)
    await log_visit(page, "Nobody found", None, note="seen by the wall")
    await page.evaluate(CONTROL)
    stored = json.dumps(await page.evaluate(STORED))
    await handset.close()
    assert "found in the clear" in stored
    assert '"queue"' in stored
    assert "/phone/app" in stored
    assert [mark for mark in MARKS if mark in stored.replace("Nobody found", "")] == ["nobody-found"]
    assert handset.holds("found in the clear")
    assert [mark for mark in MARKS if mark != "nobody-found" and handset.holds(mark)] == []


async def test_five_wrong_pins_drop_the_slice_and_keep_what_waits(
    handset: Handset, town: SmallTown, owner_url: str
) -> None:
    page = await set_up(handset, town)
    assert handset.context
    await handset.context.set_offline(True)
    await log_visit(page)
    await page.get_by_role("button", name="Lock").click()
    for left in ("4 tries are", "3 tries are", "2 tries are", "One try is"):
        await unlock(page, "935172")
        await expect(page.get_by_role("alert")).to_contain_text(left)
        await page.reload()
    await unlock(page, "935172")
    await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    stored = await page.evaluate(STORED)
    assert (stored["slice"], len(stored["queue"])) == ([], 1)
    await page.reload()
    await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    before = len(fresh(owner_url))
    await handset.context.set_offline(False)
    await pass_by(page, seconds=11)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible()
    assert len(fresh(owner_url)) == before + 1
    assert look(owner_url, "SELECT count(*) FROM lantern.session") == [(0,)]


async def test_a_second_pin_opens_an_empty_app_and_nothing_tells_whether_there_is_one(
    handset: Handset, town: SmallTown
) -> None:
    page = await set_up(handset, town, second="736251")
    stored = await page.evaluate(STORED)
    assert len(stored["slice"]) == 1
    lock = next(json.loads(row) for row in stored["setting"] if "slots" in row)
    assert [len(slot["bytes"]) for slot in lock["slots"]] == [49, 49]
    await page.get_by_role("button", name="Lock").click()
    await unlock(page, "736251")
    await expect(page.get_by_role("heading", name="No place is due")).to_be_visible()
    assert "lane" not in await page.content()
    await page.get_by_role("button", name="Lock").click()
    await unlock(page)
    await expect(page.get_by_role("heading", name="lane site")).to_be_visible()


async def test_without_a_touch_it_locks_and_after_72_hours_the_copy_is_gone(handset: Handset, town: SmallTown) -> None:
    await set_up(handset, town)
    await handset.close()
    page = await handset.open(offline=True)
    await unlock(page)
    await expect(page.get_by_role("heading", name="lane site")).to_be_visible()
    await pass_by(page, minutes=4)
    await expect(page.get_by_role("heading", name="lane site")).to_be_visible()
    await pass_by(page, minutes=2)
    await expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    assert "lane" not in await page.content()
    await pass_by(page, hours=71)
    await unlock(page)
    await expect(page.get_by_role("heading", name="lane site")).to_be_visible()
    await pass_by(page, hours=1)
    await unlock(page)
    await expect(page.get_by_role("heading", name="The copy on this phone has expired")).to_be_visible()
    assert (await page.evaluate(STORED))["slice"] == []


async def test_where_nothing_can_be_stored_nothing_is_asked_for(handset: Handset, town: SmallTown) -> None:
    page = await set_up(handset, town)
    await handset.close()
    page = await handset.open(before=FULL)
    await unlock(page)
    await page.get_by_role("button", name="Log a visit to").first.click()
    await page.get_by_role("button", name="Met", exact=True).click()
    await page.evaluate("window.full = true")
    await page.get_by_role("button", name="2–5", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("no space left")
    await page.get_by_role("button", name="Back without saving").click()
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible()
    await page.get_by_role("button", name="Log a visit to").first.click()
    await expect(page.get_by_role("alert")).to_contain_text("no space left")
    await expect(page.get_by_role("heading", name="What did you find?")).to_have_count(0)
    await page.evaluate("window.full = false")
    await log_visit(page)
    await expect(page.get_by_role("button", name="1 waiting")).to_be_visible()


async def test_whoever_signs_out_is_told_what_would_be_lost(handset: Handset, town: SmallTown) -> None:
    page = await set_up(handset, town)
    assert handset.context
    await handset.context.route("**/api/v1/deliveries/*", lambda route: route.abort())
    await log_visit(page)
    await page.goto("/account")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("One entry has not been sent")
    await page.get_by_role("button", name="Stay signed in").click()
    assert len((await page.evaluate(STORED))["queue"]) == 1
    await page.goto("/account")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.get_by_role("button", name="Sign out and lose one entry").click()
    await expect(page).to_have_url("/sign-in")
    assert (await page.evaluate(STORED)).get("queue", []) == []


async def test_a_phone_that_was_signed_out_from_elsewhere_loses_the_slice_and_sends_what_waits_later(
    handset: Handset, town: SmallTown, owner_url: str
) -> None:
    page = await set_up(handset, town)
    before = len(fresh(owner_url))
    await log_visit(page)
    run(owner_url, "DELETE FROM lantern.session")
    await pass_by(page, seconds=11)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    stored = await page.evaluate(STORED)
    assert (stored["slice"], len(stored["queue"])) == ([], 1)
    assert not any("slots" in row for row in stored["setting"])
    await handset.sign_in(town, "ben")
    await page.reload()
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible()
    assert len(fresh(owner_url)) == before + 1


async def test_a_new_version_waits_until_nothing_is_left_to_send(handset: Handset, town: SmallTown) -> None:
    page = await set_up(handset, town)
    assert handset.context
    await page.evaluate(DEAF)
    await log_visit(page)
    await page.get_by_role("button", name="Lock").click()
    await handset.context.request.post("/theme", form={"theme": "dark"})
    await page.evaluate("navigator.serviceWorker.getRegistration('/phone/app').then((kept) => kept.update())")
    await expect(page.get_by_text("A new version is ready.")).to_be_visible()
    await pass_by(page, minutes=2)
    await expect(page.get_by_role("button", name="1 waiting")).to_be_visible()
    await expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    await page.evaluate("window.deaf = false; dispatchEvent(new Event('online'))")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark", timeout=15_000)
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible()


async def test_a_visit_can_be_taken_back_for_a_moment(handset: Handset, town: SmallTown, owner_url: str) -> None:
    page = await set_up(handset, town)
    before = len(fresh(owner_url))
    await log_visit(page)
    await expect(page.get_by_role("heading", name="No place is due")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible()
    await expect(page.get_by_role("heading", name="One place is due")).to_be_visible()
    await pass_by(page, seconds=60)
    await page.wait_for_timeout(500)
    assert len(fresh(owner_url)) == before


async def test_what_was_refused_stays_with_the_reason(handset: Handset, town: SmallTown) -> None:
    page = await set_up(handset, town)
    refusal = {"title": "Something in the request is wrong.", "errors": [{"where": "body.note", "what": "is too long"}]}
    await page.route(
        "**/api/v1/deliveries/*",
        lambda route: route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(refusal)),
    )
    await log_visit(page)
    await send(page)
    await page.get_by_role("button", name="one refused").click()
    await expect(page.get_by_text("body.note: is too long")).to_be_visible()
    assert len((await page.evaluate(STORED))["queue"]) == 1


async def test_a_restored_older_backup_is_offered_again_what_it_lost(
    handset: Handset, town: SmallTown, owner_url: str
) -> None:
    page = await set_up(handset, town)
    before = len(fresh(owner_url))
    await log_visit(page)
    await send(page)
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible()
    run(owner_url, "DELETE FROM lantern.delivery")
    run(owner_url, "DELETE FROM lantern.receipt")
    run(owner_url, "DELETE FROM lantern.visit WHERE recorded_at > now() - interval '1 minute'")
    run(owner_url, "UPDATE lantern.organisation SET epoch = gen_random_uuid()")
    assert len(fresh(owner_url)) < before + 1
    await log_visit(page, "Signs of use", "0")
    await send(page)
    await expect(page.get_by_role("button", name="Nothing is waiting")).to_be_visible()
    found = [outcome for outcome, _ in fresh(owner_url)]
    assert {"met", "signs-of-use"} <= set(found)


async def test_axe_finds_nothing_on_any_screen_in_either_theme_and_every_target_is_large(
    handset: Handset, town: SmallTown
) -> None:
    found: list[str] = []
    page = await handset.open()

    async def check() -> None:
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            found.extend(await findings(page))
        found.extend(await page.evaluate(SMALL))
        found.extend(["too wide"] if await page.evaluate("document.documentElement.scrollWidth > 390") else [])

    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await check()
    await handset.close()
    page = await set_up(handset, town)
    await check()
    await page.get_by_role("button", name="Log a visit to").first.click()
    await page.get_by_role("button", name="Met", exact=True).click()
    await check()
    await page.get_by_role("button", name="2–5", exact=True).click()
    await expect(page.get_by_role("status")).to_be_visible()
    await check()
    for name, back in (("1 waiting", "Back"), ("Sign out", "Stay")):
        await page.get_by_role("button", name=name).click()
        await check()
        await page.get_by_role("button", name=back).click()
    await page.get_by_role("button", name="Lock").click()
    await unlock(page, "935172")
    await expect(page.get_by_role("alert")).to_be_visible()
    await check()
    assert found == []
