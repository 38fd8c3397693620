"""A run of retention: takes what is older than its rule, a batch in each transaction, so that nobody waits long."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.asker import Asker
from api.database import Database
from geo.account import Role
from geo.delivery_key import take_old_keys
from geo.law_file import take_old_files
from geo.organisation import Organisation
from geo.retention import AHEAD, FIRST, Going, Kind, Rule, going, last_run, note_run, rules, take

FIRST_S = 600.0
EVERY_S = 3600.0
DAILY = timedelta(hours=23)
logger = logging.getLogger("lantern.retention")

Told = Callable[[Kind, int], None]
"""Is told how many rows of a kind went so far."""


@dataclass(frozen=True)
class Outlook:
    """For each kind the rule, what a run would take now, and what in a week; when the last run was, and the next."""

    kinds: list[tuple[Rule, Going, Going]]
    last_run: datetime | None
    next_run: datetime


async def outlook(database: Database, asker: Asker) -> Outlook:
    """What there is to see before anything goes. The asker is a steward."""
    async with database.asking(asker) as session:
        laid_down = await rules(session)
        last = await last_run(session, asker.organisation_id)
    now, soon = await what_goes(database, asker), await what_goes(database, asker, AHEAD)
    return Outlook(list(zip(laid_down, now, soon, strict=True)), last, next_run(last))


async def what_goes(database: Database, asker: Asker, ahead: timedelta = timedelta(0)) -> list[Going]:
    """What a run would take of each kind now, or so much later."""
    async with database.retaining(asker) as session:
        return [await going(session, asker.organisation_id, kind, ahead) for kind in Kind]


async def run(database: Database, asker: Asker, told: Told = lambda kind, done: None) -> dict[Kind, int]:
    """Takes it; how many rows of each kind. Broken off, the next run goes on. Every step is in the log."""
    counts = dict.fromkeys(Kind, 0)
    for kind in Kind:
        after: UUID | None = FIRST
        while after is not None:
            async with database.retaining(asker) as session:
                taken = await take(session, asker.organisation_id, kind, after)
            counts[kind] += taken.rows
            told(kind, counts[kind])
            after = taken.last
    async with database.retaining(asker) as session:
        await take_old_files(session, asker.organisation_id)
        await take_old_keys(session, asker.organisation_id)
        note_run(session, asker.organisation_id, counts)
    return counts


def next_run(last: datetime | None) -> datetime:
    """The earliest moment of the next run that the server makes by itself; within an hour of it, it comes."""
    return max(last + DAILY, datetime.now(UTC)) if last else datetime.now(UTC)


async def keep(database: Database) -> None:
    """Makes a run for every organisation once a day, for as long as the server runs."""
    await asyncio.sleep(FIRST_S)
    while True:
        try:
            await run_what_is_due(database)
        except (DBAPIError, InterfaceError, PoolTimeout, OSError) as error:
            logger.error("The rules of retention could not be kept: %s", type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def run_what_is_due(database: Database) -> int:
    """A run for each organisation whose last one is a day ago; how many."""
    async with database.keeping_keys() as session:
        found = list(await session.scalars(select(Organisation).order_by(Organisation.id)))
    ran = 0
    for one in found:
        server = replace(Asker.command(one.id, one.slug, one.time_zone, Role.STEWARD), name="server")
        async with database.asking(server) as session:
            last = await last_run(session, one.id)
        if next_run(last) <= datetime.now(UTC):
            await run(database, server)
            ran += 1
    return ran
