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

from geo.seal import CannotOpen, Place, Seal
from geo.site import Site
from geo.visit import Visit


class Delivery(Enum):
    """What became of it. TAKEN: the id stands for something else, seen or unseen by who asks."""

    NEW = "new"
    SAME = "same"
    TAKEN = "taken"


def body_hash(by: UUID | None, body: Mapping[str, Any]) -> bytes:
    """The SHA-256 of a body (as JSON, in any order of its keys) and of the account that sends it. It is stored sealed:
    who knows the rest of a row could guess a short note from it."""
    plain = json.dumps([str(by), body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).digest()


async def delivered(session: AsyncSession, table: type[Site] | type[Visit], values: dict[str, Any], seal: Seal) -> bool:
    """Was this very row delivered before? Asked first: what was taken once is not refused when it comes again, though
    its maker may no longer reach the site, or the type may be gone."""
    there = select(table.body_hash).where(table.organisation_id == values["organisation_id"], table.id == values["id"])
    sealed = await session.scalar(there)
    if sealed is None:
        return False
    try:
        return seal.open(sealed, **_place(table, values)) == bytes(values["body_hash"]).hex()
    except CannotOpen:
        return False


async def deliver(
    session: AsyncSession, table: type[Site] | type[Visit], values: dict[str, Any], seal: Seal
) -> Delivery:
    """Inserts a row unless its key is there already. Deliveries at the same time make one row: the others wait for it,
    and compare. What counts as the same is the body that made the row, not what others have changed since."""
    key = ["organisation_id", "id"]
    row = values | {"body_hash": seal.seal(values["body_hash"].hex(), **_place(table, values))}
    new = insert(table).values(**row).on_conflict_do_nothing(index_elements=key).returning(table.id)
    if (await session.execute(new)).first() is not None:
        return Delivery.NEW
    return Delivery.SAME if await delivered(session, table, values, seal) else Delivery.TAKEN


def _place(table: type[Site] | type[Visit], values: dict[str, Any]) -> Place:
    return {"table": table.__tablename__, "column": "body_hash", "row_id": values["id"]}
