"""Sign-in with the city's account in a real browser: out to another site, and back with strict cookies."""

import pytest
from playwright.async_api import Browser, expect

from api.command.city_sign_in import Wanted, keep_city_sign_in
from api.database import Database
from api.vault import Vault
from tests.fixtures.provider import CLIENT_ID, SECRET, CityProvider, Person
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio


async def test_alice_comes_back_from_her_city_to_where_she_wanted_and_mara_gives_her_code(
    chromium: Browser, live_server: str, city_provider: CityProvider, database_url: str, vault: Vault, town: SmallTown
) -> None:
    """Lantern is at a name and the provider at a number, so that for the browser they are different sites."""
    here = live_server.replace("127.0.0.1", "localhost")
    city_provider.redirect_uris.add(f"{here}/sign-in/city/back")
    database = Database(database_url, pool_size=1)
    wanted = Wanted("the City of Doggerstad", city_provider.issuer, CLIENT_ID, SECRET)
    await keep_city_sign_in(database, vault, await database.asker_of_organisation("doggerstad"), wanted)
    await database.close()
    context = await chromium.new_context(base_url=here)
    page = await context.new_page()
    city_provider.person = Person("a-17", town.email("alice"))
    await page.goto("/phone/visit")
    await page.get_by_role("link", name="Sign in with the City of Doggerstad").click()
    await expect(page).to_have_url(f"{here}/phone/visit")
    await expect(page.get_by_role("button", name="Save the visit")).to_be_visible()

    await context.clear_cookies()
    city_provider.person = Person("m-1", town.email("mara"))
    await page.goto("/office/releases")
    await page.get_by_role("link", name="Sign in with the City of Doggerstad").click()
    await expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    await page.get_by_label("Code").fill(town.code("mara"))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{here}/office/releases")

    await context.clear_cookies()
    city_provider.person = Person("e-1", "eve@doggerstad.example")
    await page.goto("/sign-in")
    await page.get_by_role("link", name="Sign in with the City of Doggerstad").click()
    await expect(page.get_by_role("alert")).to_contain_text("account opens nothing here")
    await context.close()
