"""Signing in and out, as a person does it."""

import pytest
from playwright.async_api import expect
from sqlalchemy import create_engine, text

from tests.fixtures.browser import PHONE, Visit
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio


async def test_alice_signs_in_and_comes_to_her_area(visit: Visit, town: SmallTown) -> None:
    page = await visit("", "/", size=PHONE)
    await expect(page).to_have_url("/sign-in")
    await page.get_by_label("E-mail address").fill(town.email("alice"))
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url("/phone")
    await expect(page.get_by_role("heading", name="north area")).to_be_visible()


async def test_whoever_asked_for_a_page_comes_to_it_after_signing_in(visit: Visit, town: SmallTown) -> None:
    page = await visit("", "/office/releases")
    await page.get_by_label("E-mail address").fill(town.email("mara"))
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Code").fill(town.code("mara"))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url("/office/releases")


async def test_a_wrong_password_is_told_without_saying_which_is_wrong(visit: Visit, town: SmallTown) -> None:
    page = await visit("", "/sign-in")
    for address in (town.email("alice"), "eve@doggerstad.example"):
        await page.get_by_label("E-mail address").fill(address)
        await page.get_by_label("Password").fill("not the password")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_have_text("The address or the password is wrong.")
        await expect(page.get_by_label("E-mail address")).to_have_value(address)


@pytest.mark.parametrize("size", [PHONE, (1280, 800)])
async def test_the_way_out_is_in_sight_on_every_page(visit: Visit, size: tuple[int, int]) -> None:
    for person, path in [("mara", "/office"), ("mara", "/maps/heat"), ("alice", "/phone/visit"), ("pim", "/office")]:
        page = await visit(person, path, size=size)
        way_out = page.get_by_role("banner").get_by_role("button", name="Sign out")
        await expect(way_out).to_be_in_viewport(ratio=1)
        beside = [await page.get_by_role("link", name="Lantern").bounding_box(), await way_out.bounding_box()]
        assert len({box["y"] for box in beside if box}) == 1, (path, beside)
        await page.context.close()


async def test_after_signing_out_the_pages_are_closed(visit: Visit) -> None:
    page = await visit("alice", "/phone")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url("/sign-in")
    await page.goto("/phone")
    await expect(page).to_have_url("/sign-in?next=%2Fphone")


async def test_the_demo_offers_its_people_by_one_tap(
    visit: Visit, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.sign_in.DEMO_PASSWORD", PASSWORD)
    page = await visit("", "/sign-in")
    await expect(page.get_by_text("Try the demo")).to_have_count(0)
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE lantern.organisation SET is_demo = true WHERE slug = 'doggerstad'"))
    engine.dispose()
    await page.reload()
    await page.get_by_role("button", name="Mara manager").click()
    await expect(page).to_have_url("/office")
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()


async def test_the_chosen_colours_stay(visit: Visit) -> None:
    page = await visit("alice", "/account")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 246, 243)"
    await page.get_by_role("button", name="dark").click()
    await page.goto("/phone")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 17, 20)"


async def test_a_token_is_shown_once_works_and_is_revoked(visit: Visit) -> None:
    page = await visit("mara", "/account")
    await page.get_by_label("What is it for?").fill("QGIS at <b>home</b>")
    await page.get_by_role("button", name="Make a token").click()
    token = await page.get_by_label("Token", exact=True).input_value()
    header = {"Authorization": f"Bearer {token}"}
    await page.context.clear_cookies()
    assert (await page.request.get("/api/v1/session", headers=header)).status == 200

    page = await visit("mara", "/account")
    assert token not in await page.content()
    await page.get_by_role("button", name="Revoke the token QGIS at <b>home</b>").click()
    await expect(page.get_by_role("status")).to_contain_text("revoked")
    await page.context.clear_cookies()
    assert (await page.request.get("/api/v1/session", headers=header)).status == 401


async def test_a_changed_password_is_the_one_that_opens(visit: Visit, town: SmallTown) -> None:
    page = await visit("dora", "/account")
    await page.get_by_label("Your password now").fill("not the password")
    await page.get_by_label("New password", exact=True).fill("five quiet words at sea")
    await page.get_by_label("New password again").fill("five quiet words at sea")
    await page.get_by_role("button", name="Change the password").click()
    await expect(page.get_by_text("This is not your password now.").first).to_be_visible()
    await page.get_by_label("Your password now").fill(PASSWORD)
    await page.get_by_label("New password", exact=True).fill("five quiet words at sea")
    await page.get_by_label("New password again").fill("five quiet words at sea")
    await page.get_by_role("button", name="Change the password").click()
    await expect(page.get_by_role("status")).to_contain_text("Your password was changed")
    form = {"email": town.email("dora"), "password": "five quiet words at sea"}
    assert (await page.request.post("/api/v1/session", data=form)).status == 201
