"""A streetworker at night: who is due, and a visit logged."""

import re

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import create_engine, text

from api.migration import MigrationKeys
from api.vault import Vault
from geo.note import opened_note
from geo.visit import Visit as VisitRow
from tests.fixtures.browser import PHONE, Visit
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio

# Thirty days ago is twenty-nine on the wall, in the hour before midnight, after the clocks went back.
SIXTEEN = re.compile("overdue by 1[56] days")
HOSTILE = "<script>document.title='broken'</script>"
CROWD = """
    INSERT INTO lantern.site (organisation_id, id, site_type, status, geom, uncertainty_m, revisit_days, first_seen_on)
    SELECT :organisation_id, gen_random_uuid(), 'tent', 'active',
        ST_SetSRID(ST_MakePoint(2.317 + n % 5 * 0.0015, 54.748 + n / 5 * 0.0008), 4326), 25, 14,
        CURRENT_DATE - 20 + n
    FROM generate_series(0, 24) AS n
"""
VISITS = (
    "SELECT outcome, people_band, site_id IS NULL, organisation_id, id, note_sealed FROM lantern.visit "
    "WHERE source = 'form' AND note_sealed IS NOT NULL"
)


def logged(owner_url: str, vault: Vault) -> list[tuple[object, ...]]:
    """The visits logged with a note: outcome, band, note, and whether without a site."""
    engine = create_engine(owner_url)
    opened = MigrationKeys(vault.file)
    with engine.connect() as connection:
        rows = connection.execute(text(VISITS)).all()
        found: list[tuple[object, ...]] = [
            (outcome, band, opened_note(opened.of(connection, of), VisitRow, visit_id, sealed), without)
            for outcome, band, without, of, visit_id, sealed in rows
        ]
    engine.dispose()
    return found


async def fill(page: Page, note: str = "all well") -> None:
    await page.get_by_label("Met", exact=True).check()
    await page.get_by_label("2–5").check()
    await page.get_by_label("Note").fill(note)


async def test_ben_sees_his_own_area_and_who_is_overdue(visit: Visit) -> None:
    page = await visit("ben", "/phone", size=PHONE)
    await expect(page.get_by_role("heading", name="south area")).to_be_visible()
    entry = page.get_by_role("listitem").filter(has_text="lane site")
    await expect(entry).to_contain_text(SIXTEEN)
    await expect(entry).to_contain_text("note of lane")
    await expect(page.locator("#map .pin.late")).to_have_text("1")
    assert "quay site" not in await page.content()


async def test_a_tap_on_a_place_of_the_map_leads_to_it_in_the_list(visit: Visit) -> None:
    page = await visit("ben", "/phone", size=PHONE)
    await page.locator("#map .pin.late").click()
    await expect(page.get_by_role("listitem").filter(has_text="lane site")).to_be_focused()


async def test_where_places_crowd_the_most_urgent_keep_their_numbers_until_the_zoom_gives_room(
    visit: Visit, town: SmallTown, owner_url: str
) -> None:
    run(owner_url, CROWD, organisation_id=town.organisation_id)
    page = await visit("ben", "/phone", size=PHONE)
    numbered, every = page.locator("#map .pin:not(.dot)"), page.locator("#map .pin")
    await expect(every).to_have_count(26)
    first = await numbered.count()
    assert 1 < first < 20
    assert "1" in await numbered.all_text_contents()
    boxes = [await pin.bounding_box() for pin in await numbered.locator("span").all()]
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            assert one
            assert other
            apart = max(abs(one["x"] - other["x"]) - one["width"], abs(one["y"] - other["y"]) - one["height"])
            assert apart >= 0
    for _ in range(4):
        await page.get_by_role("button", name="Zoom in").click()
        await page.wait_for_timeout(400)
    assert await numbered.count() == 26


async def test_a_visit_logged_on_the_phone_is_saved_and_no_longer_due(
    visit: Visit, owner_url: str, vault: Vault
) -> None:
    page = await visit("ben", "/phone", size=PHONE)
    await page.get_by_role("link", name="Log a visit to lane site").click()
    await fill(page, HOSTILE)
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved at")
    await expect(page.get_by_role("heading", name="No place is due")).to_be_visible()
    await expect(page.get_by_text("One visit of yours from the last 12 hours has arrived.")).to_be_visible()
    assert logged(owner_url, vault) == [("met", "2-5", HOSTILE, False)]


async def test_the_form_works_without_scripts(visit: Visit, owner_url: str, vault: Vault) -> None:
    page = await visit("ben", "/phone/visit", size=PHONE, javascript=False)
    await page.get_by_label("Where were you?").select_option(label="I searched where no place is known")
    await page.get_by_text("Type the coordinates instead").click()
    await page.get_by_label("Latitude").fill("54.7512")
    await page.get_by_label("Longitude").fill("2.3201")
    await page.get_by_label("Nobody found").check()
    await page.get_by_label("Note").fill("empty tonight")
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved at")
    assert logged(owner_url, vault) == [("nobody-found", "0", "empty tonight", True)]


async def test_a_new_place_is_put_on_the_map_by_a_tap(visit: Visit, owner_url: str) -> None:
    page = await visit("ben", "/phone/visit", size=PHONE)
    await page.get_by_label("Where were you?").select_option("new")
    await page.locator("#map").click(position={"x": 170, "y": 150})
    await page.get_by_label("What kind of place?").select_option(label="Bridge")
    await page.get_by_label("A name for it").fill(HOSTILE)
    await fill(page)
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved at")
    await page.get_by_text("One place is not due yet").click()
    await expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    assert await page.title() == "My area · Lantern"
    stored = "SELECT name, status, site_type, ST_X(geom) BETWEEN 2.3 AND 2.34 FROM lantern.site WHERE name LIKE '<%'"
    assert look(owner_url, stored) == [(HOSTILE, "active", "bridge", True)]


async def test_the_position_is_asked_for_only_on_a_tap(visit: Visit) -> None:
    page = await visit("ben", "/phone/visit", size=PHONE)
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"longitude": 2.321, "latitude": 54.752, "accuracy": 40})
    await page.get_by_label("Where were you?").select_option("new")
    assert await page.locator("#lon").input_value() == ""
    await page.get_by_role("button", name="Use my position").click()
    await expect(page.locator("#lon")).to_have_value("2.321000")
    await expect(page.locator("#uncertainty_m")).to_have_value("40")


async def test_the_nearest_place_is_chosen_on_a_tap(visit: Visit) -> None:
    for longitude, chosen, said in [
        (2.3205, re.compile("lane site"), "About 46 m away."),
        (2.40, re.compile("Choose"), "None of your places is within 500 m."),
    ]:
        page = await visit("ben", "/phone/visit", size=PHONE)
        await page.context.grant_permissions(["geolocation"])
        await page.context.set_geolocation({"longitude": longitude, "latitude": 54.7503})
        await page.get_by_role("button", name="The nearest to me").click()
        await expect(page.locator("#nearest-note")).to_have_text(said)
        await expect(page.get_by_label("Where were you?").locator("option:checked")).to_have_text(chosen)


async def test_what_is_wrong_stands_beside_the_field_and_nothing_is_lost(
    visit: Visit, owner_url: str, vault: Vault
) -> None:
    page = await visit("ben", "/phone/visit", size=PHONE)
    await page.get_by_label("Met", exact=True).check()
    await page.get_by_label("Note").fill("kept as it was")
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.get_by_role("alert").first).to_contain_text("Nothing was saved yet")
    await expect(page.locator("#place-wrong")).to_have_text("Fill this in.")
    await expect(page.get_by_label("Note")).to_have_value("kept as it was")
    await expect(page.get_by_label("Met", exact=True)).to_be_checked()
    assert logged(owner_url, vault) == []


async def test_without_a_connection_the_form_stays_as_it_is(visit: Visit, owner_url: str, vault: Vault) -> None:
    page = await visit("ben", "/phone", size=PHONE)
    await page.get_by_role("link", name="Log a visit to lane site").click()
    await fill(page)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.locator("#warning")).to_contain_text("There is no connection")
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved at")
    assert len(logged(owner_url, vault)) == 1


async def test_without_scripts_too_a_form_survives_the_end_of_a_session(
    visit: Visit, owner_url: str, vault: Vault
) -> None:
    page = await visit("ben", "/phone", size=PHONE, javascript=False)
    await page.get_by_role("link", name="Log a visit to lane site").click()
    await fill(page)
    cookies = await page.context.cookies()
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.get_by_role("main")).to_contain_text("reload this page")
    assert logged(owner_url, vault) == []
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]
    await page.reload()
    await expect(page.get_by_role("status").first).to_contain_text("Saved at")
    assert len(logged(owner_url, vault)) == 1


async def test_whoever_was_signed_out_meanwhile_is_told_before_anything_is_lost(
    visit: Visit, owner_url: str, vault: Vault
) -> None:
    page = await visit("ben", "/phone", size=PHONE)
    await page.get_by_role("link", name="Log a visit to lane site").click()
    await fill(page)
    cookies = await page.context.cookies()
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.locator("#warning")).to_contain_text("You were signed out")
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved at")
    assert len(logged(owner_url, vault)) == 1
