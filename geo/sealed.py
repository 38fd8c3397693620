"""All columns that hold something sealed: what a rotation of keys has to seal anew.

Sealed stands: one byte of version, four of the number of the key (big endian), then the rest.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.alert import Alert
from geo.change import Change
from geo.city_sign_in import CitySignIn
from geo.delivery_key import DeliveryKey
from geo.law_file import LawFile
from geo.law_request import LawRequest
from geo.note import COLUMNS
from geo.phone_delivery import PhoneDelivery
from geo.receipt import Receipt
from geo.schema import Row
from geo.seal import CannotOpen, NewestSeal, Place, Seal
from geo.second_factor import Authenticator
from geo.site import Site
from geo.visit import Visit


@dataclass(frozen=True)
class SealedColumn:
    """A column, and what its values are sealed for: their own row, or `sealed_for` where they were taken from another
    table, whose rows `row_id` names; then `only` tells which they are. So many at once as `batch` says."""

    held: type[Row]
    column: str
    sealed_for: tuple[str, str] | None = None
    row_id: str = "id"
    only: ColumnElement[bool] | None = None
    batch: int = 1000

    def place(self, row_id: UUID) -> Place:
        table, column = self.sealed_for or (self.held.__tablename__, self.column)
        return {"table": table, "column": column, "row_id": row_id}


SEALED = (
    SealedColumn(Site, COLUMNS[Site]),
    SealedColumn(Visit, COLUMNS[Visit]),
    SealedColumn(Alert, COLUMNS[Alert]),
    SealedColumn(Alert, "body_hash"),
    SealedColumn(Change, "note_sealed", ("site", COLUMNS[Site]), "noun_id", Change.noun == "site"),
    SealedColumn(Change, "note_sealed", ("visit", COLUMNS[Visit]), "noun_id", Change.noun == "visit"),
    SealedColumn(Receipt, "body_hash", ("site", "body_hash"), "noun_id", Receipt.noun == "site"),
    SealedColumn(Receipt, "body_hash", ("visit", "body_hash"), "noun_id", Receipt.noun == "visit"),
    SealedColumn(PhoneDelivery, "body_hash"),
    SealedColumn(PhoneDelivery, "body_sealed", batch=100),
    SealedColumn(DeliveryKey, "private_sealed"),
    SealedColumn(Authenticator, "secret"),
    SealedColumn(CitySignIn, "client_secret"),
    SealedColumn(LawRequest, "words_sealed"),
    SealedColumn(LawRequest, "refusal_sealed"),
    SealedColumn(LawFile, "file_sealed", batch=10),
)


@dataclass
class Resealed:
    """How many rows were sealed anew, and where to go on (None: nothing is left). What does not open stays as it is."""

    rows: int
    last: UUID | None


async def reseal(session: AsyncSession, column: SealedColumn, seal: NewestSeal, *, after: UUID, most: int) -> Resealed:
    """Seals the next rows anew that an older key than the newest has sealed, by id. What someone else changes meanwhile
    is sealed by the newest key already, and stays as it is."""
    table = column.held.__table__
    sealed = table.c[column.column]
    wanted = select(table.c.id, table.c[column.row_id], sealed).where(*_old(seal.organisation_id, column, seal.newest))
    rows = (await session.execute(wanted.where(table.c.id > after).order_by(table.c.id).limit(most))).all()
    turned = _turned(rows, column, seal)
    if turned:
        this = (
            table.c.organisation_id == seal.organisation_id,
            table.c.id == bindparam("one"),
            sealed == bindparam("old"),
        )
        connection = await session.connection()
        await connection.execute(update(column.held).where(*this).values({column.column: bindparam("new")}), turned)
    return Resealed(len(turned), rows[-1][0] if len(rows) == most else None)


def _turned(rows: Sequence[Any], column: SealedColumn, seal: Seal) -> list[dict[str, Any]]:
    turned = []
    for one, row_id, old in rows:
        place = column.place(row_id)
        with suppress(CannotOpen):
            turned.append({"one": one, "old": old, "new": seal.seal(seal.open(old, **place), **place)})
    return turned


async def count_old(session: AsyncSession, organisation_id: UUID, column: SealedColumn, newest: int) -> int:
    """How many rows an older key than the newest has sealed."""
    rows = select(func.count()).select_from(column.held.__table__).where(*_old(organisation_id, column, newest))
    return await session.scalar(rows) or 0


def _old(organisation_id: UUID, column: SealedColumn, newest: int) -> list[ColumnElement[bool]]:
    table = column.held.__table__
    sealed = table.c[column.column]
    found = [
        table.c.organisation_id == organisation_id,
        sealed.is_not(None),
        func.substring(sealed, 2, 4) != newest.to_bytes(4, "big"),
    ]
    return found if column.only is None else [*found, column.only]
