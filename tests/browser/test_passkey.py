"""Passkeys in a real browser, with a device that Chromium plays."""

from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from tests.fixtures.browser import PHONE, Visit
from tests.fixtures.look import SIGNED_IN_EARLIER, run
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def by_name(live_server: str) -> str:
    """Browsers know passkeys at a name, not at a number."""
    return live_server.replace("127.0.0.1", "localhost")


async def plug_in(page: Page, keys: list[dict[str, Any]] | None = None) -> tuple[CDPSession, str]:
    """A device with these keys."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    device = (await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE}))["authenticatorId"]
    for key in keys or []:
        await session.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": key})
    return session, device


async def test_a_manager_adds_a_passkey_and_signs_in_with_nothing_else(
    visit: Visit, by_name: str, owner_url: str, town: SmallTown
) -> None:
    page = await visit("mara", "/account", at=by_name)
    session, device = await plug_in(page)
    await page.get_by_role("link", name="Add a passkey").click()
    await page.get_by_label("A name for it").fill("<b>Phone</b>")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("status")).to_contain_text("The passkey was added")
    await expect(page.get_by_text("<b>Phone</b>", exact=True)).to_be_visible()
    keys = (await session.send("WebAuthn.getCredentials", {"authenticatorId": device}))["credentials"]
    assert [(key["isResidentCredential"], key["rpId"]) for key in keys] == [(True, "localhost")]

    other = await visit("", "/office/releases", at=by_name, size=PHONE)
    session, device = await plug_in(other, keys)
    await other.get_by_role("button", name="Sign in with a passkey").click()
    await expect(other).to_have_url(f"{by_name}/office/releases")
    await expect(other.get_by_role("heading", level=1)).to_be_visible()

    await page.get_by_text("Rename it").click()
    await page.get_by_role("textbox", name="A name for").first.fill("Old phone")
    await page.get_by_role("button", name="Keep the name").click()
    await expect(page.get_by_text("Old phone", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Remove the passkey Old phone").click()
    await expect(page.get_by_role("status")).to_contain_text("It opens nothing any more")
    await other.context.clear_cookies()
    await other.goto("/sign-in")
    await other.get_by_role("button", name="Sign in with a passkey").click()
    await expect(other.get_by_role("alert")).to_contain_text("This passkey opens nothing here")


async def test_a_device_that_does_not_know_who_holds_it_makes_and_opens_nothing(visit: Visit, by_name: str) -> None:
    page = await visit("alice", "/account/passkeys", at=by_name)
    session, device = await plug_in(page)
    await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    await page.get_by_label("A name for it").fill("Phone")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("No passkey was made")


async def test_the_same_device_is_not_added_twice(visit: Visit, by_name: str) -> None:
    page = await visit("alice", "/account/passkeys", at=by_name)
    await plug_in(page)
    for _ in range(2):
        await page.get_by_label("A name for it").fill("Phone")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(
            page.get_by_text("has a passkey for your account already").or_(page.get_by_role("status"))
        ).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("has a passkey for your account already")


async def test_after_a_while_the_password_and_the_code_are_asked_for(
    visit: Visit, by_name: str, town: SmallTown, owner_url: str
) -> None:
    page = await visit("mara", "/account", at=by_name)
    run(owner_url, SIGNED_IN_EARLIER)
    await plug_in(page)
    await page.goto("/account/passkeys")
    for password, code, wrong in [
        ("not this one", "000000", "This is not your password"),
        (PASSWORD, "000000", "This is not the code of this moment"),
    ]:
        await page.get_by_label("A name for it").fill("Phone")
        await page.get_by_label("Your password").fill(password)
        await page.get_by_label("Code").fill(code)
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_role("alert")).to_contain_text(wrong)
    await page.get_by_label("Code").fill(town.code("mara"))
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("status")).to_contain_text("The passkey was added")


async def test_where_a_passkey_is_no_good_none_is_offered(visit: Visit, by_name: str) -> None:
    for at, javascript, offered in [(by_name, True, True), (by_name, False, False), ("", True, False)]:
        place = {"at": at} if at else {}
        page = await visit("", "/sign-in", javascript=javascript, **place)
        await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible(visible=offered)
    bare = await visit("", "/sign-in", at=by_name)
    await bare.add_init_script("delete window.PublicKeyCredential")
    await bare.reload()
    await expect(bare.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    page = await visit("alice", "/account/passkeys")
    await expect(page.get_by_text("Open Lantern at http://localhost")).to_be_visible()
