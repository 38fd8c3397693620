"""Retention over HTTP, on the steward's page and at the terminal."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.key_file import KeyFile
from geo.retention import LEAST_DAYS, Kind
from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.look import look
from tests.fixtures.look import run as arrange
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
RETENTION = "/api/v1/retention"
AGED = """UPDATE lantern.visit SET recorded_at = now() - interval '900 days',
    visited_at = timestamptz '2024-03-05 12:00Z' WHERE id = :id"""


async def test_the_steward_sees_what_goes_and_lays_down_rules(client: Client, town: SmallTown, owner_url: str) -> None:
    arrange(owner_url, AGED, id=town.visits["quay"])
    stefan = await client("stefan")
    answer = await stefan.get(RETENTION)
    assert answer.status_code == 200
    assert not {"2.32", "54.77", "quay site"} & set(answer.text.replace('"', " ").split())
    kinds = {each["kind"]: each for each in answer.json()["items"]}
    assert set(kinds) == set(Kind)
    day = "2024-03-05T12:00:00Z"
    assert kinds["visits"]["now"] == {"count": 1, "oldest": day, "newest": day}
    assert (answer.json()["last_run"], kinds["visits"]["days"]) == (None, 730)
    changed = await stefan.put(f"{RETENTION}/visits", json={"days": 365})
    assert (changed.status_code, changed.json()) == (200, {"kind": "visits", "days": 730, "days_soon": 365})
    longer = await stefan.put(f"{RETENTION}/visits", json={"days": 3650})
    assert longer.json()["days"] == 3650
    for kind, days in LEAST_DAYS.items():
        short = await stefan.put(f"{RETENTION}/{kind}", json={"days": days - 1})
        assert (short.status_code, short.json()["errors"][0]["where"]) == (422, "body.days")
    entries = look(owner_url, "SELECT entry::jsonb -> 'detail' FROM lantern.log_entry WHERE act = 'retention-changed'")
    assert entries == [({"kind": "visits", "days": 365},), ({"kind": "visits", "days": 3650},)]


@pytest.mark.parametrize("person", ["alice", "mara", "pim", "dora"])
async def test_retention_is_the_stewards_alone(client: Client, person: str) -> None:
    asked = await client(person)
    for answer in (
        await asked.get(RETENTION),
        await asked.put(f"{RETENTION}/visits", json={"days": 40}),
        await asked.get("/steward/retention"),
        await asked.post("/steward/retention", data={"kind": "visits", "days": "40"}),
    ):
        assert answer.status_code == 403


async def test_the_page_shows_what_goes_and_changes_a_rule(client: Client, town: SmallTown, owner_url: str) -> None:
    arrange(owner_url, AGED, id=town.visits["quay"])
    stefan = await client("stefan")
    page = (await stefan.get("/steward/retention")).text
    assert "5 Mar 2024" in page
    assert "quay" not in page
    for typed, said in (
        ({"kind": "visits", "days": "29"}, "shorter than Lantern allows"),
        ({"kind": "visits", "days": "<b>"}, "Give a whole number."),
        ({"kind": "log", "days": "40"}, "Choose one."),
    ):
        answer = await stefan.post("/steward/retention", data=typed)
        assert (answer.status_code, said in answer.text) == (422, True), typed
        assert "<b>" not in answer.text
    answer = await stefan.post("/steward/retention", data={"kind": "visits", "days": "40"})
    assert answer.status_code == 303
    zone = ZoneInfo("Europe/London")
    in_a_week = (datetime.now(zone) + timedelta(days=7)).date()
    page = (await stefan.get("/steward/retention")).text
    assert f"40 from {in_a_week.day} {in_a_week:%b %Y} on" in page
    arrange(owner_url, "UPDATE lantern.retention_rule SET changed_at = changed_at - interval '3 days'")
    await stefan.post("/steward/retention", data={"kind": "visits", "days": "50"})
    await stefan.post("/steward/retention", data={"kind": "visits", "days": "40"})
    page = (await stefan.get("/steward/retention")).text
    assert f"40 from {in_a_week.day} {in_a_week:%b %Y} on" in page  # not while 50 and 730 hold it up
    arrange(owner_url, "DELETE FROM lantern.retention_rule WHERE days = 50")
    sooner = in_a_week - timedelta(days=3)
    assert f"40 from {sooner.day} {sooner:%b %Y} on" in (await stefan.get("/steward/retention")).text


def test_the_command_shows_then_asks_then_takes(
    anyio_backend: str, terminal: Terminal, town: SmallTown, owner_url: str, database_url: str, master_key: KeyFile
) -> None:
    arrange(owner_url, AGED, id=town.visits["quay"])
    settings = {"home": master_key.path.parent.parent, "database_url": database_url}
    shown = terminal.run("retention", "show", "-o", "doggerstad", **settings)
    assert shown.returncode == 0, shown.stderr
    [line] = [line.split() for line in shown.stdout.splitlines() if line.startswith("visits")]
    assert line == ["visits", "730", "days", "1", "2024-03-05", "2024-03-05", "1"]
    refused = terminal.run("retention", "run", "-o", "doggerstad", **settings)  # nobody there to say yes
    assert refused.returncode == 1
    assert look(owner_url, "SELECT count(*) FROM lantern.visit") == [(3,)]
    ran = terminal.run("retention", "run", "-o", "doggerstad", "--yes", **settings)
    assert (ran.returncode, ran.stdout.splitlines()) == (
        0, ["visits: 1, from 2024-03-05 to 2024-03-05", "Gone: visits 1."],
    )  # fmt: skip
    again = terminal.run("retention", "run", "-o", "doggerstad", "--yes", **settings)
    assert again.stdout.splitlines() == ["Nothing is older than its rule."]
    unknown = terminal.run("retention", "show", "-o", "kwai", **settings)
    assert (unknown.returncode, "no organisation of that name" in unknown.stderr) == (1, True)
