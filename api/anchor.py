"""Anchors: the head of each organisation's log, written down outside the database, so that a log that was cut or
rewritten as a whole does not pass for the true one."""

import asyncio
import json
import logging
import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from api.asker import Asker
from api.database import Database
from geo.account import Role
from geo.log_chain import Head, head_of

EVERY_S = 60.0
PATIENCE_S = 60.0
FILE = "log-anchors.jsonl"
logger = logging.getLogger("lantern.anchor")


class Anchors:
    """The file of anchors in a home, a JSON object a line, only ever added to. `command`, if there is one, gets each
    line on its standard input: to mail it, or to print it."""

    def __init__(self, home: Path, command: str | None = None) -> None:
        self.path = home / FILE
        self._command = shlex.split(command) if command else None
        self._last = {head.organisation_id: head.seq for head in read_anchors(self.path)}

    async def drop(self, database: Database) -> int:
        """Anchors every log that moved since; the answer is how many."""
        dropped = 0
        for organisation_id in set(self._last) | database.logged:
            asker = Asker.command(organisation_id, "", "UTC", Role.STEWARD)
            async with database.asking(asker) as session:
                head = await head_of(session, organisation_id)
            if head and head.seq > self._last.get(organisation_id, 0):
                await self._write(head)
                self._last[organisation_id] = head.seq
                dropped += 1
        return dropped

    async def begin_anew(self, database: Database, organisation_id: UUID) -> None:
        """Anchors the end of a log that goes on from an older one: what was anchored since does not count any more."""
        self._last.pop(organisation_id, None)
        database.logged.add(organisation_id)
        await self.drop(database)

    async def keep(self, database: Database) -> None:
        """Drops anchors for as long as the server runs."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.try_to_drop(database)

    async def try_to_drop(self, database: Database) -> None:
        try:
            await self.drop(database)
        except (OSError, DBAPIError, TimeoutError) as error:
            logger.error("The head of the log could not be anchored: %s", type(error).__name__)

    async def _write(self, head: Head) -> None:
        line = json.dumps(
            {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "organisation_id": str(head.organisation_id),
                "seq": head.seq,
                "hash": head.hash.hex(),
            }
        )
        await asyncio.to_thread(_append, self.path, line)
        if self._command:
            await _tell(self._command, line)


def read_anchors(path: Path) -> Iterator[Head]:
    """The anchors of a file, the oldest first; none where there is no file. Lines that cannot be read are passed over:
    a crash may have cut the last one."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(line)
            yield Head(UUID(said["organisation_id"]), int(said["seq"]), bytes.fromhex(said["hash"]))


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


async def _tell(command: list[str], line: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    try:
        await asyncio.wait_for(process.communicate(f"{line}\n".encode()), PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise OSError(process.returncode, "the command of LANTERN_ANCHOR_COMMAND failed")
