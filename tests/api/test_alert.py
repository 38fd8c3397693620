"""Alerts over HTTP: raised once, seen by those whom they concern, answered by a second person, and then over."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.asker import Asker
from api.database import Database
from geo.account import Role
from geo.retention import Kind, going, take
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
ALERTS = "/api/v1/alerts"
IN_NORTH = {"type": "Point", "coordinates": [2.325, 54.772]}
NOW = "2026-03-01T20:00:00Z"


async def raised(person: httpx.AsyncClient, alert_id: UUID | None = None, **more: Any) -> str:
    alert = str(alert_id or uuid4())
    answer = await person.put(f"{ALERTS}/{alert}", json={"kind": "cold", "raised_at": NOW} | more)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["id"], answer.json()["state"]) == (alert, "open")
    return alert


async def listed(person: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    answer = await person.get(ALERTS, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["features"]
    return found


async def step(person: httpx.AsyncClient, alert: str, verb: str, **body: Any) -> httpx.Response:
    return await person.post(f"{ALERTS}/{alert}/{verb}", json=None if verb == "seen" else body)


async def test_an_alert_goes_from_a_worker_to_who_answers_and_is_over(client: Client) -> None:
    alice, mara = await client("alice"), await client("mara")
    alert = await raised(alice, geom=IN_NORTH, note="lies by the steps")
    assert (await alice.get(f"{ALERTS}/{alert}")).json()["answered_by"] is None
    [shown] = await listed(mara)
    assert shown["geometry"] == {"type": "Point", "coordinates": [2.325, 54.772]}
    assert shown["properties"]["note"] == "lies by the steps"
    assert (await step(mara, alert, "seen")).json()["state"] == "open"
    answered = (await step(mara, alert, "answer", minutes=20)).json()
    assert (answered["state"], answered["answered_by_name"]) == ("answered", "Mara")
    lasts = datetime.fromisoformat(answered["help_by"]) - datetime.fromisoformat(answered["answered_at"])
    assert lasts == timedelta(minutes=20)
    assert (await alice.get(f"{ALERTS}/{alert}")).json() == answered
    over = (await step(alice, alert, "over")).json()
    assert (over["state"], [each["step"] for each in over["steps"]]) == ("over", ["raised", "seen", "answered", "over"])
    assert [each["name"] for each in over["steps"]] == ["Alice", "Mara", "Mara", "Alice"]
    for verb in ("seen", "answer", "over"):
        assert (await step(mara, alert, verb)).status_code == 409


async def test_the_same_alert_sent_again_is_the_same_and_another_body_is_refused(client: Client) -> None:
    alice, ben, alert = await client("alice"), await client("ben"), uuid4()
    body = {"kind": "fire", "raised_at": NOW, "geom": IN_NORTH, "note": "smoke"}
    first = await alice.put(f"{ALERTS}/{alert}", json=body)
    again = await alice.put(f"{ALERTS}/{alert}", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    for person, other in ((alice, body | {"note": "flames"}), (ben, body)):
        assert (await person.put(f"{ALERTS}/{alert}", json=other)).status_code == 409


async def test_who_does_not_look_after_the_place_sees_no_alert_and_hears_what_is_said_of_none(
    client: Client, town: SmallTown
) -> None:
    mara = await client("mara")
    at_site = await raised(mara, site_id=str(town.sites["quay"]))
    at_point = await raised(mara, geom=IN_NORTH)
    nowhere = await raised(mara)
    assert {each["id"] for each in await listed(await client("alice"))} == {at_site, at_point}
    for name in ("ben", "otto"):
        person = await client(name)
        assert await listed(person) == []
        for alert in (at_site, at_point, nowhere):
            none = str(uuid4())
            answers = [await person.get(f"{ALERTS}/{one}") for one in (alert, none)]
            answers += [await step(person, one, "answer", minutes=5) for one in (alert, none)]
            assert {each.status_code for each in answers} == {404}
            assert len({each.text for each in answers}) == 1
    for name in ("dora", "pim", "stefan"):
        assert (await (await client(name)).get(f"{ALERTS}/{at_site}")).status_code == 403
    assert [each["geometry"] for each in await listed(mara) if each["id"] == nowhere] == [None]


async def test_an_alert_is_not_refused_for_a_site_out_of_reach(client: Client, town: SmallTown) -> None:
    alice = await client("alice")
    for site in (town.sites["lane"], uuid4()):
        with_point = await raised(alice, site_id=str(site), geom=IN_NORTH)
        without = await raised(alice, site_id=str(site))
        found = {each["id"]: each for each in await listed(alice)}
        assert found[with_point]["geometry"] == IN_NORTH
        assert found[without]["geometry"] is None
        assert {found[one]["properties"]["site_id"] for one in (with_point, without)} == {None}
    assert await listed(await client("ben")) == []


async def test_a_second_person_answers_and_another_may_take_over(client: Client, town: SmallTown) -> None:
    alice, mara = await client("alice"), await client("mara")
    alert = await raised(mara, site_id=str(town.sites["quay"]))
    for verb in ("answer", "seen"):
        assert (await step(mara, alert, verb)).status_code == 403
    assert (await step(alice, alert, "answer", minutes=10)).json()["answered_by_name"] == "Alice"
    for minutes in (0, 241, "soon"):
        assert (await step(alice, alert, "answer", minutes=minutes)).status_code == 422
    mine = await raised(alice, geom=IN_NORTH)
    assert (await step(mara, mine, "answer")).json()["answered_by_name"] == "Mara"
    false = (await step(mara, mine, "over", false_alarm=True)).json()
    assert false["state"] == "false-alarm"
    assert [each["id"] for each in await listed(mara)] == [alert, mine]
    assert [each["id"] for each in await listed(mara, live="true")] == [alert]
    answer = await mara.get(ALERTS, params={"limit": "1"})
    following = next(link["href"] for link in answer.json()["links"] if link["rel"] == "next")
    assert [each["id"] for each in (await mara.get(following)).json()["features"]] == [mine]


async def test_a_manager_says_why_before_places_are_shown_and_answers_without(client: Client) -> None:
    hasty, alice = await client("mara", purpose=""), await client("alice")
    alert = await raised(alice, geom=IN_NORTH, note="by the steps")
    refused = await hasty.get(ALERTS)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/purpose-required")
    shown = await hasty.get("/office")
    assert "Alice" in shown.text
    assert "north area" in shown.text
    assert "54.772" not in shown.text
    assert "by the steps" not in shown.text
    assert (await step(hasty, alert, "answer", minutes=15)).status_code == 200


async def test_every_step_and_every_place_shown_is_in_the_log(client: Client, owner_url: str) -> None:
    alice, mara = await client("alice"), await client("mara")
    alert = await raised(alice, geom=IN_NORTH)
    await listed(mara)
    await step(mara, alert, "seen")
    await step(mara, alert, "seen")
    await step(mara, alert, "answer")
    await step(mara, alert, "over")
    said = f"SELECT act FROM lantern.log_entry WHERE ids @> ARRAY['{alert}'::uuid] ORDER BY seq"
    assert [act for (act,) in look(owner_url, said)] == [
        "alert-raised", "read", "alert-seen", "alert-answered", "alert-over",
    ]  # fmt: skip


async def test_a_page_that_shows_the_alerts_already_is_told_so_and_nothing_is_read(
    client: Client, owner_url: str
) -> None:
    alice, mara = await client("alice"), await client("mara")
    read = "SELECT count(*) FROM lantern.log_entry WHERE act = 'read' AND noun = 'alerts'"
    await raised(mara, geom=IN_NORTH)
    first = await alice.get("/phone/alerts")
    assert "54.77200" in first.text
    assert look(owner_url, read) == [(1,)]
    again = await alice.get("/phone/alerts", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")
    assert look(owner_url, read) == [(1,)]
    await raised(mara)
    assert (await alice.get("/phone/alerts", headers={"If-None-Match": first.headers["etag"]})).status_code == 304
    await raised(alice)
    assert (await alice.get("/phone/alerts", headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_no_step_is_altered_taken_back_or_made_in_anothers_name(
    client: Client, database: Database, town: SmallTown
) -> None:
    alert = await raised(await client("alice"), geom=IN_NORTH)
    of, ben, mara = town.organisation_id, town.accounts["ben"], town.accounts["mara"]
    added = "INSERT INTO lantern.alert_step (organisation_id, id, alert_id, step, by_account_id, help_by) VALUES "
    asker = Asker(of, "", mara, frozenset({Role.MANAGER}), "mara", "en", "Europe/London")
    for statement in (
        "UPDATE lantern.alert_step SET step = 'over'",
        "DELETE FROM lantern.alert_step",
        "UPDATE lantern.alert SET kind = 'fire'",
        "UPDATE lantern.alert SET raised_by = :by",
        f"{added} (:of, gen_random_uuid(), :alert, 'seen', :by, NULL)",
        f"{added} (:of, gen_random_uuid(), :alert, 'raised', :mara, NULL)",
        f"{added} (:of, gen_random_uuid(), :alert, 'answered', :mara, now() + interval '5 hours')",
    ):
        with pytest.raises(DBAPIError):
            async with database.asking(asker) as session:
                await session.execute(text(statement), {"of": of, "by": ben, "mara": mara, "alert": alert})
    async with database.asking(asker) as session:  # the policies leave nothing for it to take
        gone = await session.execute(text("DELETE FROM lantern.alert RETURNING id"))
        assert gone.all() == []


async def test_alerts_go_with_their_site_and_do_not_come_back(client: Client, town: SmallTown, owner_url: str) -> None:
    alice, stefan, alert = await client("alice"), await client("stefan"), uuid4()
    body = {"kind": "violence", "raised_at": NOW, "site_id": str(town.sites["quay"])}
    assert (await alice.put(f"{ALERTS}/{alert}", json=body)).status_code == 201
    other = await raised(alice, geom=IN_NORTH)
    erased = await stefan.post("/api/v1/erasures", json={"site_id": str(town.sites["quay"]), "reason": "asked"})
    assert erased.status_code == 201, erased.text
    assert look(owner_url, "SELECT id::text FROM lantern.alert") == [(other,)]
    assert look(owner_url, "SELECT DISTINCT alert_id::text FROM lantern.alert_step") == [(other,)]
    assert (await alice.put(f"{ALERTS}/{alert}", json=body)).status_code == 409


async def test_old_alerts_go_with_their_steps_by_the_rule_of_retention(
    client: Client, database: Database, town: SmallTown, owner_url: str
) -> None:
    alice = await client("alice")
    old, young = await raised(alice), await raised(alice, raised_at=datetime.now(UTC).isoformat())
    run(owner_url, "UPDATE lantern.alert SET raised_at = now() - interval '366 days' WHERE id = :id", id=old)
    asker = Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.STEWARD)
    for recorded, count in (("3 days", 0), ("8 days", 1)):
        run(owner_url, f"UPDATE lantern.alert SET recorded_at = now() - interval '{recorded}'")
        async with database.retaining(asker) as session:
            assert (await going(session, town.organisation_id, Kind.ALERTS)).count == count
    async with database.retaining(asker) as session:
        assert (await take(session, town.organisation_id, Kind.ALERTS)).rows == 1
    assert look(owner_url, "SELECT id::text FROM lantern.alert") == [(young,)]
    assert look(owner_url, "SELECT alert_id::text FROM lantern.alert_step") == [(young,)]
