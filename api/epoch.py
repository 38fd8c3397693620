"""The epoch: which copy of an organisation's data this is. After a restore from an older backup it is another, and then
phones offer again what the copy that is gone had acknowledged.

An older copy is found at start: its log ends before, or differs from, what was anchored outside the database.
"""

from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.anchor import FILE, Anchors, read_anchors
from api.asker import Asker
from api.database import Database
from geo.account import Role
from geo.log import Act, LogEntry, note
from geo.log_chain import Head, head_of
from geo.organisation import Organisation


async def renew(database: Database, slug: str) -> UUID:
    """A new epoch for an organisation; phones offer again. Raises OrganisationUnknown."""
    asker = await database.asker_of_organisation(slug)
    epoch = uuid4()
    async with database.asking(asker) as session:
        mine = update(Organisation).where(Organisation.id == asker.organisation_id)
        await session.execute(mine.values(epoch=epoch))
        note(session, Act.EPOCH_RENEWED, "epoch", [asker.organisation_id])
    return epoch


async def renew_where_older(database: Database, home: Path) -> list[str]:
    """A new epoch for each organisation whose data is an older copy than was anchored in a home; their short names.

    The end of each log is anchored anew, so that the same copy is found once.
    """
    anchored = {head.organisation_id: head for head in read_anchors(home / FILE)}
    anchors, found = Anchors(home), []
    for one in await _older(database, anchored) if anchored else []:
        await renew(database, one.slug)
        await anchors.begin_anew(database, one.id)
        found.append(one.slug)
    return found


async def _older(database: Database, anchored: dict[UUID, Head]) -> list[Organisation]:
    async with database.keeping_keys() as session:
        organisations = list(await session.scalars(select(Organisation).order_by(Organisation.slug)))
    found = []
    for one in organisations:
        head = anchored.get(one.id)
        if head is None:
            continue
        steward = Asker.command(one.id, one.slug, one.time_zone, Role.STEWARD)
        async with database.asking(steward) as session:
            if await _is_older(session, head):
                found.append(one)
    return found


async def _is_older(session: AsyncSession, anchored: Head) -> bool:
    now = await head_of(session, anchored.organisation_id)
    if now is None or now.seq < anchored.seq:
        return True
    entry = select(LogEntry.hash).where(
        LogEntry.organisation_id == anchored.organisation_id, LogEntry.seq == anchored.seq
    )
    return await session.scalar(entry) != anchored.hash
