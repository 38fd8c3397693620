"""Sign-in with a city's own accounts, at a provider that really runs: whom it lets in, and by which way."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from api.command import app as app_of_commands
from api.command.city_sign_in import remove_city_sign_in
from api.command.refusal import Refusal
from api.database import Database
from api.settings import Settings
from api.vault import Vault
from tests.fixtures.city_account import BACK, ORIGIN, SESSION, Connect, is_in, out, refused, there, trip
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.provider import CLIENT_ID, SECRET, CityProvider, Person
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"origin": ORIGIN})


async def test_alice_signs_in_with_the_account_of_her_city(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    assert "Sign in with the City of Doggerstad" in (await anyone.get("/sign-in")).text
    city_provider.person = Person("a-17", town.email("alice").title())
    answer = await trip(anyone, owner_url)
    assert (answer.status_code, "url=/account" in answer.text) == (200, True)
    assert await is_in(anyone, "Alice")
    assert city_provider.asked == ["discovery", "authorize", "token", "keys"]
    acts = look(owner_url, "SELECT act, entry::jsonb -> 'detail' FROM lantern.log_entry ORDER BY seq DESC LIMIT 2")
    assert acts == [("signed-in", {"second_factor": False, "by": "city"}), ("city-account-tied", {})]


async def test_what_is_sent_along_is_new_each_time_and_what_is_kept_is_a_hash_and_sealed(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    sent = [parse_qs(urlsplit(await out(anyone, owner_url)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        values = [one[name][0] for one in sent]
        assert len(set(values)) == 2
        assert min(map(len, values)) == 43
    assert sent[0]["code_challenge_method"] == ["S256"]
    assert SECRET not in str(sent)
    city_provider.person = Person("a-17", town.email("alice"))
    await trip(anyone, owner_url)
    kept = str(look(owner_url, "SELECT * FROM lantern.city_sign_in")) + str(
        look(owner_url, "SELECT * FROM lantern.city_identity")
    )
    assert SECRET not in kept
    assert "a-17" not in kept


async def test_from_then_on_the_person_counts_and_not_the_address(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    city_provider.person = Person("a-17", town.email("alice"))
    await trip(anyone, owner_url)
    anyone.cookies.clear()
    city_provider.person = Person("a-17", "married@doggerstad.example", email_verified=False)
    await trip(anyone, owner_url)
    assert await is_in(anyone, "Alice")
    anyone.cookies.clear()
    city_provider.person = Person("someone-else", town.email("alice"))
    assert await refused(anyone, await trip(anyone, owner_url))


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_was_not_verified_ties_nobody(
    anyone: httpx.AsyncClient,
    connect: Connect,
    city_provider: CityProvider,
    town: SmallTown,
    owner_url: str,
    verified: Any,
) -> None:
    city_provider.person = Person("a-17", town.email("alice"), email_verified=verified)
    assert await refused(anyone, await trip(anyone, owner_url))
    assert look(owner_url, "SELECT count(*) FROM lantern.city_identity") == [(0,)]


async def test_nobody_comes_into_another_organisation_and_no_account_is_made(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    before = look(owner_url, "SELECT count(*) FROM lantern.account")
    for subject, email in (("o-1", town.email("otto")), ("e-1", "eve@doggerstad.example"), ("n-1", "")):
        city_provider.person = Person(subject, email)
        assert await refused(anyone, await trip(anyone, owner_url)), email
    await connect("silverpit")
    city_provider.person = Person("o-1", town.email("otto"))
    answer = await trip(anyone, owner_url, "silverpit")
    assert "/sign-in/code" in answer.text
    anyone.cookies.clear()
    assert await refused(anyone, await trip(anyone, owner_url)), "the tie holds in the organisation where it was made"
    assert look(owner_url, "SELECT count(*) FROM lantern.account") == before


async def test_an_address_outside_the_citys_domain_ties_nobody(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    await connect(email_domain="gent.example")
    city_provider.person = Person("a-17", town.email("alice"))
    assert await refused(anyone, await trip(anyone, owner_url))
    await connect(email_domain="doggerstad.example")
    await trip(anyone, owner_url)
    assert await is_in(anyone, "Alice")


async def test_who_left_does_not_come_in(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    city_provider.person = Person("a-17", town.email("alice"))
    await trip(anyone, owner_url)
    anyone.cookies.clear()
    run(
        owner_url, "UPDATE lantern.account SET left_on = :day WHERE id = :id", day=town.today, id=town.accounts["alice"]
    )
    assert await refused(anyone, await trip(anyone, owner_url))


async def test_a_manager_gives_the_code_of_lantern_unless_the_city_asked_for_a_second_factor(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    for more in ({}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "high"}):
        city_provider.person = Person("m-1", town.email("mara"), more=more)
        answer = await trip(anyone, owner_url)
        if more.get("amr") == "mfa":  # is no list
            assert await refused(anyone, answer)
            continue
        assert "url=/sign-in/code?next=%2Faccount" in answer.text
        assert (await anyone.get(SESSION)).status_code == 401
    code = await anyone.post("/sign-in/code", data={"code": town.code("mara"), "next": "/account"})
    assert code.headers["location"] == "/account"
    assert await is_in(anyone, "Mara")
    for more in ({"amr": ["pwd", "mfa"]}, {"acr": "high"}):
        anyone.cookies.clear()
        await connect(second_factor_acr="high")
        city_provider.person = Person("m-1", town.email("mara"), more=more)
        await trip(anyone, owner_url)
        assert await is_in(anyone, "Mara")


async def test_a_manager_without_any_second_factor_can_do_nothing_but_set_one_up(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    run(owner_url, "DELETE FROM lantern.authenticator")
    city_provider.person = Person("m-1", town.email("mara"))
    answer = await trip(anyone, owner_url)
    assert "url=/account/second-factor" in answer.text
    assert (await anyone.get("/api/v1/me")).json()["type"] == "/problems/second-factor-required"


async def test_a_state_that_was_not_given_to_this_browser_is_refused(
    app: FastAPI,
    anyone: httpx.AsyncClient,
    connect: Connect,
    city_provider: CityProvider,
    town: SmallTown,
    owner_url: str,
) -> None:
    city_provider.person = Person("a-17", town.email("alice"))
    way = await there(await out(anyone, owner_url))
    code, state = (parse_qs(urlsplit(way).query)[name][0] for name in ("code", "state"))
    for wrong in ("", "A" * 43, state[:-4], state[::-1], "é", "=" * 20):
        assert await refused(anyone, await anyone.get(BACK, params={"code": code, "state": wrong})), wrong
        anyone.cookies.clear()
        way = await there(await out(anyone, owner_url))
        code, state = (parse_qs(urlsplit(way).query)[name][0] for name in ("code", "state"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lantern.test") as victim:
        assert await refused(victim, await victim.get(way))
        await out(victim, owner_url)
        assert await refused(victim, await victim.get(way))
    await anyone.get(way)
    assert await is_in(anyone, "Alice")


async def test_a_way_back_is_good_once_and_for_five_minutes(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    city_provider.person = Person("a-17", town.email("alice"))
    way = await there(await out(anyone, owner_url))
    kept = dict(anyone.cookies)
    run(owner_url, "UPDATE lantern.passkey_challenge SET ends_at = ends_at - interval '5 minutes'")
    assert await refused(anyone, await anyone.get(way))
    way = await there(await out(anyone, owner_url))
    kept = dict(anyone.cookies)
    await anyone.get(way)
    assert await is_in(anyone, "Alice")
    anyone.cookies.clear()
    for name, value in kept.items():
        anyone.cookies.set(name, value, domain="lantern.test", path="/")
    asked = len(city_provider.asked)
    assert await refused(anyone, await anyone.get(way))
    assert len(city_provider.asked) == asked, "the code was not even tried again"


async def test_a_code_that_was_used_or_is_of_another_trip_is_refused(
    app: FastAPI,
    anyone: httpx.AsyncClient,
    connect: Connect,
    city_provider: CityProvider,
    town: SmallTown,
    owner_url: str,
) -> None:
    """The second is what PKCE and the nonce are for: a code stolen from someone else's trip."""
    city_provider.person = Person("a-17", town.email("alice"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lantern.test") as victim:
        theirs = parse_qs(urlsplit(await there(await out(victim, owner_url))).query)["code"][0]
    own = parse_qs(urlsplit(await there(await out(anyone, owner_url))).query)
    assert await refused(anyone, await anyone.get(BACK, params={"code": theirs, "state": own["state"][0]}))
    city_provider.codes.clear()
    assert await refused(anyone, await anyone.get(await there(await out(anyone, owner_url)) + "x"))


async def test_the_provider_itself_refuses_a_code_without_its_verifier(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    """So that what the tests above saw was PKCE at work."""
    city_provider.person = Person("a-17", town.email("alice"))
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": ORIGIN + BACK,
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
    }
    async with httpx.AsyncClient(base_url=city_provider.issuer) as thief:
        for verifier in ({}, {"code_verifier": "A" * 43}):
            code = parse_qs(urlsplit(await there(await out(anyone, owner_url))).query)["code"][0]
            assert (await thief.post("/token", data=form | {"code": code} | verifier)).status_code == 400
        asked = parse_qs(urlsplit(await out(anyone, owner_url)).query)
        plain = {name: value[0] for name, value in asked.items() if name != "code_challenge"}
        assert (await thief.get("/authorize", params=plain)).status_code == 400


async def test_who_breaks_off_at_the_provider_hears_it_plainly_and_nothing_is_echoed(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    answer = await trip(anyone, owner_url)
    assert await refused(anyone, answer)
    said = {"error": "<b>x</b>", "error_description": "<script>alert(1)</script>", "state": "<i>"}
    answer = await anyone.get(BACK, params=said)
    assert await refused(anyone, answer)
    assert not any(part in answer.text for part in ("<b>x", "alert(1)", "<i>"))


async def test_coming_back_ends_the_session_that_the_browser_still_had(
    anyone: httpx.AsyncClient, client: Client, connect: Connect, city_provider: CityProvider, town: SmallTown,
    owner_url: str,
) -> None:  # fmt: skip
    """Its cookie does not come along from the provider."""
    browser = await client("ben")
    before = dict(browser.cookies)
    city_provider.person = Person("a-17", town.email("alice"))
    way_back = await there(await out(browser, owner_url))
    browser.cookies.delete("lantern_session")
    await browser.get(way_back)
    assert await is_in(browser, "Alice")
    anyone.cookies.update(before)
    assert (await anyone.get(SESSION)).status_code == 401


async def test_what_the_city_sent_back_and_opened_nothing_is_in_its_log(
    app: FastAPI, anyone: httpx.AsyncClient, client: Client, connect: Connect, city_provider: CityProvider,
    town: SmallTown, owner_url: str,
) -> None:  # fmt: skip
    city_provider.person = Person("stranger", "nobody@doggerstad.example")
    assert await refused(anyone, await trip(anyone, owner_url))
    await out(anyone, owner_url)
    assert await refused(anyone, await anyone.get(BACK, params={"state": "made-up", "code": "x"}))
    await app.state.turned_away.write()
    told = "SELECT organisation_id, ids, entry::jsonb -> 'detail' FROM lantern.log_entry WHERE act = 'sign-in-failed'"
    assert look(owner_url, told) == [(town.organisation_id, [], {"door": "sign-in", "why": "city", "times": 2})]
    page = (await (await client("stefan")).get("/steward")).text
    assert "failed to sign in · 2 times" in " ".join(page.split())
    assert "stranger" not in page


async def test_where_the_city_is_the_only_way_nothing_else_opens(
    app: FastAPI, anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown,
    owner_url: str,
) -> None:  # fmt: skip
    await connect(only_way=True)
    answer = await anyone.post(SESSION, json={"email": town.email("alice"), "password": PASSWORD})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/city-sign-in-required")
    wrong = await anyone.post(SESSION, json={"email": town.email("alice"), "password": "nonsense"})
    assert wrong.json()["type"] == "/problems/sign-in-failed"
    page = await anyone.post("/sign-in", data={"email": town.email("mara"), "password": PASSWORD})
    assert "with the accounts of the city alone" in page.text
    code = await anyone.post(SESSION, json=town.form("mara"))
    assert code.json()["type"] == "/problems/city-sign-in-required"
    await app.state.turned_away.write()
    told = "SELECT ids[1] FROM lantern.log_entry WHERE entry::jsonb #>> '{detail,why}' = 'city-sign-in-required'"
    assert {one for (one,) in look(owner_url, told)} == {town.accounts["alice"], town.accounts["mara"]}
    assert (await anyone.post(SESSION, json=town.form("otto"))).status_code == 201
    anyone.cookies.clear()
    city_provider.person = Person("m-1", town.email("mara"))
    await trip(anyone, owner_url)
    await anyone.post("/sign-in/code", data={"code": town.code("mara")})
    assert await is_in(anyone, "Mara")


async def test_another_issuer_ends_all_ties_and_taking_it_away_ends_the_way(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str,
    database_url: str, vault: Vault,
) -> None:  # fmt: skip
    city_provider.person = Person("a-17", town.email("alice"))
    await trip(anyone, owner_url)
    await connect(name="another name")
    assert look(owner_url, "SELECT count(*) FROM lantern.city_identity") == [(1,)]
    run(owner_url, "UPDATE lantern.city_sign_in SET issuer = 'https://before.example'")
    await connect()
    assert look(owner_url, "SELECT count(*) FROM lantern.city_identity") == [(0,)]
    database = Database(database_url, pool_size=1)
    with pytest.raises(Refusal, match="does not answer"):
        await connect(issuer=city_provider.issuer + "/other")
    await remove_city_sign_in(database, await database.asker_of_organisation("doggerstad"))
    await database.close()
    assert look(owner_url, "SELECT count(*) FROM lantern.city_sign_in") == [(0,)]
    assert "City of" not in (await anyone.get("/sign-in")).text
    assert (await anyone.get(f"/sign-in/city/{town.team}")).status_code == 404


async def test_asking_without_end_has_to_wait(
    anyone: httpx.AsyncClient, connect: Connect, owner_url: str, town: SmallTown
) -> None:
    for _ in range(100):
        await out(anyone, owner_url)
    city_id = look(owner_url, "SELECT id FROM lantern.city_sign_in")[0][0]
    assert (await anyone.get(f"/sign-in/city/{city_id}")).status_code == 429


async def test_the_command_asks_for_the_secret_shows_what_is_set_and_takes_it_away(
    city_provider: CityProvider, database_url: str, settings: Settings, town: SmallTown, owner_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("LANTERN_DATABASE_URL", database_url)
    monkeypatch.setenv("LANTERN_HOME", str(settings.home))
    monkeypatch.setenv("LANTERN_ORIGIN", ORIGIN)

    async def typed(*words: str, secret: str = "") -> Result:
        command = ["organisation", "sign-in", "-o", "doggerstad", *words]
        return await asyncio.to_thread(CliRunner().invoke, app_of_commands, command, input=f"{secret}\n")

    new = ("--issuer", city_provider.issuer, "--client-id", CLIENT_ID)
    assert isinstance((await typed(*new)).exception, Refusal)
    for wrong in ("http://evil.example", "https://a:b@c.example", "ftp://c.example", city_provider.issuer + "/x"):
        answer = await typed("--issuer", wrong, "--client-id", CLIENT_ID, secret=SECRET)
        assert isinstance(answer.exception, Refusal), wrong
    assert isinstance((await typed(*new, "--email-domain", "a@b", secret=SECRET)).exception, Refusal)
    assert look(owner_url, "SELECT count(*) FROM lantern.city_sign_in") == [(0,)]
    answer = await typed(*new, "--name", "Gent", "--email-domain", "Gent.example", "--only-way", secret=SECRET)
    assert answer.exit_code == 0, answer.output
    assert f"come back to: {ORIGIN}{BACK}" in answer.output
    shown = await typed()
    assert "“Sign in with Gent”" in shown.output
    assert "addresses of gent.example alone; the only way in" in shown.output
    assert SECRET not in answer.output + shown.output
    assert "no sign-in by the accounts of a city" in (await typed("--off")).output
    acts = look(owner_url, "SELECT entry::jsonb -> 'detail' FROM lantern.log_entry WHERE act = 'city-sign-in-set'")
    assert acts == [({"only_way": True},), ({"off": True},)]
