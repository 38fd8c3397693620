"""The file of a request by law: exactly what was asked for, frozen when the second person agrees, and sealed."""

import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, LargeBinary, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.export import PLACES, ROWS, Form, exported
from geo.export_wanted import Wanted, Whose
from geo.law_request import MOST_COVERED, Asked, LawRequest
from geo.log import Act, note
from geo.schema import OfOrganisation, Row, to
from geo.seal import CannotOpen, Place, Seal

MOST_ROWS = MOST_COVERED
MOST_BYTES = 1_000_000
KEPT = timedelta(days=90)
"""From the release until the file goes. The hash stays in the register."""


class TooMuch(Exception):
    """What is asked for is more than goes out by one request."""


class Damaged(Exception):
    """The file is not what was frozen."""


class LawFile(OfOrganisation, Row):
    """`id` is the request's. Written once; sealed anew when keys change, and otherwise never altered."""

    __tablename__ = "law_file"
    __table_args__ = (
        to("law_request", "id"),
        CheckConstraint("length(file_sealed) <= 1100000", name="file_sealed"),
    )

    file_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    goes_at: Mapped[datetime] = mapped_column(server_default=func.now() + text("interval '90 days'"))


@dataclass(frozen=True)
class Frozen:
    """A file as it went out, and the sites that it tells of."""

    body: bytes
    rows: int
    sites: Sequence[UUID]

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(self.body).digest()


def wanted_by(request: LawRequest) -> Wanted:
    """What a request covered when release was proposed, as an export; the policies hold it to the outline of then."""
    if request.noun == Asked.SITES:
        return Wanted(sites=request.covers_sites or [])
    return Wanted(visits=request.covers_visits or [], first_day=request.first_day, last_day=request.last_day)


async def drawn(session: AsyncSession, whose: Whose, request: LawRequest) -> Frozen:
    """The file, in the form of the exact exports, in a transaction of scope `law`. Raises TooMuch."""
    wanted = wanted_by(request)
    rows = ROWS[request.noun](whose, wanted).subquery()
    site_id = rows.c[PLACES[request.noun]]
    sites = list(await session.scalars(select(site_id).where(site_id.is_not(None)).distinct()))
    body, count = b"", 0
    async with aclosing(exported(session, request.noun, Form.GEOJSON, whose, wanted)) as parts:
        async for part in parts:
            body, count = body + part.text, count + part.number
            if count > MOST_ROWS or len(body) > MOST_BYTES:
                raise TooMuch
    return Frozen(body, count, sites)


async def freeze(session: AsyncSession, request: LawRequest, frozen: Frozen, seal: Seal) -> None:
    """Keeps the file, sealed, for the two persons alone."""
    sealed = seal.seal(frozen.body.decode(), **_place(request.id))
    kept = insert(LawFile).values(organisation_id=request.organisation_id, id=request.id, file_sealed=sealed)
    await session.execute(kept.inline(), execution_options={"synchronize_session": False})


async def is_kept(session: AsyncSession, organisation_id: UUID, request_id: UUID) -> datetime | None:
    """Until when the file is there for who asks; None where it is not, or not for them."""
    until: datetime | None = await session.scalar(
        select(LawFile.goes_at).where(LawFile.organisation_id == organisation_id, LawFile.id == request_id)
    )
    return until


async def open_file(session: AsyncSession, request: LawRequest, seal: Seal) -> bytes | None:
    """The bytes that went out; None where there are none for who asks. Raises Damaged."""
    sealed = await session.scalar(
        select(LawFile.file_sealed).where(LawFile.organisation_id == request.organisation_id, LawFile.id == request.id)
    )
    if sealed is None:
        return None
    try:
        body = seal.open(sealed, **_place(request.id)).encode()
    except CannotOpen as fault:
        raise Damaged from fault
    if hashlib.sha256(body).digest() != request.file_hash:
        raise Damaged
    return body


async def take_old_files(session: AsyncSession, organisation_id: UUID) -> list[UUID]:
    """Takes the files whose time is over; the ids of their requests. In a transaction of scope `retention`."""
    old = delete(LawFile).where(LawFile.organisation_id == organisation_id).returning(LawFile.id)
    gone = list(await session.scalars(old, execution_options={"synchronize_session": False}))
    if gone:
        note(session, Act.RETENTION_RAN, "law_file", gone, {"count": len(gone)})
    return gone


def _place(request_id: UUID) -> Place:
    return {"table": "law_file", "column": "file_sealed", "row_id": request_id}
