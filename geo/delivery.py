"""A delivery: a row under the id that its maker chose, which may be sent any number of times and is kept once."""

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.erasure import Noun, was_erased
from geo.receipt import Receipt, find_receipt
from geo.seal import CannotOpen, Place, Seal
from geo.site import Site
from geo.visit import Visit


class Delivery(Enum):
    """What became of it. TAKEN: the id stands for something else, seen or unseen by who asks, or for
    what was erased.

    TAKEN tells whoever holds an id that a row of their organisation has it, and nothing else of the row: not whose it
    is, not where, not whether it is reached. That cannot be hidden, for a second row of the id cannot be made. Nobody
    finds an id by trying: it holds at least 62 random bits. Whoever knows one has seen the row, or made it.
    """

    NEW = "new"
    SAME = "same"
    TAKEN = "taken"


def body_hash(by: UUID | None, body: Mapping[str, Any]) -> bytes:
    """The SHA-256 of a body (as JSON, in any order of its keys) and of the account that sends it. It is stored sealed:
    who knows the rest of a row could guess a short note from it."""
    plain = json.dumps([str(by), body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).digest()


async def delivered(
    session: AsyncSession, table: type[Site] | type[Visit], values: dict[str, Any], seal: Seal
) -> Delivery | None:
    """SAME where who asks delivered this very row before, TAKEN where it was another under the id; else None.

    Asked first: what was taken once is not refused when it comes again, though its maker may no longer reach the row or
    its site, or the type may be gone. Goes by the receipt, which its maker alone reads.
    """
    receipt = await find_receipt(session, values["organisation_id"], table.__tablename__, values["id"])
    if receipt is None:
        return None
    try:
        same = seal.open(receipt.body_hash, **_place(table, values)) == bytes(values["body_hash"]).hex()
    except CannotOpen:
        same = False
    return Delivery.SAME if same else Delivery.TAKEN


async def deliver(
    session: AsyncSession, table: type[Site] | type[Visit], values: dict[str, Any], by: UUID | None, seal: Seal
) -> Delivery:
    """Inserts a row, with a receipt for its maker, unless its key is there already. Deliveries at the same time make
    one row: the others wait for it, and compare. What counts as the same is the body that made the row, not what others
    have changed since."""
    key = ["organisation_id", "id"]
    row = {name: value for name, value in values.items() if name != "body_hash"}
    new = insert(table).values(**row).on_conflict_do_nothing(index_elements=key).returning(table.id)
    if (await session.execute(new)).first() is None:
        return await delivered(session, table, values, seal) or Delivery.TAKEN
    # Asked last: an erasure that this waited for is known by now. Whoever is told TAKEN takes the row back.
    if await was_erased(session, values["organisation_id"], Noun(table.__tablename__), [values["id"]]):
        return Delivery.TAKEN
    if by is not None:
        sealed = seal.seal(values["body_hash"].hex(), **_place(table, values))
        of = {"noun": table.__tablename__, "noun_id": values["id"], "account_id": by}
        session.add(Receipt(organisation_id=values["organisation_id"], body_hash=sealed, **of))
        await session.flush()
    return Delivery.NEW


def _place(table: type[Site] | type[Visit], values: dict[str, Any]) -> Place:
    return {"table": table.__tablename__, "column": "body_hash", "row_id": values["id"]}
