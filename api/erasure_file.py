"""The list of what was erased, outside the database: ids and nothing else, so that a backup that is put back is cleared
of it again. And what has to happen after an erasure: new keys."""

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.asker import Asker
from api.database import Database
from api.key_file import KeyRefused
from api.rotation import KeysBusy, rotate
from api.vault import Vault
from geo.account import Role
from geo.eraser import erase_again
from geo.erasure import Again, Erasure, Listed, Noun, Reason, list_erasures
from geo.organisation import Organisation
from geo.organisation_key import OrganisationKey

FILE = "erasures.jsonl"
FIRST_S = 300.0
EVERY_S = 3600.0
logger = logging.getLogger("lantern.erasure")


def read_erasures(path: Path, organisation_id: UUID) -> Listed:
    """What a file says was erased of an organisation; nothing where there is no file. Lines that cannot be read are
    passed over: a crash may have cut the last one."""
    return {(noun, one): reason for of, noun, one, reason in _lines(path) if of == organisation_id}


def _lines(path: Path) -> Iterator[tuple[UUID, Noun, UUID, Reason]]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(line)
            yield UUID(said["organisation_id"]), Noun(said["noun"]), UUID(said["id"]), Reason(said["reason"])


async def write_erasures(database: Database, asker: Asker, home: Path) -> int:
    """Adds to the file in a home what it does not have yet; how many. The asker is a steward."""
    async with database.asking(asker) as session:
        rows = await list_erasures(session, asker.organisation_id)
    return await asyncio.to_thread(_append, home / FILE, asker.organisation_id, rows)


def _append(path: Path, organisation_id: UUID, rows: list[Erasure]) -> int:
    known = read_erasures(path, organisation_id)
    new = [row for row in reversed(rows) if (Noun(row.noun), row.id) not in known]
    if new:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            for row in new:
                said = {"organisation_id": str(row.organisation_id), "id": str(row.id), "noun": row.noun}
                said |= {"reason": row.reason, "erased_on": row.erased_at.date().isoformat()}
                file.write(json.dumps(said) + "\n")
            file.flush()
            os.fsync(file.fileno())
    return len(new)


async def apply_erasures(database: Database, asker: Asker, erased: Listed) -> Again:
    """Erases again what a backup brought back, but for what a request by law holds. The asker is a steward."""
    async with database.erasing(asker) as session:
        return await erase_again(session, asker.organisation_id, erased)


async def keys_are_older(database: Database, asker: Asker) -> bool:
    """Was something erased since the key that seals now was made?"""
    of = asker.organisation_id
    async with database.asking(asker) as session:
        last = await session.scalar(select(func.max(Erasure.erased_at)).where(Erasure.organisation_id == of))
        made = await session.scalar(
            select(func.max(OrganisationKey.made_at)).where(OrganisationKey.organisation_id == of)
        )
    return last is not None and made is not None and made < last


async def keep(database: Database, vault: Vault, home: Path) -> None:
    """Keeps the file whole and the keys new, for as long as the server runs."""
    await asyncio.sleep(FIRST_S)
    while True:
        try:
            await follow_up(database, vault, home)
        except (DBAPIError, PoolTimeout, OSError, KeyRefused, KeysBusy) as error:
            logger.error("What follows an erasure could not be done: %s", type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def follow_up(database: Database, vault: Vault, home: Path) -> int:
    """For each organisation: its erasures into the file, and new keys if any is newer than they are; how many got new
    keys."""
    async with database.keeping_keys() as session:
        found = list(await session.scalars(select(Organisation).order_by(Organisation.id)))
    rotated = 0
    for one in found:
        server = replace(Asker.command(one.id, one.slug, one.time_zone, Role.STEWARD), name="server")
        await write_erasures(database, server, home)
        if await keys_are_older(database, server):
            await rotate(database, vault, server)
            rotated += 1
    return rotated
