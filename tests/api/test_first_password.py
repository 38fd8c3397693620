"""A password that somebody else gave opens the page to choose another, and nothing else until that is done."""

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.database import Database
from tests.fixtures.asking import As
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
SESSION, ME, OWN = "/api/v1/session", "/api/v1/me", "five quiet words at sea"
GIVEN = "told in the corridor"
PAGE = {"Accept": "text/html"}


async def given(client: Client, town: SmallTown, person: str = "ben") -> None:
    mara = await client("mara")
    path = f"/api/v1/accounts/{town.accounts[person]}"
    assert (await mara.patch(path, json={"password": GIVEN}, headers={"If-Match": '"1"'})).status_code == 200


async def test_a_given_password_opens_nothing_but_the_choice_of_another(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    await given(client, town)
    form = {"email": town.email("ben"), "password": GIVEN}
    assert (await anyone.post(SESSION, json=form)).json()["setting_up"] is True
    for path in (ME, "/api/v1/sites", "/api/v1/sessions", "/api/v1/second-factor", "/api/v1/access-tokens"):
        answer = await anyone.get(path)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/password-change-required"), path
    same = await anyone.post(f"{ME}/password", json={"current": GIVEN, "new": GIVEN})
    assert (same.status_code, same.json()["errors"][0]["where"]) == (422, "body.new")
    assert (await anyone.get(ME)).status_code == 403
    assert (await anyone.post(f"{ME}/password", json={"current": GIVEN, "new": OWN})).status_code == 204
    assert (await anyone.get("/api/v1/sites")).status_code == 200
    assert (await anyone.post(SESSION, json=form | {"password": OWN})).json()["setting_up"] is False


async def test_the_page_leads_there_and_on(client: Client, anyone: httpx.AsyncClient, town: SmallTown) -> None:
    await given(client, town)
    form = {"email": town.email("ben"), "password": GIVEN, "next": "/phone/visit"}
    way = (await anyone.post("/sign-in", data=form)).headers["location"]
    assert way == "/account/first-password?next=%2Fphone%2Fvisit"
    assert (await anyone.get("/phone", headers=PAGE)).headers["location"] == "/account/first-password?next=%2Fphone"
    assert "Choose your password" in (await anyone.get(way)).text
    chosen = {"current": GIVEN, "new": GIVEN, "again": GIVEN, "next": "/phone/visit"}
    assert (await anyone.post("/account/first-password", data=chosen)).status_code == 422
    chosen |= {"new": OWN, "again": OWN}
    answer = await anyone.post("/account/first-password", data=chosen)
    assert (answer.status_code, answer.headers["location"]) == (303, "/phone/visit")
    assert (await anyone.get("/phone/visit", headers=PAGE)).status_code == 200


async def test_the_second_factor_comes_after_the_password(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    await given(client, town, "pim")
    run(owner_url, "DELETE FROM lantern.authenticator WHERE account_id = :id", id=town.accounts["pim"])
    await anyone.post(SESSION, json={"email": town.email("pim"), "password": GIVEN})
    assert (await anyone.post("/api/v1/second-factor/authenticator", json={})).status_code == 403
    assert (await anyone.post(f"{ME}/password", json={"current": GIVEN, "new": OWN})).status_code == 204
    assert (await anyone.get(ME)).json()["type"] == "/problems/second-factor-required"
    assert (await anyone.post("/api/v1/second-factor/authenticator", json={})).status_code == 201


async def test_a_demo_asks_nobody_to_choose(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    await given(client, town)
    run(owner_url, "UPDATE lantern.organisation SET is_demo = true WHERE slug = 'doggerstad'")
    signed_in = await anyone.post(SESSION, json={"email": town.email("ben"), "password": GIVEN})
    assert (signed_in.json()["setting_up"], (await anyone.get(ME)).status_code) == (False, 200)


async def test_the_database_takes_a_password_for_chosen_from_its_owner_alone(
    client: Client, asking: As, database: Database, town: SmallTown, owner_url: str
) -> None:
    await given(client, town)
    of = {"id": town.accounts["ben"]}
    for person, change in (("mara", "given = false, password_hash = 'x'"), ("ben", "given = false")):
        with pytest.raises(DBAPIError):  # noqa: PT012
            async with asking(person) as session:
                await session.execute(text(f"SET LOCAL lantern.secret_of = '{of['id']}'"))
                await session.execute(text(f"UPDATE lantern.account_secret SET {change} WHERE id = :id"), of)
    assert look(owner_url, f"SELECT given FROM lantern.account_secret WHERE id = '{of['id']}'") == [(True,)]
