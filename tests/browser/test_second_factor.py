"""Devices and the second factor, as a person sees them."""

import pyotp
import pytest
from playwright.async_api import expect
from sqlalchemy import create_engine, text

from tests.fixtures.browser import PHONE, Visit
from tests.fixtures.look import SIGNED_IN_EARLIER, run
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio


async def test_a_new_manager_sets_up_an_authenticator_and_comes_to_where_they_wanted(
    visit: Visit, town: SmallTown, owner_url: str
) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM lantern.authenticator"))
        connection.execute(text("DELETE FROM lantern.recovery_code"))
    engine.dispose()
    page = await visit("", "/office/releases", size=PHONE)
    await page.get_by_label("E-mail address").fill(town.email("mara"))
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Second factor", exact=True)).to_be_visible()
    await page.goto("/accounts")
    await expect(page.get_by_role("heading", name="Second factor", exact=True)).to_be_visible()
    await page.goto("/account/second-factor?next=%2Foffice%2Freleases")
    await page.get_by_role("button", name="Begin").click()
    picture = page.get_by_role("img", name="A QR code for your authenticator app")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.complete && image.naturalWidth > 0")
    await page.get_by_text("The phone cannot read it").click()
    secret = await page.locator("code").inner_text()
    await page.get_by_label("Code").fill("000000")
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_text("This is not the code of this moment").first).to_be_visible()
    await page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator(".codes code")).to_have_count(10)
    code = await page.locator(".codes code").first.inner_text()
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page).to_have_url("/office/releases")

    await page.context.clear_cookies()
    await page.goto("/office/releases")
    await page.get_by_label("E-mail address").fill(town.email("mara"))
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    await page.get_by_label("Code").fill("000000")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("This code is wrong")
    await page.get_by_label("Code").fill(code.upper())
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url("/office/releases")


async def test_new_recovery_codes_take_password_and_code_some_time_after_sign_in(
    visit: Visit, town: SmallTown, owner_url: str
) -> None:
    page = await visit("mara", "/")
    run(owner_url, SIGNED_IN_EARLIER)
    await page.goto("/account/second-factor")
    await page.get_by_text("Make new recovery codes").click()
    await page.locator("#password-recovery-codes").fill("not this one")
    await page.locator("#code-recovery-codes").fill("000000")
    await page.get_by_role("button", name="Make new codes").click()
    await expect(page.get_by_text("This is not your password.").first).to_be_visible()
    await page.locator("#password-recovery-codes").fill(PASSWORD)
    await page.locator("#code-recovery-codes").fill(town.code("mara"))
    await page.get_by_role("button", name="Make new codes").click()
    await expect(page.locator(".codes code")).to_have_count(10)


async def test_a_device_is_named_and_the_other_one_signed_out(visit: Visit) -> None:
    phone, desk = await visit("alice", "/phone", size=PHONE), await visit("alice", "/account")
    await desk.get_by_text("Name it").first.click()
    await desk.get_by_role("textbox", name="A name for").first.fill("<b>Desk</b>")
    await desk.get_by_role("button", name="Keep the name").first.click()
    await expect(desk.get_by_text("<b>Desk</b>", exact=True)).to_be_visible()
    await desk.get_by_role("button", name="Sign out the device").click()
    await expect(desk.get_by_role("status")).to_have_text("That device is signed out.")
    await phone.evaluate("localStorage.setItem('kept', 'yes')")
    await phone.goto("/phone")
    await expect(phone).to_have_url("/sign-in?next=%2Fphone")
    assert await phone.evaluate("localStorage.getItem('kept')") is None


async def test_a_manager_signs_a_lost_phone_of_a_colleague_out(visit: Visit) -> None:
    phone, mara = await visit("alice", "/phone", size=PHONE), await visit("mara", "/accounts")
    await mara.get_by_role("button", name="Sign out all devices of Alice").click()
    await expect(mara.get_by_role("status")).to_contain_text("signed out everywhere")
    await phone.goto("/phone")
    await expect(phone).to_have_url("/sign-in?next=%2Fphone")
