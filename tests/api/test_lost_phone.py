"""A lost phone: signed out with the passkeys that it made or used, so that it does not sign in again."""

from typing import Any

import httpx
import pytest

from api.settings import Settings
from tests.fixtures.client import Client
from tests.fixtures.look import look
from tests.fixtures.shown_passkey import ORIGIN, PASSKEYS, SESSION, Browser, added, refused, used
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"origin": ORIGIN})


async def device_of(person: httpx.AsyncClient) -> dict[str, Any]:
    devices = (await person.get("/api/v1/sessions")).json()["items"]
    return next(device for device in devices if device["current"])


async def names(person: httpx.AsyncClient) -> list[str]:
    return [row["name"] for row in (await person.get(PASSKEYS)).json()["items"]]


async def test_a_lost_phone_takes_its_passkey_along_and_no_other(
    client: Client, browser: Browser, owner_url: str
) -> None:
    desk, phone = await client("alice"), await client("alice")
    lost, kept = await added(phone, name="Phone"), await added(desk, name="Desk")
    there = await device_of(phone)
    assert [passkey["name"] for passkey in there["passkeys"]] == ["Phone"]
    assert (await desk.delete(f"/api/v1/sessions/{there['id']}")).status_code == 204
    assert await names(desk) == ["Desk"]
    assert refused(await used(await browser(), lost))
    assert (await used(await browser(), kept)).status_code == 201
    told = "SELECT entry::jsonb -> 'detail' FROM lantern.log_entry WHERE act = 'passkey-removed'"
    assert look(owner_url, told) == [({"passkeys": 1},)]


async def test_a_passkey_that_was_copied_to_another_device_goes_with_either(client: Client, browser: Browser) -> None:
    desk, phone = await client("alice"), await browser()
    device = await added(desk)
    assert (await used(phone, device)).status_code == 201
    assert [len((await device_of(each))["passkeys"]) for each in (desk, phone)] == [1, 1]
    assert (await desk.delete(f"/api/v1/sessions/{(await device_of(phone))['id']}")).status_code == 204
    assert await names(desk) == []
    assert refused(await used(phone, device))


async def test_a_device_that_one_still_has_keeps_its_passkey(client: Client, browser: Browser) -> None:
    desk, phone = await client("alice"), await client("alice")
    device = await added(phone)
    assert (await desk.delete(f"/api/v1/sessions/{(await device_of(phone))['id']}?passkeys=keep")).status_code == 204
    assert (await used(await browser(), device)).status_code == 201


async def test_a_device_is_known_again_when_it_signs_in_anew(client: Client, town: SmallTown) -> None:
    desk, phone = await client("alice"), await client("alice")
    await added(phone)
    before = (await device_of(phone))["id"]
    assert (await phone.post(SESSION, json=town.form("alice"))).status_code == 201
    there = await device_of(phone)
    assert (there["id"] != before, len(there["passkeys"])) == (True, 1)
    assert (await phone.post(SESSION, json=town.form("ben"))).status_code == 201
    assert (await phone.post(SESSION, json=town.form("alice"))).status_code == 201
    assert (await device_of(phone))["passkeys"] == []
    assert (await desk.delete(f"/api/v1/sessions/{(await device_of(phone))['id']}")).status_code == 204
    assert await names(desk) == ["Phone"]


async def test_all_other_devices_go_with_their_passkeys_and_this_one_keeps_its_own(client: Client) -> None:
    desk, phone = await client("alice"), await client("alice")
    await added(desk, name="Desk")
    await added(phone, name="Phone")
    assert (await desk.delete("/api/v1/sessions")).status_code == 204
    assert await names(desk) == ["Desk"]


@pytest.mark.parametrize("keeper", ["mara", "stefan"])
async def test_a_colleague_who_lost_a_phone_is_signed_out_with_all_passkeys(
    client: Client, browser: Browser, town: SmallTown, keeper: str
) -> None:
    device, theirs = await added(await client("alice")), await added(await client("ben"))
    who = await client(keeper)
    assert (await who.delete(f"/api/v1/accounts/{town.accounts['alice']}/sessions")).status_code == 204
    assert refused(await used(await browser(), device))
    assert (await used(await browser(), theirs)).status_code == 201


async def test_nobody_takes_a_passkey_from_a_manager_or_steward_who_is_signed_out(
    client: Client, browser: Browser, town: SmallTown
) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    device, theirs = await added(mara), await added(stefan)
    said = await stefan.post(f"/accounts/{town.accounts['mara']}/sign-out")
    assert said.headers["location"] == "/accounts?done=out-but-passkeys"
    assert (await mara.get(SESSION)).status_code == 401
    anyone = await browser()
    assert (await used(anyone, device)).status_code == 201
    assert (await anyone.delete(f"/api/v1/accounts/{town.accounts['stefan']}/sessions")).status_code == 204
    assert (await used(await browser(), theirs)).status_code == 201


async def test_the_page_of_devices_offers_to_remove_the_passkey_and_keeps_it_if_the_box_is_empty(
    client: Client,
) -> None:
    desk, phone, tablet = [await client("alice") for _ in range(3)]
    await added(phone, name="Phone <1>")
    await added(tablet, name="Tablet")
    page = (await desk.get("/account")).text
    assert page.count('name="passkeys" value="remove" checked') == 3  # two devices, and all others
    assert "Phone &lt;1&gt;" in page
    path = f"/account/devices/{(await device_of(phone))['id']}/revoke"
    done = await desk.post(path, data={"passkeys": "remove"})
    assert done.headers["location"] == "/account?done=device-and-passkeys"
    assert await names(desk) == ["Tablet"]
    assert (await desk.post(f"/account/devices/{(await device_of(tablet))['id']}/revoke")).status_code == 303
    assert await names(desk) == ["Tablet"]
    assert "Passkeys on devices that are not signed in:" in (await desk.get("/account")).text
