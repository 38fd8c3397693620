"""What opens a new way in asks again who one is, unless that was shown in the last ten minutes, in this session."""

from typing import Any

import httpx
import pyotp
import pytest

from tests.fixtures.client import Client
from tests.fixtures.look import SIGNED_IN_EARLIER, run
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio
TOKENS, FACTOR, ME = "/api/v1/access-tokens", "/api/v1/second-factor", "/api/v1/me"
NEW = "five quiet words at sea"


async def where(person: httpx.AsyncClient, path: str, **given: Any) -> str:
    answer = await person.post(path, json=given)
    return str(answer.json()["errors"][0]["where"]) if answer.status_code == 422 else str(answer.status_code)


@pytest.mark.parametrize(
    ("path", "body"),
    [(TOKENS, {"name": "QGIS"}), (f"{FACTOR}/authenticator", {}), (f"{FACTOR}/recovery-codes", {})],
)
async def test_some_time_after_sign_in_password_and_code_are_asked_for_and_then_not_for_a_while(
    client: Client, town: SmallTown, owner_url: str, path: str, body: dict[str, str]
) -> None:
    mara, elsewhere = await client("mara"), await client("mara")
    run(owner_url, "UPDATE lantern.authenticator SET last_step = 0")  # so that there is a code to give
    town.steps.clear()
    assert await where(mara, path, **body) == "201"
    run(owner_url, SIGNED_IN_EARLIER)
    assert await where(mara, path, **body) == "body.password"
    assert await where(mara, path, **body, password="not this one") == "body.password"
    assert await where(mara, path, **body, password=PASSWORD) == "body.code"
    assert await where(mara, path, **body) == "body.password"
    assert await where(mara, path, **body, password=PASSWORD, code=town.code("mara")) == "201"
    assert await where(mara, path, **body) == "201"
    assert await where(elsewhere, path, **body) == "body.password"


async def test_a_new_password_takes_the_present_one_at_once_and_later_the_code_too(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    mara, path = await client("mara"), f"{ME}/password"
    assert await where(mara, path, current="not this one", new=NEW) == "body.current"
    run(owner_url, SIGNED_IN_EARLIER)
    assert await where(mara, path, current=PASSWORD, new=NEW) == "body.code"
    assert await where(mara, path, current=PASSWORD, new=NEW, code="000000") == "body.code"
    assert await where(mara, path, current=PASSWORD, new=NEW, code=town.code("mara")) == "204"


ACCOUNTS = "/api/v1/accounts"
NEWCOMER = {"email": "new@doggerstad.example", "name": "New", "roles": ["desk"], "password": "told in the corridor"}


@pytest.mark.parametrize(
    ("owner", "change"),
    [
        (None, NEWCOMER),
        ("alice", {"password": "told in the corridor"}),
        ("alice", {"email": "else@doggerstad.example"}),
        ("mara", {"email": "else@doggerstad.example"}),
    ],
)
async def test_nobody_is_given_a_way_in_by_a_token_or_at_a_screen_that_was_left_open(
    client: Client,
    anyone: httpx.AsyncClient,
    town: SmallTown,
    owner_url: str,
    owner: str | None,
    change: dict[str, Any],
) -> None:
    mara = await client("mara")
    token = (await mara.post(TOKENS, json={"name": "QGIS"})).json()["token"]

    async def ask(person: httpx.AsyncClient, **more: Any) -> str:
        method, path = ("PATCH", f"{ACCOUNTS}/{town.accounts[owner]}") if owner else ("POST", ACCOUNTS)
        answer = await person.request(method, path, json=change | more, headers={"If-Match": '"1"'})
        told = answer.json()
        return str(told["errors"][0]["where"] if "errors" in told else told.get("type", answer.status_code))

    anyone.headers["Authorization"] = f"Bearer {token}"
    run(owner_url, SIGNED_IN_EARLIER)
    assert await ask(anyone) == "/problems/session-required"
    assert await ask(mara) == "body.proof.password"
    assert await ask(mara, proof={"password": "not this one"}) == "body.proof.password"
    assert await ask(mara, proof={"password": PASSWORD}) == "body.proof.code"
    assert await ask(mara, proof={"password": PASSWORD, "code": town.code("mara")}) in {"200", "201"}


async def test_what_is_no_way_in_a_token_changes_as_ever(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    token = (await (await client("mara")).post(TOKENS, json={"name": "QGIS"})).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
    path = f"{ACCOUNTS}/{town.accounts['alice']}"
    assert (await anyone.patch(path, json={"locale": "nl"}, headers=headers)).status_code == 200


async def test_no_token_lays_down_how_long_data_is_kept(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    token = (await (await client("stefan")).post(TOKENS, json={"name": "QGIS"})).json()["token"]
    anyone.headers["Authorization"] = f"Bearer {token}"
    answers = (
        await anyone.put("/api/v1/retention/visits", json={"days": 700}),
        await anyone.post("/steward/retention", data={"kind": "visits", "days": "700"}),
    )
    assert [(answer.status_code, "session-required" in answer.text) for answer in answers] == [(403, True)] * 2


async def test_the_page_of_accounts_asks_in_its_form(client: Client, town: SmallTown, owner_url: str) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    fields = ('id="own_password"', 'id="own_code"')
    page = (await mara.get("/accounts")).text
    assert not any(field in page for field in fields)
    run(owner_url, SIGNED_IN_EARLIER)
    page = (await mara.get("/accounts")).text
    assert all(field in page for field in fields)
    page = (await stefan.get("/accounts")).text
    assert not any(field in page for field in fields)
    form = {"name": "New", "email": "new@doggerstad.example", "role": "desk", "password": "told in the corridor"}
    for given, told in (
        ({}, "This is not your password now."),
        ({"own_password": "not this one"}, "This is not your password now."),
        ({"own_password": PASSWORD}, "This is not the code of this moment."),
    ):
        refused = await mara.post("/accounts", data=form | given)
        assert (refused.status_code, told in refused.text, PASSWORD in refused.text) == (422, True, False)
    proof = {"own_password": PASSWORD, "own_code": town.code("mara")}
    assert (await mara.post("/accounts", data=form | proof)).headers["location"] == "/accounts?done=added"


async def test_the_page_of_the_account_asks_in_its_forms(client: Client, town: SmallTown, owner_url: str) -> None:
    mara = await client("mara")
    assert 'id="token_password"' not in (await mara.get("/account")).text
    run(owner_url, SIGNED_IN_EARLIER)
    page = (await mara.get("/account")).text
    assert [f'id="{field}"' in page for field in ("token_password", "token_code", "code")] == [True] * 3
    refused = await mara.post("/account/tokens", data={"name": "QGIS", "token_password": "not this one"})
    assert (refused.status_code, "This is not your password now." in refused.text) == (422, True)
    refused = await mara.post("/account/tokens", data={"name": "QGIS", "token_password": PASSWORD})
    assert (refused.status_code, "This is not the code of this moment." in refused.text) == (422, True)
    assert "was made" not in refused.text
    form = {"current": PASSWORD, "new": NEW, "again": NEW}
    refused = await mara.post("/account/password", data=form)
    assert (refused.status_code, "This is not the code of this moment." in refused.text) == (422, True)
    given = {"name": "QGIS", "token_password": PASSWORD, "token_code": town.code("mara")}
    assert "was made" in (await mara.post("/account/tokens", data=given)).text
    assert (await mara.post("/account/password", data=form)).status_code == 303


async def test_an_authenticator_that_waits_is_for_nobody_who_could_not_begin_it(client: Client, owner_url: str) -> None:
    """A passer-by at an open screen neither sees its secret nor takes it into use."""
    alice, elsewhere = await client("alice"), await client("alice")
    begun = f"{FACTOR}/authenticator"
    secret = (await alice.post(begun, json={})).json()["secret"]
    assert secret in (await alice.get("/account/second-factor")).text
    run(owner_url, SIGNED_IN_EARLIER)
    page = (await alice.get("/account/second-factor")).text
    assert [sign in page for sign in (secret, "data:image", 'id="password-begin"')] == [False, False, True]
    code = {"code": pyotp.TOTP(secret).now()}
    assert await where(alice, f"{begun}/confirm", **code) == "409"
    assert (await alice.post("/account/second-factor/confirm", data=code)).status_code == 409
    assert (await elsewhere.get(ME)).status_code == 200
    assert await where(alice, TOKENS, name="QGIS", password=PASSWORD) == "201"
    assert secret in (await alice.get("/account/second-factor")).text
    assert await where(alice, f"{begun}/confirm", **code) == "200"


async def test_an_authenticator_that_waits_ends_after_ten_minutes(client: Client, owner_url: str) -> None:
    alice, begun = await client("alice"), f"{FACTOR}/authenticator"
    secret = (await alice.post(begun, json={})).json()["secret"]
    run(owner_url, "UPDATE lantern.authenticator SET created_at = now() - interval '11 minutes' "
                   "WHERE confirmed_at IS NULL")  # fmt: skip
    assert secret not in (await alice.get("/account/second-factor")).text
    assert await where(alice, f"{begun}/confirm", code=pyotp.TOTP(secret).now()) == "409"
