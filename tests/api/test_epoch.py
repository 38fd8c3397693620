"""The epoch: an older copy of the database is found, and phones offer again what the lost one had taken."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.engine import make_url

from api.anchor import Anchors, read_anchors
from api.cluster import ADMIN
from api.database import Database
from api.epoch import renew_where_older
from api.key_file import KeyFile
from api.postgresql import find_programs
from tests.api.test_delivery import count, visit
from tests.fixtures.command import Terminal
from tests.fixtures.look import look
from tests.fixtures.phone import MakePhone
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
EPOCHS = "SELECT slug, epoch FROM lantern.organisation ORDER BY slug"


async def postgres(program: str, url: str, *words: str, database: bool = True) -> None:
    address = make_url(url)
    named = ["--dbname", str(address.database)] if database else []
    ran = await asyncio.create_subprocess_exec(
        str(find_programs() / program), "--host", str(address.query["host"]), "--username", ADMIN, *named, *words
    )
    assert await ran.wait() == 0


async def test_after_a_restore_of_an_older_dump_phones_offer_again_and_nothing_is_lost_or_twice(
    phone: MakePhone, app: FastAPI, town: SmallTown, database_url: str, owner_url: str, tmp_path: Path
) -> None:
    alice, before = await phone("alice"), count(owner_url, "visit")
    early, late = (alice.seal(alice.told("visit", visit(alice))) for _ in range(2))
    assert (await alice.send(early)).status_code == 201
    anchors, file = Anchors(tmp_path), tmp_path / "older.dump"
    await anchors.drop(app.state.database)
    await postgres("pg_dump", owner_url, "--format", "custom", "--file", str(file))
    assert (await alice.send(late)).status_code == 201
    await anchors.drop(app.state.database)
    whole = Database(database_url, pool_size=1)
    assert await renew_where_older(whole, tmp_path) == []
    await app.state.database.engine.dispose()
    await postgres("pg_restore", owner_url, "--clean", "--if-exists", "--exit-on-error", str(file))
    assert count(owner_url, "visit") == before + 1

    known = alice.key["epoch"]
    await whole.engine.dispose()
    assert await renew_where_older(whole, tmp_path) == ["doggerstad"]
    assert await renew_where_older(whole, tmp_path) == []
    await whole.close()
    await alice.learn()
    assert alice.key["epoch"] != known
    answers = [await alice.send(item) for item in (early, late)]
    assert [answer.status_code for answer in answers] == [200, 201]
    assert {answer.json()["epoch"] for answer in answers} == {alice.key["epoch"]}
    assert count(owner_url, "visit") == before + 2
    acts = look(owner_url, "SELECT act FROM lantern.log_entry WHERE act = 'epoch-renewed'")
    assert acts == [("epoch-renewed",)]


async def test_a_log_that_went_another_way_is_found_though_it_is_longer(
    phone: MakePhone, app: FastAPI, town: SmallTown, database_url: str, tmp_path: Path
) -> None:
    alice = await phone("alice")
    assert (await alice.deliver("visit", visit(alice))).status_code == 201
    await Anchors(tmp_path).drop(app.state.database)
    [head] = read_anchors(tmp_path / "log-anchors.jsonl")
    line = (tmp_path / "log-anchors.jsonl").read_text().replace(head.hash.hex(), "ab" * 32)
    (tmp_path / "log-anchors.jsonl").write_text(line)
    assert (await alice.deliver("visit", visit(alice))).status_code == 201
    database = Database(database_url, pool_size=1)
    assert await renew_where_older(database, tmp_path) == ["doggerstad"]
    assert await renew_where_older(database, tmp_path) == []
    await database.close()


def test_the_terminal_says_so_at_start_and_begins_one_when_asked(
    anyio_backend: str, terminal: Terminal, town: SmallTown, owner_url: str, database_url: str, master_key: KeyFile,
    tmp_path: Path,
) -> None:  # fmt: skip
    where: dict[str, Any] = {"home": tmp_path, "key_file": master_key.path, "database_url": database_url}
    before = look(owner_url, EPOCHS)
    ran = terminal.run("epoch", "renew", "--organisation", "doggerstad", **where)
    assert (ran.returncode, "doggerstad: a new epoch has begun" in ran.stdout) == (0, True), ran.stderr
    after = look(owner_url, EPOCHS)
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True]
    assert terminal.run("epoch", "renew", "--organisation", "nowhere", **where).returncode == 1
    anchor = f'{{"organisation_id": "{town.organisation_id}", "seq": 999999, "hash": "{"ab" * 32}"}}\n'
    (tmp_path / "log-anchors.jsonl").write_text(anchor)
    lantern = terminal.up("--no-demo", **where)
    lantern.wait_until_ready()
    assert any("doggerstad: the database is older than it was" in line for line in lantern.said)
    assert look(owner_url, EPOCHS) != after
