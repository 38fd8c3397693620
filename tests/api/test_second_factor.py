"""The second factor: who must have one, how it is set up, and what stands in for it."""

import asyncio
import base64
import math
import time
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from api.asker import Asker
from api.command import app as app_of_commands
from api.database import Database
from api.time_code import STEP_S
from geo.account import Role
from geo.account_secret import name_account
from geo.second_factor import ALPHABET
from tests.fixtures.client import Client
from tests.fixtures.look import SIGNED_IN_EARLIER
from tests.fixtures.town import PASSWORD, TIME_SECRETS, SmallTown

pytestmark = pytest.mark.anyio
SESSION, FACTOR, TOKENS = "/api/v1/session", "/api/v1/second-factor", "/api/v1/access-tokens"


def run(owner_url: str, statement: str, **values: object) -> list[tuple[object, ...]]:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def forget(owner_url: str, town: SmallTown, person: str) -> None:
    """As before the second factor was set up."""
    for table in ("authenticator", "recovery_code"):
        run(owner_url, f"DELETE FROM lantern.{table} WHERE account_id = :id", id=town.accounts[person])


def acts(owner_url: str) -> list[str]:
    return [str(act) for (act,) in run(owner_url, "SELECT act FROM lantern.log_entry ORDER BY seq")]


async def sign_in(anyone: httpx.AsyncClient, town: SmallTown, person: str, **more: str) -> httpx.Response:
    form = {"email": town.email(person), "password": PASSWORD} | more
    return await anyone.post(SESSION, json=form)


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


@pytest.mark.parametrize("person", ["mara", "pim", "stefan"])
async def test_who_sees_or_keeps_much_gives_a_code(anyone: httpx.AsyncClient, town: SmallTown, person: str) -> None:
    assert slug(await sign_in(anyone, town, person)) == (401, "code-required")
    assert slug(await sign_in(anyone, town, person, code="000000")) == (401, "sign-in-failed")
    assert (await sign_in(anyone, town, person, code=town.code(person))).status_code == 201


async def test_whether_a_code_is_needed_is_told_after_the_right_password_alone(
    anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    wrong = await sign_in(anyone, town, "mara", password="nonsense")
    with_code = await sign_in(anyone, town, "mara", password="nonsense", code=town.code("mara"))
    unknown = await anyone.post(SESSION, json={"email": "eve@doggerstad.example", "password": "nonsense"})
    assert wrong.content == with_code.content == unknown.content
    assert wrong.status_code == with_code.status_code == unknown.status_code == 401


async def test_a_code_is_good_once_and_not_after_a_newer_one(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    first = town.code("mara")
    assert (await sign_in(anyone, town, "mara", code=first)).status_code == 201
    assert slug(await sign_in(anyone, town, "mara", code=first)) == (401, "sign-in-failed")
    newest = pyotp.TOTP(TIME_SECRETS["pim"]).generate_otp(int(time.time()) // STEP_S + 1)
    older = pyotp.TOTP(TIME_SECRETS["pim"]).generate_otp(int(time.time()) // STEP_S)
    assert (await sign_in(anyone, town, "pim", code=newest)).status_code == 201
    assert (await sign_in(anyone, town, "pim", code=older)).status_code == 401
    assert "second-factor-failed" in acts(owner_url)


async def test_of_two_who_give_the_same_code_at_once_one_gets_in(app: FastAPI, town: SmallTown) -> None:
    code = town.code("mara")
    transport = httpx.ASGITransport(app)

    async def race() -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://lantern.test") as browser:
            return (await sign_in(browser, town, "mara", code=code)).status_code

    assert sorted(await asyncio.gather(*(race() for _ in range(3)))) == [201, 401, 401]


@pytest.mark.parametrize("far", [-20, -2, 3, 20])
async def test_a_code_of_another_time_is_wrong(anyone: httpx.AsyncClient, town: SmallTown, far: int) -> None:
    step = int(time.time()) // STEP_S + far
    code = pyotp.TOTP(TIME_SECRETS["mara"]).generate_otp(step)
    assert (await sign_in(anyone, town, "mara", code=code)).status_code == 401


async def test_a_recovery_code_is_good_once_however_it_is_typed(
    anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    code = town.recovery["mara"][0]
    assert (await sign_in(anyone, town, "mara", code=f" {code.upper().replace('-', ' ')}")).status_code == 201
    assert slug(await sign_in(anyone, town, "mara", code=code)) == (401, "sign-in-failed")
    assert (await sign_in(anyone, town, "stefan", code=town.recovery["mara"][1])).status_code == 401
    assert acts(owner_url).count("recovery-code-used") == 1


async def test_a_streetworker_and_a_desk_need_none(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    for person in ("alice", "dora"):
        answer = await sign_in(anyone, town, person)
        assert (answer.status_code, answer.json()["setting_up"]) == (201, False)


async def test_who_must_have_one_and_has_none_can_do_nothing_but_set_it_up(
    anyone: httpx.AsyncClient, app: FastAPI, town: SmallTown, owner_url: str
) -> None:
    forget(owner_url, town, "mara")
    signed_in = await sign_in(anyone, town, "mara")
    assert (signed_in.status_code, signed_in.json()["setting_up"]) == (201, True)
    assert (await anyone.get(SESSION)).json()["setting_up"] is True
    allowed = {SESSION, FACTOR, f"{FACTOR}/authenticator", f"{FACTOR}/authenticator/confirm"}
    tried = 0
    for path, methods in (await anyone.get("/openapi.json")).json()["paths"].items():
        for method in methods.keys() - {"parameters"}:
            if path in allowed or path.startswith(f"{SESSION}/passkey"):
                continue
            filled = path.replace("{", "").replace("}", "")
            for part in path.split("/"):
                if part.startswith("{"):
                    filled = filled.replace(part.strip("{}"), str(town.sites["quay"]))
            answer = await anyone.request(method, filled, json={} if method != "get" else None)
            tried += 1
            assert slug(answer) == (403, "second-factor-required"), (method, path, answer.text)
            assert answer.json()["see"] == FACTOR
    assert tried > 50
    for page in ("/office", "/account", "/accounts", "/maps/coverage", "/"):
        answer = await anyone.get(page, headers={"Accept": "text/html"})
        assert answer.headers["location"].startswith("/account/second-factor"), page


async def test_setting_it_up_opens_everything_and_ends_the_other_sessions(
    anyone: httpx.AsyncClient, app: FastAPI, town: SmallTown, owner_url: str
) -> None:
    forget(owner_url, town, "mara")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lantern.test") as other:
        await sign_in(other, town, "mara")
        await sign_in(anyone, town, "mara")
        begun = (await anyone.post(f"{FACTOR}/authenticator", json={})).json()
        assert slug(await anyone.post(f"{FACTOR}/authenticator/confirm", json={"code": "000000"}))[0] == 422
        assert (await anyone.get("/api/v1/me")).status_code == 403
        now = pyotp.TOTP(begun["secret"]).now()
        confirmed = await anyone.post(f"{FACTOR}/authenticator/confirm", json={"code": now})
        assert confirmed.status_code == 200
        codes = confirmed.json()["recovery_codes"]
        assert len(set(codes)) == 10
        assert all(len(code.replace("-", "")) * math.log2(len(ALPHABET)) > 112 for code in codes)
        assert (await anyone.get("/api/v1/me")).status_code == 200
        assert (await other.get(SESSION)).status_code == 401
    assert (await anyone.get(FACTOR)).json() == {"required": True, "set_up": True, "recovery_codes_left": 10}
    await anyone.delete(SESSION)
    assert slug(await sign_in(anyone, town, "mara", code=now)) == (401, "sign-in-failed")
    assert (await sign_in(anyone, town, "mara", code=codes[3])).status_code == 201
    assert (await anyone.get(FACTOR)).json()["recovery_codes_left"] == 9
    assert acts(owner_url).count("second-factor-set") == 1


async def test_the_picture_holds_the_address_and_the_database_holds_no_secret(
    anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    forget(owner_url, town, "mara")
    await sign_in(anyone, town, "mara")
    begun = (await anyone.post(f"{FACTOR}/authenticator", json={})).json()
    assert begun["picture"].startswith("data:image/svg+xml")
    assert "<script" not in unquote(begun["picture"])
    address = urlsplit(begun["uri"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query)["secret"] == [begun["secret"]]
    assert len(base64.b32decode(begun["secret"])) == 20
    kept = run(owner_url, "SELECT secret FROM lantern.authenticator WHERE account_id = :id", id=town.accounts["mara"])
    assert len(kept) == 1
    assert begun["secret"].encode() not in bytes(kept[0][0])  # type: ignore[call-overload]
    hashes = run(owner_url, "SELECT code_hash FROM lantern.recovery_code")
    assert all(len(bytes(hashed)) == 32 for (hashed,) in hashes)  # type: ignore[call-overload]


async def test_a_new_app_takes_the_place_of_the_old_one_when_its_first_code_has_come(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    mara = await client("mara")
    begun = (await mara.post(f"{FACTOR}/authenticator", json={"password": PASSWORD})).json()
    assert (await sign_in(anyone, town, "mara", code=town.code("mara"))).status_code == 201
    code = pyotp.TOTP(begun["secret"]).now()
    assert (await mara.post(f"{FACTOR}/authenticator/confirm", json={"code": code})).status_code == 200
    assert (await anyone.get(SESSION)).status_code == 401
    town.steps.clear()
    assert (await sign_in(anyone, town, "mara", code=town.code("mara"))).status_code == 401
    again = await mara.post(f"{FACTOR}/authenticator/confirm", json={"code": code})
    assert slug(again) == (409, "conflict")


async def test_new_recovery_codes_end_the_old_ones(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    mara = await client("mara")
    run(owner_url, SIGNED_IN_EARLIER)
    assert (await mara.post(f"{FACTOR}/recovery-codes", json={"password": "wrong"})).status_code == 422
    made = await mara.post(f"{FACTOR}/recovery-codes", json={"password": PASSWORD, "code": town.code("mara")})
    assert made.status_code == 201
    assert (await sign_in(anyone, town, "mara", code=town.recovery["mara"][0])).status_code == 401
    assert (await sign_in(anyone, town, "mara", code=made.json()["recovery_codes"][0])).status_code == 201


async def test_who_need_not_have_one_may_and_may_remove_it(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    alice, mara = await client("alice"), await client("mara")
    begun = (await alice.post(f"{FACTOR}/authenticator", json={"password": PASSWORD})).json()
    assert (await sign_in(anyone, town, "alice")).status_code == 201
    code = pyotp.TOTP(begun["secret"]).now()
    assert (await alice.post(f"{FACTOR}/authenticator/confirm", json={"code": code})).status_code == 200
    assert slug(await sign_in(anyone, town, "alice")) == (401, "code-required")
    assert slug(await mara.post(f"{FACTOR}/remove", json={"password": PASSWORD})) == (403, "forbidden")
    assert (await alice.post(f"{FACTOR}/remove", json={"password": PASSWORD})).status_code == 204
    assert (await sign_in(anyone, town, "alice")).status_code == 201


async def test_a_token_sets_nothing_up_and_works_without_a_code(client: Client, anyone: httpx.AsyncClient) -> None:
    made = (await (await client("mara")).post(TOKENS, json={"name": "QGIS"})).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert (await anyone.get("/api/v1/me", headers=bearer)).status_code == 200
    for path in ("authenticator", "recovery-codes", "remove"):
        answer = await anyone.post(f"{FACTOR}/{path}", json={"password": PASSWORD}, headers=bearer)
        assert slug(answer) == (403, "forbidden")
    assert (await anyone.get(FACTOR, headers=bearer)).status_code == 403


async def test_who_becomes_a_planner_must_set_one_up_with_the_sessions_and_tokens_they_have(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    mara, alice = await client("mara"), await client("alice")
    bearer = {"Authorization": f"Bearer {(await alice.post(TOKENS, json={'name': 'QGIS'})).json()['token']}"}
    path = f"/api/v1/accounts/{town.accounts['alice']}"
    assert (await mara.patch(path, json={"roles": ["planner"]}, headers={"If-Match": '"1"'})).status_code == 200
    assert slug(await alice.get("/api/v1/sites")) == (403, "second-factor-required")
    assert slug(await anyone.get("/api/v1/sites", headers=bearer)) == (403, "second-factor-required")


async def test_a_demo_asks_for_none_and_sets_none_up(
    anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    forget(owner_url, town, "mara")
    run(owner_url, "UPDATE lantern.organisation SET is_demo = true WHERE slug = 'doggerstad'")
    assert (await sign_in(anyone, town, "mara")).json()["setting_up"] is False
    assert (await anyone.get("/api/v1/me")).status_code == 200
    assert slug(await anyone.post(f"{FACTOR}/authenticator", json={"password": PASSWORD})) == (403, "forbidden")


async def test_a_password_that_waits_for_its_code_opens_nothing(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    """The first of the two steps at a browser."""
    answer = await anyone.post("/sign-in", data={"email": town.email("mara"), "password": PASSWORD})
    assert answer.headers["location"] == "/sign-in/code"
    assert "lantern_session" not in anyone.cookies
    half = anyone.cookies["lantern_sign_in"]
    anyone.cookies.set("lantern_session", half)
    assert (await anyone.get(SESSION)).status_code == 401
    anyone.cookies.delete("lantern_session")
    mistyped = await anyone.post("/sign-in/code", data={"code": "ABCD-EFGH-JKMN"})
    assert "none of your recovery codes" in mistyped.text
    wrong = await anyone.post("/sign-in/code", data={"code": "000000"})
    assert wrong.status_code == 401
    right = await anyone.post("/sign-in/code", data={"code": town.code("mara")})
    assert (right.status_code, right.headers["location"]) == (303, "/office")
    assert (await anyone.get(SESSION)).status_code == 200
    anyone.cookies.set("lantern_sign_in", half)
    again = await anyone.post("/sign-in/code", data={"code": town.code("mara")})
    assert again.headers["location"] == "/sign-in"


async def test_a_first_step_too_long_ago_is_made_again(
    anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    await anyone.post("/sign-in", data={"email": town.email("mara"), "password": PASSWORD})
    run(owner_url, "UPDATE lantern.session SET expires_at = now() - interval '1 second'")
    answer = await anyone.post("/sign-in/code", data={"code": town.code("mara"), "next": "/office/releases"})
    assert answer.headers["location"] == "/sign-in?next=%2Foffice%2Freleases"


async def test_the_command_line_takes_the_second_factor_of_one_account_away(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str, database_url: str
) -> None:
    mara, pim = await client("mara"), await client("pim")
    result = await asyncio.to_thread(
        CliRunner(env={"LANTERN_DATABASE_URL": database_url}).invoke,
        app_of_commands,
        ["account", "reset-second-factor", "-o", "doggerstad", "--email", town.email("mara")],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.output
    assert (await mara.get(SESSION)).status_code == 401
    assert (await pim.get(SESSION)).status_code == 200
    assert (await sign_in(anyone, town, "mara")).json()["setting_up"] is True
    assert slug(await sign_in(anyone, town, "pim")) == (401, "code-required")
    assert "second-factor-reset" in acts(owner_url)


async def test_a_manager_reaches_nobody_elses_second_factor_in_the_database(database_url: str, town: SmallTown) -> None:
    database = Database(database_url, pool_size=1)
    own = Asker(
        town.organisation_id, "", town.accounts["mara"], frozenset({Role.MANAGER}), "Mara", "en", "Europe/London"
    )
    try:
        async with database.asking(own) as session:
            await name_account(session, town.accounts["pim"])
            for table in ("authenticator", "recovery_code"):
                seen = text(f"SELECT DISTINCT account_id FROM lantern.{table}")
                assert list(await session.scalars(seen)) == [town.accounts["mara"]]
                gone = text(f"DELETE FROM lantern.{table} WHERE account_id <> :own RETURNING id")
                assert list(await session.scalars(gone, {"own": own.account_id})) == []
    finally:
        await database.close()
