"""Managers say why before they see exact places; without that they see none."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.fixtures.client import Client
from tests.fixtures.look import run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
PURPOSE = "/api/v1/session/purpose"


def exact_paths(town: SmallTown) -> list[str]:
    site, visit = town.sites["quay"], town.visits["quay"]
    return [
        "/api/v1/sites",
        f"/api/v1/sites/{site}",
        f"/api/v1/sites/{site}/history",
        "/api/v1/sites/due",
        "/api/v1/visits",
        f"/api/v1/visits/{visit}",
        "/api/v1/export/sites",
        "/api/v1/export/visits",
        "/maps/coverage?sites=overdue",
        f"/office/overdue/{town.areas['north']}",
    ]


async def test_a_manager_sees_no_exact_place_before_saying_why(client: Client, town: SmallTown) -> None:
    mara = await client("mara", purpose="")
    for path in exact_paths(town):
        answer = await mara.get(path)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/purpose-required"), path
        assert answer.json()["see"] == PURPOSE
    assert (await mara.put(PURPOSE, json={"purpose": "checking a report"})).status_code == 200
    for path in exact_paths(town):
        assert (await mara.get(path)).status_code == 200, path


async def test_what_a_manager_does_without_exact_places_needs_no_purpose(client: Client) -> None:
    mara = await client("mara", purpose="")
    for path in ("/office", "/maps/coverage", "/maps/heat", "/api/v1/coverage", "/api/v1/work-areas", "/api/v1/teams"):
        assert (await mara.get(path)).status_code == 200, path


async def test_a_streetworker_needs_no_purpose_for_the_own_areas(client: Client, town: SmallTown) -> None:
    alice = await client("alice")
    assert (await alice.get(f"/api/v1/sites/{town.sites['quay']}")).status_code == 200
    assert (await alice.put(PURPOSE, json={"purpose": "no need to"})).status_code == 403


async def test_a_purpose_ends_by_its_time_and_by_hand(client: Client, owner_url: str) -> None:
    mara = await client("mara")
    assert (await mara.get("/api/v1/sites")).status_code == 200
    run(owner_url, "UPDATE lantern.session SET purpose_until = now() - interval '1 second'")
    assert (await mara.get("/api/v1/sites")).status_code == 403
    until = (await mara.put(PURPOSE, json={"purpose": "checking a report", "minutes": 15})).json()["until"]
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert (await mara.delete(PURPOSE)).status_code == 204
    assert (await mara.get("/api/v1/sites")).status_code == 403


async def test_the_purpose_of_one_session_does_not_open_another(client: Client) -> None:
    await client("mara")
    assert (await (await client("mara", purpose="")).get("/api/v1/sites")).status_code == 403


async def test_a_script_says_it_with_each_request(client: Client, anyone: httpx.AsyncClient) -> None:
    mara = await client("mara", purpose="")
    token = (await mara.post("/api/v1/access-tokens", json={"name": "nightly"})).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await anyone.get("/api/v1/sites", headers=bearer)).status_code == 403
    stated = await anyone.get("/api/v1/sites", headers=bearer | {"Lantern-Purpose": "nightly report"})
    assert stated.status_code == 200
    assert (await anyone.put(PURPOSE, json={"purpose": "for ever"}, headers=bearer)).status_code == 403


@pytest.mark.parametrize("purpose", ["", "ab", "x" * 201, "bell\x07"])
async def test_a_purpose_in_a_header_takes_some_words(client: Client, purpose: str) -> None:
    mara = await client("mara", purpose="")
    answer = await mara.get("/api/v1/sites", headers={"Lantern-Purpose": purpose})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "header.Lantern-Purpose"


@pytest.mark.parametrize("body", [{"purpose": "ab"}, {"purpose": "x" * 201}, {"purpose": "fine", "minutes": 241}, {}])
async def test_a_purpose_takes_some_words_and_at_most_four_hours(client: Client, body: dict[str, object]) -> None:
    assert (await (await client("mara")).put(PURPOSE, json=body)).status_code == 422


async def test_a_page_asks_for_the_purpose_and_goes_on(client: Client) -> None:
    mara = await client("mara", purpose="")
    html = {"Accept": "text/html"}
    sent = await mara.get("/maps/coverage?sites=overdue", headers=html)
    assert (sent.status_code, sent.headers["location"]) == (303, "/purpose?next=%2Fmaps%2Fcoverage%3Fsites%3Doverdue")
    form = {"next": "/maps/coverage?sites=overdue", "reason": "Handing an area over", "minutes": "15"}
    assert "Say it in a few words." in (await mara.post("/purpose", data=form | {"reason": ""}, headers=html)).text
    stated = await mara.post("/purpose", data=form, headers=html)
    assert (stated.status_code, stated.headers["location"]) == (303, form["next"])
    shown = await mara.get(form["next"], headers=html)
    assert "Handing an area over" in shown.text
    assert (await mara.post("/purpose/end", headers=html)).status_code == 303
    assert (await mara.get(form["next"], headers=html)).status_code == 303
