"""Keys change: a new data key for an organisation, by which all that is sealed is sealed anew; or a new master key.

Every step is a transaction of its own, and a rotation that was broken off goes on where it stopped.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg import sql
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.database import Database
from api.delivery_key import renew_key
from api.key_file import KeyFile
from api.vault import Vault, lock_of, unwrap, wrap
from geo.driver import raw
from geo.log import Act, Author, note, write
from geo.organisation import Organisation
from geo.organisation_key import OrganisationKey
from geo.sealed import SEALED, Resealed, SealedColumn, count_old, reseal

LOCK_NOT_AVAILABLE = "55P03"
PATIENCE_S = 600
FIRST = UUID(int=0)

Told = Callable[[int, int], None]
"""Is told how many rows are sealed anew, and of how many."""


class KeysBusy(Exception):
    """Somebody used the keys for longer than a rotation waits, most likely an import."""


@dataclass
class Rotated:
    """The number of the key that seals now, how many rows were sealed anew, and how many do not open: while there are
    any, the old key stays."""

    number: int
    rows: int = 0
    broken: int = 0


async def rotate(database: Database, vault: Vault, asker: Asker, told: Told = lambda done, total: None) -> Rotated:
    """A new data key for the asker's organisation; the old one is destroyed. Raises KeyRefused, KeysBusy."""
    organisation_id = asker.organisation_id
    async with database.keeping_keys(asker) as session:
        await _take(session, organisation_id)
        rotated = Rotated(await _begin(session, vault, organisation_id))
    async with database.keeping_keys(asker) as session:
        total = sum([await count_old(session, organisation_id, column, rotated.number) for column in SEALED])
    for column in SEALED:
        async for done in _sealing(database, vault, asker, column):
            rotated.rows += done.rows
            told(rotated.rows, total)
    async with database.keeping_keys(asker) as session:
        await _take(session, organisation_id)
        await _end(session, organisation_id, rotated)
    return rotated


async def _begin(session: AsyncSession, vault: Vault, organisation_id: UUID) -> int:
    """Makes the new key, unless an unfinished rotation did; the others open from now on, and seal no more."""
    keys = await vault.keys(session, organisation_id)
    mine = OrganisationKey.organisation_id == organisation_id
    if await session.scalar(select(func.count()).where(mine, OrganisationKey.retired_at.is_not(None))):
        return keys.newest
    number = keys.newest + 1
    await vault.add_key(session, organisation_id, number)
    others = update(OrganisationKey).where(mine, OrganisationKey.number < number, OrganisationKey.retired_at.is_(None))
    await session.execute(others.values(retired_at=datetime.now(UTC)))
    await renew_key(session, await vault.keys(session, organisation_id))
    note(session, Act.KEYS_ROTATED, "organisation_key", (), {"number": number})
    return number


async def _sealing(
    database: Database, vault: Vault, asker: Asker, column: SealedColumn
) -> AsyncGenerator[Resealed, None]:
    """Seals a column anew, a batch in each transaction."""
    after: UUID | None = FIRST
    while after is not None:
        async with database.keeping_keys(asker) as session:
            keys = await vault.keys(session, asker.organisation_id)
            done = await reseal(session, column, keys, after=after, most=column.batch)
        after = done.last
        yield done


async def _end(session: AsyncSession, organisation_id: UUID, rotated: Rotated) -> None:
    """Destroys the retired keys, when nothing is sealed by them. Nobody seals meanwhile: see `_take`."""
    rotated.broken = sum([await count_old(session, organisation_id, column, rotated.number) for column in SEALED])
    if rotated.broken == 0:
        retired = delete(OrganisationKey).where(
            OrganisationKey.organisation_id == organisation_id, OrganisationKey.retired_at.is_not(None)
        )
        await session.execute(retired)


async def _take(session: AsyncSession, organisation_id: UUID) -> None:
    """Takes the keys for this transaction alone. Waits for who uses them, in short turns: while it waits, others wait
    behind it."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_S
    await session.execute(text("SET LOCAL lock_timeout = '2s'"))
    while True:
        try:
            async with session.begin_nested():
                await session.execute(select(func.pg_advisory_xact_lock(*lock_of(organisation_id))))
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            if loop.time() > deadline:
                raise KeysBusy from None
        await asyncio.sleep(1)


async def rotate_master(database: Database, file: KeyFile) -> int:
    """Wraps every data key by a new master key, which then takes the place of the old one; how many. Raises KeyRefused.

    The new key lies beside the old one until the database is done: broken off at any moment, both are there, and the
    keys open.
    """
    file.keys()
    file.begin_next()
    async with database.keeping_keys() as session:
        await session.execute(text("LOCK TABLE lantern.organisation_key IN SHARE ROW EXCLUSIVE MODE"))
        masters = file.keys()
        rows = (await session.scalars(select(OrganisationKey))).all()
        for row in rows:
            row.wrapped = wrap(masters[0], unwrap(masters, row), row)
        await session.flush()
        for organisation_id in {row.organisation_id for row in rows}:
            named = sql.SQL("SET LOCAL lantern.organisation_id = {}").format(sql.Literal(str(organisation_id)))
            await (await raw(session)).execute(named, prepare=False)
            note(session, Act.KEYS_ROTATED, "organisation_key", (), {"master": masters[0].fingerprint.hex()})
            await write(session, Author(organisation_id, None, "command"))
    file.finish_next()
    return len(rows)


async def slugs(database: Database) -> list[str]:
    """The short names of all organisations."""
    async with database.keeping_keys() as session:
        return list(await session.scalars(select(Organisation.slug).order_by(Organisation.slug)))
