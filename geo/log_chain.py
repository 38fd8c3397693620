"""The chain of the log: how each entry is bound to the one before it, and what a look at all of it finds.

An entry's hash is SHA-256 of the hash before it, the organisation's id (16 bytes), the number of the entry (8 bytes,
most significant first) and its text in UTF-8. The first one follows 32 bytes of nought.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.log import LogEntry, LogHead

BEFORE_THE_FIRST = bytes(32)
BATCH = 1000


@dataclass(frozen=True)
class Head:
    """How far an organisation's log went at some moment."""

    organisation_id: UUID
    seq: int
    hash: bytes


@dataclass(frozen=True)
class Fault:
    """What is wrong, in words that tell an administrator what happened, and at which entry."""

    seq: int
    what: str


def link(before: bytes, organisation_id: UUID, seq: int, entry: str) -> bytes:
    return hashlib.sha256(before + organisation_id.bytes + seq.to_bytes(8, "big") + entry.encode()).digest()


class Chain:
    """Takes the entries of one organisation in the order of their numbers, and gathers the faults.

    `anchors` are heads that were written down outside the database.
    """

    def __init__(self, organisation_id: UUID, anchors: Iterable[Head]) -> None:
        self.organisation_id = organisation_id
        self.faults: list[Fault] = []
        self.seq, self.hash = 0, BEFORE_THE_FIRST
        self._anchors: Mapping[int, list[bytes]] = _by_number(organisation_id, anchors)

    def take(self, seq: int, entry: str, hashed: bytes) -> None:
        if seq != self.seq + 1:
            self._fault(self.seq + 1, f"entries {self.seq + 1} to {seq - 1} are missing")
        elif link(self.hash, self.organisation_id, seq, entry) != hashed:
            self._fault(seq, "was altered, or put in later: its hash does not fit")
        if any(anchor != hashed for anchor in self._anchors.get(seq, ())):
            self._fault(seq, "is not the entry that was anchored: the log was rewritten")
        self.seq, self.hash = seq, hashed

    def end(self, head: Head | None) -> None:
        """After the last entry; `head` is what the database itself says of the end."""
        last = max(self._anchors, default=0)
        if last > self.seq:
            self._fault(self.seq + 1, f"the end is missing: entry {last} was anchored")
        if (head.seq, head.hash) != (self.seq, self.hash) if head else self.seq > 0:
            self._fault(self.seq, "is not where the database says the log ends")

    def _fault(self, seq: int, what: str) -> None:
        self.faults.append(Fault(seq, what))


async def verify(session: AsyncSession, organisation_id: UUID, anchors: Iterable[Head]) -> Chain:
    """Looks at every entry of an organisation's log, for who may read it."""
    chain = Chain(organisation_id, anchors)
    rows = select(LogEntry.seq, LogEntry.entry, LogEntry.hash).where(LogEntry.organisation_id == organisation_id)
    found = await session.stream(rows.order_by(LogEntry.seq).execution_options(yield_per=BATCH))
    async for seq, entry, hashed in found:
        chain.take(seq, entry, hashed)
    chain.end(await head_of(session, organisation_id))
    return chain


async def begun_at(session: AsyncSession, organisation_id: UUID) -> datetime | None:
    """When the first entry was written; none before it."""
    first = select(LogEntry.at).where(LogEntry.organisation_id == organisation_id, LogEntry.seq == 1)
    found: datetime | None = await session.scalar(first)
    return found


async def head_of(session: AsyncSession, organisation_id: UUID) -> Head | None:
    """The end of the log as the database knows it; none before the first entry."""
    row = await session.scalar(select(LogHead).where(LogHead.organisation_id == organisation_id))
    return Head(organisation_id, row.seq, row.hash) if row else None


def _by_number(organisation_id: UUID, anchors: Iterable[Head]) -> Mapping[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for anchor in anchors:
        if anchor.organisation_id == organisation_id:
            found.setdefault(anchor.seq, []).append(anchor.hash)
    return found
