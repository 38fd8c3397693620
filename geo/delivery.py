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


async def deliver(session: AsyncSession, table: type[Site] | type[Visit], values: dict[str, Any]) -> Delivery:
    """Inserts a row unless its key is there already. Deliveries at the same time make one row: the others wait for it,
    and compare. What counts as the same is the body that made the row, not what others have changed since."""
    key = {"organisation_id": values["organisation_id"], "id": values["id"]}
    new = insert(table).values(**values).on_conflict_do_nothing(index_elements=list(key)).returning(table.id)
    if (await session.execute(new)).first() is not None:
        return Delivery.NEW
    there = await session.scalar(select(table.body_hash).filter_by(**key))
    return Delivery.SAME if there is not None and there == values["body_hash"] else Delivery.TAKEN
