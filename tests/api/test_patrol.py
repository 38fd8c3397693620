"""Patrols over HTTP: a shift outside, alone or as a pair, of which nothing but its times and its length comes here."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.asker import Asker
from api.database import Database
from geo.account import Role
from geo.retention import Kind, take
from tests.fixtures.asking import As
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
PATROLS = "/api/v1/patrols"
START, END = "2026-03-01T20:00:00Z", "2026-03-01T23:30:00Z"


async def begun(person: httpx.AsyncClient, **more: Any) -> str:
    patrol = str(uuid4())
    answer = await person.put(f"{PATROLS}/{patrol}", json={"started_at": START} | more)
    assert answer.status_code == 201, answer.text
    return patrol


async def ended(person: httpx.AsyncClient, patrol: str, at: str = END, km: float | None = 7.25) -> httpx.Response:
    return await person.post(f"{PATROLS}/{patrol}/end", json={"ended_at": at, "length_km": km})


async def ids(person: httpx.AsyncClient) -> set[str]:
    return {each["id"] for each in (await person.get(PATROLS)).json()["items"]}


async def test_a_pair_goes_out_and_either_of_them_ends_it_once(client: Client, town: SmallTown) -> None:
    alice, ben = await client("alice"), await client("ben")
    patrol = await begun(alice, second_id=str(town.accounts["ben"]))
    over = await ended(ben, patrol)
    assert (over.status_code, over.json()["hours"], over.json()["length_km"]) == (200, 3.5, 7.25)
    assert over.json()["ended_by"] == str(town.accounts["ben"])
    assert (await ended(alice, patrol)).json() == over.json()
    assert (await ended(alice, patrol, km=8)).status_code == 409
    again = {"started_at": START, "second_id": str(town.accounts["ben"])}
    assert (await alice.put(f"{PATROLS}/{patrol}", json=again)).status_code == 200
    for person, body in ((alice, {"started_at": START}), (ben, again | {"second_id": None})):
        assert (await person.put(f"{PATROLS}/{patrol}", json=body)).status_code == 409


async def test_only_who_was_on_it_and_managers_see_a_patrol(client: Client, town: SmallTown) -> None:
    people = {name: await client(name) for name in ("alice", "ben", "mara", "otto")}
    alone = await begun(people["alice"])
    pair = await begun(people["ben"], second_id=str(town.accounts["alice"]))
    seen = {name: await ids(person) for name, person in people.items()}
    assert seen == {"alice": {alone, pair}, "ben": {pair}, "mara": {alone, pair}, "otto": set()}
    none = await people["ben"].get(f"{PATROLS}/{uuid4()}")
    hidden = await people["ben"].get(f"{PATROLS}/{alone}")
    assert (hidden.status_code, hidden.text) == (404, none.text)
    assert (await ended(people["ben"], alone)).status_code == 404
    assert (await ended(people["mara"], alone)).status_code == 403


async def test_what_cannot_be_is_refused(client: Client, town: SmallTown) -> None:
    alice = await client("alice")
    for second in ("alice", "mara", "otto"):
        body = {"started_at": START, "second_id": str(town.accounts[second])}
        answer = await alice.put(f"{PATROLS}/{uuid4()}", json=body)
        assert (answer.status_code, "second_id" in answer.text) == (422, True)
    patrol = await begun(alice)
    for at, km in (("2026-03-01T19:59:59Z", 1), ("2026-03-02T20:00:01Z", 1), (END, -1), (END, 301)):
        assert (await ended(alice, patrol, at, km)).status_code == 422
    track = {"ended_at": END, "track": [[2.32, 54.77]]}
    assert (await alice.post(f"{PATROLS}/{patrol}/end", json=track)).status_code == 422


async def test_the_database_lets_nobody_end_it_twice_or_in_anothers_name(
    client: Client, town: SmallTown, asking: As
) -> None:
    patrol = await begun(await client("alice"))
    over = "UPDATE lantern.patrol SET ended_at = started_at + interval '1 hour', ended_by = :by WHERE id = :id"
    with pytest.raises(DBAPIError):
        async with asking("alice") as session:
            await session.execute(text(over), {"by": town.accounts["ben"], "id": patrol})
    async with asking("alice") as session:
        await session.execute(text(over), {"by": town.accounts["alice"], "id": patrol})
    with pytest.raises(DBAPIError):
        async with asking("alice") as session:
            await session.execute(text(over), {"by": town.accounts["alice"], "id": patrol})
    with pytest.raises(DBAPIError):
        async with asking("alice") as session:
            await session.execute(text("UPDATE lantern.patrol SET started_at = now()"))


async def test_old_patrols_go_by_the_rule_of_retention(
    client: Client, database: Database, town: SmallTown, owner_url: str
) -> None:
    alice = await client("alice")
    old, young = await begun(alice), await begun(alice)
    run(owner_url, "UPDATE lantern.patrol SET started_at = now() - interval '366 days' WHERE id = :id", id=old)
    run(owner_url, "UPDATE lantern.patrol SET started_at = now() WHERE id = :id", id=young)
    run(owner_url, "UPDATE lantern.patrol SET recorded_at = now() - interval '8 days'")
    steward = Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.STEWARD)
    async with database.retaining(steward) as session:
        assert (await take(session, town.organisation_id, Kind.PATROLS)).rows == 1
    assert look(owner_url, "SELECT id::text FROM lantern.patrol") == [(young,)]
