"""Widenings over HTTP: a reason, a second person, at most 60 minutes, everyone concerned told, all of it in the log."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
WIDENINGS = "/api/v1/widenings"
REASON = "a light in the harbour"


async def asks(person: httpx.AsyncClient, area: UUID) -> str:
    answer = await person.post(WIDENINGS, json={"work_area_id": str(area), "reason": REASON})
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "asked"
    return str(answer.json()["id"])


async def step(person: httpx.AsyncClient, widening: str, verb: str, **body: int) -> httpx.Response:
    return await person.post(f"{WIDENINGS}/{widening}/{verb}", json=body or None)


async def sites(person: httpx.AsyncClient) -> set[str]:
    answer = await person.get("/api/v1/sites")
    return {found["properties"]["name"] for found in answer.json().get("features", [])}


def pass_by(owner_url: str, seconds: int) -> None:
    """As if that much time had gone by since."""
    moments = ", ".join(
        f"{name} = {name} - make_interval(secs => :s)" for name in ("asked_at", "granted_at", "ends_at")
    )
    run(owner_url, f"UPDATE lantern.widening SET {moments}", s=seconds)


async def answers(person: httpx.AsyncClient, town: SmallTown, site: UUID) -> list[tuple[int, bytes]]:
    """What a person hears about a site and an area, byte for byte."""
    paths = [
        f"/api/v1/sites/{site}",
        "/api/v1/sites",
        f"/api/v1/work-areas/{town.areas['north']}",
        "/api/v1/work-areas",
    ]
    return [(answer.status_code, answer.content) for answer in [await person.get(path) for path in paths]]


async def test_a_second_person_lets_a_worker_see_another_area_until_its_end(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    alice, ben, quay = await client("alice"), await client("ben"), town.sites["quay"]
    before = await answers(ben, town, quay)
    unknown = await ben.get(f"/api/v1/sites/{uuid4()}")
    assert before[0] == (404, unknown.content)
    widening = await asks(ben, town.areas["north"])
    assert await answers(ben, town, quay) == before
    granted = await step(alice, widening, "grant", minutes=60)
    assert (granted.status_code, granted.json()["state"]) == (200, "open")
    lasts = datetime.fromisoformat(granted.json()["ends_at"]) - datetime.fromisoformat(granted.json()["granted_at"])
    assert lasts == timedelta(minutes=60)
    assert await sites(ben) == {"lane site", "quay site"}
    assert (await ben.get(f"/api/v1/sites/{quay}")).json()["properties"]["access_note"] == "note of quay"
    assert (await ben.get(f"/api/v1/work-areas/{town.areas['north']}")).status_code == 200
    pass_by(owner_url, 3600)
    assert await answers(ben, town, quay) == before
    assert (await ben.get(f"{WIDENINGS}/{widening}")).json()["state"] == "ended"


async def test_a_desk_sees_sites_of_the_area_without_notes_and_only_meanwhile(client: Client, town: SmallTown) -> None:
    alice, dora, quay = await client("alice"), await client("dora"), town.sites["quay"]
    before = await answers(dora, town, quay)
    assert {status for status, _ in before} == {403}
    widening = await asks(dora, town.areas["north"])
    assert (await step(alice, widening, "grant", minutes=5)).status_code == 200
    assert await sites(dora) == {"quay site"}
    site = (await dora.get(f"/api/v1/sites/{quay}")).json()["properties"]
    assert (site["access_note"], site["has_access_note"]) == (None, True)
    assert (await dora.get(f"/api/v1/sites/{town.sites['lane']}")).status_code == 404
    for path in ("visits", "sites/due", f"sites/{quay}/history", "coverage", "export/sites", "assignments", "accounts"):
        assert (await dora.get(f"/api/v1/{path}")).status_code == 403, path
    body = {"visited_at": "2026-01-02T23:30:00+01:00", "outcome": "met", "site_id": str(quay)}
    assert (await dora.post("/api/v1/visits", json=body)).status_code == 403
    assert (await step(dora, widening, "end")).json()["state"] == "ended"
    assert await answers(dora, town, quay) == before


async def test_nobody_lets_themselves_and_only_who_reaches_the_area_lets_others(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    alice, ben, dora = await client("alice"), await client("ben"), await client("dora")
    widening = await asks(dora, town.areas["north"])
    assert (await step(dora, widening, "grant", minutes=5)).status_code == 403
    for verb in ("grant", "refuse", "end"):  # Ben is not told of it, until he is of the area's team
        body = {"minutes": 5} if verb == "grant" else {}
        assert (await step(ben, widening, verb, **body)).status_code == 404
    team = "UPDATE lantern.work_area SET team_id = :team WHERE id = :id"
    run(owner_url, team, team=town.team, id=town.areas["north"])
    for verb in ("grant", "refuse", "end"):
        body = {"minutes": 5} if verb == "grant" else {}
        assert (await step(ben, widening, verb, **body)).status_code == 403
    theirs = await asks(ben, town.areas["north"])
    assert (await step(alice, theirs, "grant", minutes=5)).status_code == 200
    assert (await step(ben, widening, "grant", minutes=5)).status_code == 403  # what is opened is not passed on
    assert look(owner_url, "SELECT count(*) FROM lantern.widening WHERE granted_at IS NOT NULL") == [(1,)]


async def test_it_takes_some_words_and_lasts_at_most_sixty_minutes(client: Client, town: SmallTown) -> None:
    alice, ben = await client("alice"), await client("ben")
    area = str(town.areas["north"])
    for reason in ("", "ab", "  ab  ", "x" * 201, "two\nlines", None, 7):
        answer = await ben.post(WIDENINGS, json={"work_area_id": area, "reason": reason})
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "body.reason"), reason
    widening = await asks(ben, town.areas["north"])
    for minutes in (0, 61, "10 minutes", None):
        answer = await alice.post(f"{WIDENINGS}/{widening}/grant", json={"minutes": minutes})
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "body.minutes"), minutes


async def test_what_was_answered_is_answered_and_what_waited_too_long_is_not(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    alice, ben, mara = await client("alice"), await client("ben"), await client("mara")
    widening = await asks(ben, town.areas["north"])
    again = await ben.post(WIDENINGS, json={"work_area_id": str(town.areas["north"]), "reason": "once more"})
    assert again.status_code == 409
    assert (await step(mara, widening, "refuse")).json()["state"] == "refused"
    for person, verb in ((alice, "grant"), (alice, "refuse"), (ben, "end"), (mara, "end")):
        body = {"minutes": 5} if verb == "grant" else {}
        assert (await step(person, widening, verb, **body)).status_code == 409
    late = await asks(ben, town.areas["north"])
    run(owner_url, "UPDATE lantern.widening SET asked_at = asked_at - interval '4 hours' WHERE granted_at IS NULL")
    assert (await ben.get(f"{WIDENINGS}/{late}")).json()["state"] == "lapsed"
    assert (await step(alice, late, "grant", minutes=5)).status_code == 409
    own = await asks(ben, town.areas["north"])
    assert (await step(ben, own, "end")).json()["state"] == "withdrawn"
    assert await sites(ben) == {"lane site"}


async def test_who_looks_after_the_area_and_managers_are_told_and_nobody_else(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    people = {name: await client(name) for name in ("alice", "ben", "mara", "dora", "stefan", "otto")}
    widening = await asks(people["dora"], town.areas["north"])
    assert (await step(people["mara"], widening, "grant", minutes=20)).status_code == 200

    async def told() -> set[str]:
        heard = {}
        for name, person in people.items():
            found = (await person.get(WIDENINGS, params={"live": True})).json()["items"]
            assert (await person.get(f"{WIDENINGS}/{widening}")).status_code == (200 if found else 404)
            heard[name] = [(row["reason"], row["area"], row["account_id"], row["state"]) for row in found]
        assert all(row in ([], [(REASON, "north area", str(town.accounts["dora"]), "open")]) for row in heard.values())
        return {name for name, row in heard.items() if row}

    assert await told() == {"alice", "mara", "dora", "stefan"}
    team = "UPDATE lantern.work_area SET team_id = :team WHERE id = :id"
    run(owner_url, team, team=town.team, id=town.areas["north"])
    assert await told() == {"alice", "ben", "mara", "dora", "stefan"}
    pass_by(owner_url, 1200)
    ended = [
        (await people[name].get(WIDENINGS, params={"live": live})).json()["items"]
        for name in ("alice", "otto")
        for live in (True, False)
    ]
    assert [[row["state"] for row in found] for found in ended] == [[], ["ended"], [], []]


async def test_all_of_it_is_in_the_log_and_reads_name_the_widening(client: Client, town: SmallTown) -> None:
    alice, ben = await client("alice"), await client("ben")
    widening = await asks(ben, town.areas["north"])
    await step(alice, widening, "grant", minutes=20)
    await ben.get(f"/api/v1/sites/{town.sites['quay']}")
    await step(ben, widening, "end")
    await ben.get(f"/api/v1/sites/{town.sites['lane']}")
    refused = await asks(ben, town.areas["north"])
    await step(alice, refused, "refuse")
    stefan = await client("stefan")
    rows: list[dict[str, Any]] = (await stefan.get("/api/v1/log", params={"limit": 50})).json()["items"]
    ben_id, alice_id = str(town.accounts["ben"]), str(town.accounts["alice"])
    steps = [(row["act"], row["account_id"], row["ids"]) for row in reversed(rows) if row["noun"] == "widening"]
    assert steps == [
        ("widening-asked", ben_id, [widening]),
        ("widening-granted", alice_id, [widening]),
        ("widening-ended", ben_id, [widening]),
        ("widening-asked", ben_id, [refused]),
        ("widening-refused", alice_id, [refused]),
    ]
    reads = {row["ids"][0]: row["why"] for row in rows if row["noun"] == "site" and row["act"] == "read"}
    assert reads == {str(town.sites["quay"]): f"widening {widening}", str(town.sites["lane"]): None}
    assert next(row for row in rows if row["act"] == "widening-granted")["detail"]["minutes"] == 20
    assert next(row for row in rows if row["act"] == "widening-asked")["detail"]["purpose"] == REASON


async def test_managers_stewards_and_planners_do_not_ask(client: Client, town: SmallTown) -> None:
    body = {"work_area_id": str(town.areas["north"]), "reason": REASON}
    for person in ("mara", "stefan", "pim"):
        assert (await (await client(person)).post(WIDENINGS, json=body)).status_code == 403
    alice = await client("alice")
    assert (await alice.post(WIDENINGS, json=body)).status_code == 409  # it is hers
    for area in (uuid4(), town.areas["silverpit"]):
        answer = await alice.post(WIDENINGS, json=body | {"work_area_id": str(area)})
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "body.work_area_id")


async def test_a_visit_there_is_kept_and_the_site_stays_as_it_is(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    ben, quay = await client("ben"), town.sites["quay"]
    run(owner_url, "UPDATE lantern.site SET status = 'unverified' WHERE id = :id", id=quay)
    widening = await asks(ben, town.areas["north"])
    await step(await client("alice"), widening, "grant", minutes=20)
    body = {"visited_at": "2026-01-02T23:30:00+01:00", "outcome": "met", "site_id": str(quay)}
    made = await ben.post("/api/v1/visits", json=body)
    assert made.status_code == 201
    headers = {"If-Match": '"1"'}
    moved = await ben.patch(f"/api/v1/sites/{quay}", json={"status": "inactive"}, headers=headers)
    assert moved.status_code == 404
    assert look(owner_url, f"SELECT status FROM lantern.site WHERE id = '{quay}'") == [("unverified",)]
    await step(ben, widening, "end")
    assert (await ben.get(f"/api/v1/visits/{made.json()['id']}")).status_code == 200


async def test_the_names_of_areas_are_all_that_is_told_of_them(client: Client, town: SmallTown) -> None:
    for person in ("alice", "ben", "mara", "dora", "stefan"):
        found = (await (await client(person)).get("/api/v1/area-names")).json()["items"]
        assert [set(row) for row in found] == [{"id", "name", "team_id"}] * 2
        assert {row["name"] for row in found} == {"north area", "south area"}
    assert (await (await client("pim")).get("/api/v1/area-names")).status_code == 403
    found = (await (await client("otto")).get("/api/v1/area-names")).json()["items"]
    assert [row["name"] for row in found] == ["silverpit area"]
