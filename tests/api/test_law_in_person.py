"""What weighs most is done by a person at a browser, who says that they have read it: no access token opens it."""

import httpx
import pytest

from tests.fixtures.client import Client
from tests.fixtures.law_request import LAW, PURPOSE, READ, asked_for, id_of, proposed, registered, released
from tests.fixtures.look import look
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
ERASURES = "/api/v1/erasures"
REFUSING = {"reason": "no court ordered it"}


async def bearer(client: Client, name: str) -> dict[str, str]:
    made = await (await client(name)).post("/api/v1/access-tokens", json={"name": "a script"})
    return {"Authorization": f"Bearer {made.json()['token']}"}


async def test_an_access_token_registers_proposes_agrees_refuses_fetches_and_erases_nothing(
    client: Client, town: SmallTown, anyone: httpx.AsyncClient, owner_url: str
) -> None:
    stefan, mara = await bearer(client, "stefan"), await bearer(client, "mara")
    there, waiting, done = await registered(client, town), await proposed(client, town), await released(client, town)
    site, account = str(town.sites["lane"]), str(town.accounts["ben"])
    kept = look(owner_url, "SELECT count(*), count(proposed_by), count(refused_by) FROM lantern.law_request")
    for header, path, body in (
        (stefan, LAW, asked_for(town)),
        (stefan, f"{there}/propose", None),
        (mara, f"{waiting}/agree", READ),
        (mara, f"{waiting}/refuse", REFUSING),
        (stefan, f"{there}/refuse", REFUSING),
        (mara, f"{done}/file", PURPOSE),
        (stefan, f"{done}/file", PURPOSE),
        (stefan, ERASURES, {"site_id": site, "reason": "asked"}),
        (stefan, ERASURES, {"account_id": account, "reason": "left"}),
    ):
        answer = await anyone.post(path, json=body, headers=header)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/session-required"), path
        assert "Sign in in a browser" in answer.json()["title"]
    page = f"/law-requests/{id_of(waiting)}"
    for header, path, form in (
        (stefan, "/law-requests", asked_for(town)),
        (stefan, f"/law-requests/{id_of(there)}/propose", {}),
        (mara, f"{page}/agree", {"understood": "yes"}),
        (mara, f"{page}/refuse", REFUSING),
        (mara, f"/law-requests/{id_of(done)}/file", PURPOSE),
        (stefan, "/steward/erasures", {"site_id": site, "reason": "asked", "understood": "yes"}),
        (stefan, "/steward/erasures/accounts", {"account_id": account, "reason": "left", "understood": "yes"}),
    ):
        assert (await anyone.post(path, data=form, headers=header)).status_code == 403, path
    counted = "SELECT count(*), count(proposed_by), count(refused_by) FROM lantern.law_request"
    assert look(owner_url, counted) == kept
    assert look(owner_url, "SELECT count(*) FROM lantern.erasure") == [(0,)]
    assert (await anyone.get(LAW, headers=mara)).status_code == 200  # reading the register tells no place


async def test_who_agrees_says_that_they_have_read_what_it_gives_away(client: Client, town: SmallTown) -> None:
    path, mara = await proposed(client, town), await client("mara")
    for body in ({}, {"understood": False}, {"understood": "yes"}, {"understood": 1}, {"understood": None}):
        answer = await mara.post(f"{path}/agree", json=body)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input"), body
        [error] = answer.json()["errors"]
        assert error["where"] == "body.understood"
        assert "once you have read what this gives away" in error["what"], body
    assert (await mara.post(f"{path}/agree")).status_code == 422
    assert (await mara.get(path)).json()["state"] == "proposed"
    assert (await mara.post(f"{path}/agree", json=READ)).json()["state"] == "released"
