"""Who saw which site, when and why: the log as a steward reads it, the newest first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.log import Act, LogEntry

EXPORTED = ("sites", "visits")


@dataclass(frozen=True)
class LogWanted:
    """`row_id` is a site, a visit or anything else by id; `any` entries, which name no ids, count for every site."""

    account_id: UUID | None = None
    row_id: UUID | None = None
    act: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Logged:
    """One entry. `ids` are the first few of the rows it names, `count` is how many, None where it may be any."""

    seq: int
    at: datetime
    account_id: UUID | None
    via: str
    act: str
    noun: str
    why: str | None
    ids: list[UUID]
    count: int | None
    detail: dict[str, Any]


def conditions(organisation_id: UUID, wanted: LogWanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [LogEntry.organisation_id == organisation_id]
    if wanted.account_id:
        found.append(LogEntry.account_id == wanted.account_id)
    if wanted.row_id:
        whole = and_(LogEntry.act == Act.EXPORTED, LogEntry.noun.in_(EXPORTED), func.cardinality(LogEntry.ids) == 0)
        found.append(or_(LogEntry.ids.contains([wanted.row_id]), whole))
    if wanted.act:
        found.append(LogEntry.act == wanted.act)
    if wanted.start:
        found.append(LogEntry.at >= wanted.start)
    if wanted.end:
        found.append(LogEntry.at < wanted.end)
    return found


async def list_log(
    session: AsyncSession, organisation_id: UUID, wanted: LogWanted, before: int | None, limit: int
) -> list[Logged]:
    """Entries by number, the newest first, beginning before a number."""
    rows = select(LogEntry).where(*conditions(organisation_id, wanted))
    if before is not None:
        rows = rows.where(LogEntry.seq < before)
    return [_logged(row) for row in await session.scalars(rows.order_by(LogEntry.seq.desc()).limit(limit))]


def _logged(row: LogEntry, most: int = 20) -> Logged:
    said = json.loads(row.entry)
    ids: Sequence[UUID] = row.ids
    count = None if said["detail"].get("any") else len(ids)
    return Logged(
        row.seq, row.at, row.account_id, said["via"], row.act, row.noun, said["why"], list(ids[:most]), count,
        said["detail"],
    )  # fmt: skip
