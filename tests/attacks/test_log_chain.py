"""The log against who can write to the database: forged, deleted, cut, rewritten. Each is found; a whole log passes."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import anyio
import pytest
from sqlalchemy import Connection, create_engine, text

from api.anchor import Anchors, read_anchors
from api.database import Database
from geo.account import Role
from geo.log_chain import Chain, link, verify
from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
UNGUARDED = (
    "ALTER TABLE lantern.log_entry DISABLE TRIGGER USER",
    "ALTER TABLE lantern.log_head DISABLE TRIGGER USER",
)


@pytest.fixture
async def anchors(client: Client, database_url: str, tmp_path: Path) -> Anchors:
    """A log of eight readings, anchored after the sixth and at its end."""
    alice = await client("alice")
    made, database = Anchors(tmp_path), Database(database_url, pool_size=1)
    for count in (6, 2):
        for _ in range(count):
            assert (await alice.get("/api/v1/sites")).status_code == 200
        database.logged.update(await organisations(database))
        assert await made.drop(database) == 1
    await database.close()
    return made


async def organisations(database: Database) -> set[UUID]:
    return {(await database.asker_of_organisation("doggerstad")).organisation_id}


async def look(database_url: str, anchors: Anchors) -> Chain:
    database = Database(database_url, pool_size=1)
    asker = await database.asker_of_organisation("doggerstad", Role.STEWARD)
    async with database.asking(asker) as session:
        chain = await verify(session, asker.organisation_id, read_anchors(anchors.path))
    await database.close()
    return chain


def tamper(owner_url: str, act: Callable[[Connection], None]) -> None:
    """As the superuser, with every trigger off."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        for statement in UNGUARDED:
            connection.execute(text(statement))
        act(connection)
    engine.dispose()


def rewrite(connection: Connection) -> None:
    """Takes the first entry out and chains all others anew, as who knows how the chain is made."""
    rows = connection.execute(text("SELECT organisation_id, id, seq, entry FROM lantern.log_entry ORDER BY seq")).all()
    connection.execute(text("DELETE FROM lantern.log_entry"))
    before = bytes(32)
    for seq, (organisation_id, row_id, _, entry) in enumerate(rows[1:], 1):
        before = link(before, organisation_id, seq, entry)
        values = {"organisation": organisation_id, "id": row_id, "seq": seq, "entry": entry, "hash": before}
        connection.execute(
            text(
                "INSERT INTO lantern.log_entry (organisation_id, id, seq, entry, hash) "
                "VALUES (:organisation, :id, :seq, :entry, :hash)"
            ),
            values,
        )
    connection.execute(
        text("UPDATE lantern.log_head SET seq = :seq, hash = :hash"), {"seq": len(rows) - 1, "hash": before}
    )


def forge(connection: Connection) -> None:
    connection.execute(
        text("UPDATE lantern.log_entry SET entry = replace(entry, '\"read\"', '\"noted\"') WHERE seq = 4")
    )


def delete(connection: Connection) -> None:
    connection.execute(text("DELETE FROM lantern.log_entry WHERE seq = 4"))


def cut(connection: Connection) -> None:
    """The last entries go, and the head is put back to where the log ends then."""
    connection.execute(text("DELETE FROM lantern.log_entry WHERE seq > 5"))
    connection.execute(
        text("UPDATE lantern.log_head SET (seq, hash) = (SELECT seq, hash FROM lantern.log_entry WHERE seq = 5)")
    )


def age(connection: Connection) -> None:
    """The first entry was written six minutes earlier."""
    earlier = "jsonb_set(entry::jsonb, '{at}', to_jsonb((entry::jsonb ->> 'at')::bigint - 360000))::text"
    connection.execute(text(f"UPDATE lantern.log_entry SET entry = {earlier} WHERE seq = 1"))


@pytest.mark.parametrize(
    ("act", "found"),
    [(forge, "was altered"), (delete, "missing"), (cut, "the end is missing"), (rewrite, "the log was rewritten")],
)
async def test_what_a_superuser_does_to_the_log_is_found(
    anchors: Anchors, database_url: str, owner_url: str, act: Callable[[Connection], None], found: str
) -> None:
    assert (await look(database_url, anchors)).faults == []
    tamper(owner_url, act)
    chain = await look(database_url, anchors)
    assert any(found in fault.what for fault in chain.faults), chain.faults


@pytest.mark.parametrize("act", [cut, rewrite])
async def test_without_anchors_a_cut_and_a_rewritten_log_would_pass(
    anchors: Anchors, database_url: str, owner_url: str, act: Callable[[Connection], None]
) -> None:
    """The control: it is the anchors outside the database that find these."""
    tamper(owner_url, act)
    anchors.path.unlink()
    assert (await look(database_url, anchors)).faults == []


async def test_the_command_tells_a_true_log_from_one_that_was_touched(
    anchors: Anchors, database_url: str, owner_url: str, terminal: Terminal
) -> None:
    words = ("log", "verify", "--organisation", "doggerstad")
    home = anchors.path.parent
    good = terminal.run(*words, database_url=database_url, home=home)
    assert (good.returncode, good.stderr) == (0, "")
    assert "whole and true" in good.stdout
    tamper(owner_url, cut)
    bad = terminal.run(*words, database_url=database_url, home=home)
    assert bad.returncode == 1
    assert "the end is missing" in bad.stderr
    anchors.path.unlink()
    young = terminal.run(*words, database_url=database_url, home=home)
    assert (young.returncode, "comes within five minutes" in young.stderr) == (1, True)
    tamper(owner_url, age)
    old = terminal.run(*words, database_url=database_url, home=home)
    assert (old.returncode, "no file of anchors" in old.stderr) == (1, True)


async def test_an_anchor_is_told_to_a_command_too(
    anchors: Anchors, client: Client, database_url: str, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    twice = Anchors(tmp_path, f"tee {told}")
    await (await client("alice")).get("/api/v1/sites")
    database = Database(database_url, pool_size=1)
    assert await twice.drop(database) == 1
    assert await twice.drop(database) == 0
    await database.close()
    assert json.loads(told.read_text())["seq"] == list(read_anchors(anchors.path))[-1].seq


async def test_a_line_that_a_crash_cut_is_passed_over(anchors: Anchors, database_url: str) -> None:
    with anchors.path.open("a") as file:
        file.write('{"at": "2026-')
    assert (await look(database_url, anchors)).faults == []


async def test_two_at_once_make_one_chain(client: Client, anchors: Anchors, database_url: str, town: SmallTown) -> None:
    people = [await client(name) for name in ("alice", "ben", "mara")]
    async with anyio.create_task_group() as together:
        for person in people * 10:
            together.start_soon(person.get, "/api/v1/sites")
    chain = await look(database_url, anchors)
    assert chain.faults == []
    assert chain.seq >= 38
