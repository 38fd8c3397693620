"""What must not be read at rest: sealed by a data key of the organisation, which a master key outside wraps.

AES-256-GCM (NIST SP 800-38D) with random nonces of 96 bits throughout. Sealed: one byte of version, four of the number
of the data key, the nonce, the ciphertext with its tag. Organisation, table, column and row are the associated data.
"""

import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.key_file import FINGERPRINT, KeyFile, KeyWrong, MasterKey
from geo.organisation_key import OrganisationKey
from geo.schema import new_id
from geo.seal import CannotOpen

VERSION = 1
NONCE = 12
HEAD = struct.Struct(">BI")


@dataclass(frozen=True)
class Keys:
    """The data keys of one organisation, by number, as they are in this transaction; `newest` seals."""

    organisation_id: UUID
    newest: int
    _ciphers: dict[int, AESGCM]

    @classmethod
    def of(cls, rows: Sequence[OrganisationKey], ciphers: Mapping[UUID, AESGCM]) -> "Keys":
        """From the rows of the table, at least one of them not retired, and what each opens to."""
        newest = max(row.number for row in rows if row.retired_at is None)
        return cls(rows[0].organisation_id, newest, {row.number: ciphers[row.id] for row in rows})

    def seal(self, text: str, *, table: str, column: str, row_id: UUID) -> bytes:
        head = HEAD.pack(VERSION, self.newest)
        nonce = os.urandom(NONCE)
        where = self._place(head, table, column, row_id)
        return head + nonce + self._ciphers[self.newest].encrypt(nonce, text.encode(), where)

    def open(self, sealed: bytes, *, table: str, column: str, row_id: UUID) -> str:
        """Raises CannotOpen."""
        refused = CannotOpen(f"{table}.{column} of {row_id} does not open")
        if len(sealed) < HEAD.size + NONCE:
            raise refused
        head, nonce, rest = sealed[: HEAD.size], sealed[HEAD.size : HEAD.size + NONCE], sealed[HEAD.size + NONCE :]
        version, number = HEAD.unpack(head)
        cipher = self._ciphers.get(number)
        if version != VERSION or cipher is None:
            raise refused
        try:
            return cipher.decrypt(nonce, rest, self._place(head, table, column, row_id)).decode()
        except InvalidTag:
            raise refused from None

    def _place(self, head: bytes, table: str, column: str, row_id: UUID) -> bytes:
        return b"\x1f".join((head, self.organisation_id.bytes, table.encode(), column.encode(), row_id.bytes))


def number_of(sealed: bytes) -> int:
    """The number of the data key that sealed it."""
    return int(HEAD.unpack_from(sealed)[1])


class Vault:
    """Opens the data keys with the master key in a file, and keeps them open for as long as they are in use."""

    def __init__(self, file: KeyFile) -> None:
        self.file = file
        self._open: dict[UUID, dict[UUID, AESGCM]] = {}

    async def make_ready(self, session: AsyncSession) -> None:
        """Makes the master key where nothing was ever sealed; else sees that it opens every key there is. In a
        transaction of `Database.keeping_keys`. Raises KeyRefused: with the wrong key nothing should start."""
        rows = (await session.scalars(select(OrganisationKey))).all()
        if not rows and not self.file.exists():
            self.file.make()
        masters = self.file.keys()
        for row in rows:
            unwrap(masters, row)

    async def keys(self, session: AsyncSession, organisation_id: UUID) -> Keys:
        """The organisation's keys, for the rest of the session's transaction; the first is made when there is none.

        Ask before reading what is sealed: until the transaction ends no key comes or goes, and a rotation waits.
        Raises KeyRefused when there is no master key, or another.
        """
        await session.execute(select(func.pg_advisory_xact_lock_shared(*lock_of(organisation_id))))
        rows = await self._rows(session, organisation_id)
        if not any(row.retired_at is None for row in rows):
            await self.add_key(session, organisation_id, number=max((row.number for row in rows), default=0) + 1)
            rows = await self._rows(session, organisation_id)
        before = self._open.get(organisation_id, {})
        now = {row.id: before.get(row.id) or unwrapped(self.file.keys(), row) for row in rows}
        self._open[organisation_id] = now  # a key that is gone from the table is forgotten here too
        return Keys.of(rows, now)

    async def add_key(self, session: AsyncSession, organisation_id: UUID, number: int) -> None:
        """Makes a data key of that number, unless someone else just did."""
        # A master key that is being replaced wraps nothing more once the table is free again.
        await session.execute(text("LOCK TABLE lantern.organisation_key IN ROW EXCLUSIVE MODE"))
        new = insert(OrganisationKey).values(**new_key(self.file.keys()[0], organisation_id, number))
        await session.execute(new.on_conflict_do_nothing(index_elements=["organisation_id", "number"]))

    async def _rows(self, session: AsyncSession, organisation_id: UUID) -> Sequence[OrganisationKey]:
        rows = select(OrganisationKey).where(OrganisationKey.organisation_id == organisation_id)
        return (await session.scalars(rows.execution_options(populate_existing=True))).all()


def lock_of(organisation_id: UUID) -> tuple[int, int]:
    """The advisory lock that everyone who uses an organisation's keys shares, and that a rotation takes for itself."""
    return 0x6B657973, int.from_bytes(organisation_id.bytes[-4:], "big", signed=True)


def new_key(master: MasterKey, organisation_id: UUID, number: int) -> dict[str, Any]:
    """The columns of a new data key, wrapped by a master key."""
    row = OrganisationKey(organisation_id=organisation_id, id=new_id(), number=number)
    wrapped = wrap(master, AESGCM.generate_key(256), row)
    return {"organisation_id": organisation_id, "id": row.id, "number": number, "wrapped": wrapped}


def unwrapped(masters: Sequence[MasterKey], row: OrganisationKey) -> AESGCM:
    """What seals and opens with a data key. Raises KeyWrong."""
    return AESGCM(unwrap(masters, row))


def wrap(master: MasterKey, secret: bytes, row: OrganisationKey) -> bytes:
    """A data key sealed by a master key, with the fingerprint of that one."""
    nonce = os.urandom(NONCE)
    return master.fingerprint + nonce + AESGCM(master.secret).encrypt(nonce, secret, _place_of(row))


def unwrap(masters: Sequence[MasterKey], row: OrganisationKey) -> bytes:
    """The data key; raises KeyWrong where none of the master keys wrapped it."""
    fingerprint, nonce = row.wrapped[:FINGERPRINT], row.wrapped[FINGERPRINT : FINGERPRINT + NONCE]
    for master in masters:
        if master.fingerprint == fingerprint:
            try:
                return AESGCM(master.secret).decrypt(nonce, row.wrapped[FINGERPRINT + NONCE :], _place_of(row))
            except InvalidTag:
                raise KeyWrong(f"Key {row.number} of {row.organisation_id} in the database is damaged.") from None
    raise KeyWrong(
        f"The keys in the database were wrapped by the master key {fingerprint.hex()}, and this one is "
        f"{', '.join(master.fingerprint.hex() for master in masters)}. Put the right one in its place."
    )


def _place_of(row: OrganisationKey) -> bytes:
    return b"\x1f".join((b"organisation_key", row.organisation_id.bytes, row.id.bytes, struct.pack(">I", row.number)))
