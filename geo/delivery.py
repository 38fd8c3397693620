"""A delivery: a row under the id that its maker chose, which may be sent any number of times and is kept once."""

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.site import Site
from geo.visit import Visit


class Delivery(Enum):
    """What became of it. TAKEN: the id stands for something else, seen or unseen by who asks."""

    NEW = "new"
    SAME = "same"
    TAKEN = "taken"


def body_hash(by: UUID | None, body: Mapping[str, Any]) -> bytes:
    """The SHA-256 of a body (as JSON, in any order of its keys) and of the account that sends it."""
    plain = json.dumps([str(by), body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).digest()


async def delivered(session: AsyncSession, table: type[Site] | type[Visit], values: dict[str, Any]) -> bool:
    """Was this very row delivered before? Asked first: what was taken once is not refused when it comes again, though
    its maker may no longer reach the site, or the type may be gone."""
    return bool(await _hash_of(session, table, values) == values["body_hash"])


async def deliver(session: AsyncSession, table: type[Site] | type[Visit], values: dict[str, Any]) -> Delivery:
    """Inserts a row unless its key is there already. Deliveries at the same time make one row: the others wait for it,
    and compare. What counts as the same is the body that made the row, not what others have changed since."""
    key = ["organisation_id", "id"]
    new = insert(table).values(**values).on_conflict_do_nothing(index_elements=key).returning(table.id)
    if (await session.execute(new)).first() is not None:
        return Delivery.NEW
    same = await _hash_of(session, table, values) == values["body_hash"]
    return Delivery.SAME if same else Delivery.TAKEN


async def _hash_of(session: AsyncSession, table: type[Site] | type[Visit], values: dict[str, Any]) -> bytes | None:
    there = select(table.body_hash).where(table.organisation_id == values["organisation_id"], table.id == values["id"])
    return await session.scalar(there)
