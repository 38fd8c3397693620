"""What opens a new way in asks again who one is, unless that was shown in the last ten minutes, in this session."""

from typing import Any

import httpx
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
