"""A steward registers what a court asks for and proposes release; a manager, told on her home, agrees; both fetch."""

import json

import anyio
import pytest
from playwright.async_api import expect

from tests.browser.test_accessibility import findings
from tests.fixtures.browser import PHONE, Visit
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
HOSTILE = "<b>District court</b>"


async def test_a_request_goes_from_the_steward_to_a_second_person_and_to_a_file(visit: Visit, town: SmallTown) -> None:
    stefan = await visit("stefan", "/law-requests", dark=True)
    await stefan.get_by_label("Who asks").fill(HOSTILE)
    await stefan.get_by_label("By what right, under which number").fill("Order 12/345")
    await stefan.get_by_label("What exactly is asked for").fill("where the doorway\nat the quay is")
    await stefan.get_by_label("Came on").fill(town.today.isoformat())
    await stefan.get_by_label("To be answered by").fill(town.today.isoformat())
    await stefan.get_by_label("Kind of data").select_option(label="Sites")
    await stefan.get_by_role("button", name="Register it").click()
    await expect(stefan.get_by_role("alert")).to_contain_text("Nobody is given everything")
    assert await findings(stefan) == []
    await stefan.get_by_label("Sites, by their ids").fill(str(town.sites["quay"]))
    await stefan.get_by_role("button", name="Register it").click()
    await expect(stefan.get_by_role("heading", name=HOSTILE)).to_be_visible()
    await stefan.get_by_role("button", name="Propose release").click()
    await expect(stefan.get_by_text("You proposed it.")).to_be_visible()
    await expect(stefan.get_by_role("button", name="Agree, and release")).to_have_count(0)
    assert await findings(stefan) == []

    mara = await visit("mara", "/office", size=PHONE)
    await expect(mara.locator(".told")).to_contain_text("exact exports are frozen")
    for path in ("/law-requests", "/office"):
        await mara.goto(path)
        assert await mara.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    assert await findings(mara) == []
    await mara.get_by_role("link", name="Decide on").click()
    ticked = mara.get_by_label("I have read what this gives away")
    await mara.get_by_role("button", name="Agree, and release").click()
    assert await ticked.evaluate("box => box.validity.valueMissing")  # the browser asks for it, and so does the server
    await ticked.evaluate("box => { box.required = false }")
    await mara.get_by_role("button", name="Agree, and release").click()
    await expect(mara.get_by_role("alert")).to_contain_text("Tick this to go on.")
    assert await findings(mara) == []
    await ticked.check()
    await mara.get_by_role("button", name="Agree, and release").click()
    await expect(mara.get_by_role("heading", name="The file")).to_be_visible()
    assert await findings(mara) == []
    for page in (mara, stefan):
        await page.reload()
        await page.get_by_label("What the file is fetched for").fill("handing it to the court")
        async with page.expect_download() as coming:
            await page.get_by_role("button", name="Fetch the file").click()
        file = json.loads(await anyio.Path(await (await coming.value).path()).read_text(encoding="utf-8"))
        assert [feature["id"] for feature in file["features"]] == [str(town.sites["quay"])]
