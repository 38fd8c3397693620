"""Which requests by law there are, what they hold, and their steps: registered, proposed, released or refused."""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from geo.change import locked
from geo.law_file import Frozen, TooMuch
from geo.law_request import LawRequest
from geo.log import Act, note
from geo.refusal import Refusal
from geo.seal import CannotOpen, Place, Seal
from geo.site import Site

log = logging.getLogger("lantern")
MOST_TOLD = 50
TOO_MUCH = "54000"


@dataclass(frozen=True)
class Words:
    """What was typed of a request: who asks, by what right and number, and for what, in words."""

    authority: str
    reference: str
    wording: str


class CoversNothing(Exception):
    """What a request names is nothing that is there."""


class Held(Exception):
    """A request holds the row: it stays for now."""

    def __init__(self, request_id: UUID) -> None:
        super().__init__(str(request_id))
        self.request_id = request_id


def sealed_words(seal: Seal, request_id: UUID, words: Words) -> bytes:
    return seal.seal(json.dumps(asdict(words), ensure_ascii=False), **_place("words_sealed", request_id))


def opened_words(seal: Seal, request: LawRequest) -> Words | None:
    """None where they do not open; the rest of the row can be read without them."""
    text = _opened(seal, "words_sealed", request.id, request.words_sealed)
    return Words(**json.loads(text)) if text else None


def sealed_refusal(seal: Seal, request_id: UUID, reason: str) -> bytes:
    return seal.seal(reason, **_place("refusal_sealed", request_id))


def opened_refusal(seal: Seal, request: LawRequest) -> str | None:
    return _opened(seal, "refusal_sealed", request.id, request.refusal_sealed)


def _opened(seal: Seal, column: str, request_id: UUID, sealed: bytes | None) -> str | None:
    try:
        return seal.open(sealed, **_place(column, request_id)) if sealed else None
    except CannotOpen as fault:
        log.error("%s", fault)
        return None


def _place(column: str, request_id: UUID) -> Place:
    return {"table": "law_request", "column": column, "row_id": request_id}


def holds() -> ColumnElement[bool]:
    """By the clock of the database, as its policies say it; and at once over for what covers nothing."""
    moments = (LawRequest.registered_at, LawRequest.proposed_at, LawRequest.refused_at, LawRequest.released_at)
    told: ColumnElement[bool] = func.lantern.law_holds(*moments) & or_(
        LawRequest.covers_sites.is_(None),
        func.cardinality(LawRequest.covers_sites) + func.cardinality(LawRequest.covers_visits) > 0,
        func.lantern.law_undecided(*moments),
    )
    return told


async def list_law_requests(
    session: AsyncSession, organisation_id: UUID, *, live: bool = False, after: UUID | None = None, limit: int = 1000
) -> list[LawRequest]:
    """The register, by id; `live`: those that hold."""
    rows = select(LawRequest).where(LawRequest.organisation_id == organisation_id)
    if live:
        rows = rows.where(holds())
    if after:
        rows = rows.where(LawRequest.id > after)
    return list(await session.scalars(rows.order_by(LawRequest.id).limit(limit)))


async def latest_law_requests(
    session: AsyncSession, organisation_id: UUID, since: datetime | None = None
) -> list[LawRequest]:
    """The last ones first; `since`: those that hold, or were released after a moment."""
    rows = select(LawRequest).where(LawRequest.organisation_id == organisation_id)
    if since:
        rows = rows.where(holds() | (LawRequest.released_at >= since))
    return list(await session.scalars(rows.order_by(LawRequest.registered_at.desc()).limit(MOST_TOLD)))


async def find_law_request(
    session: AsyncSession, organisation_id: UUID, request_id: UUID, lock: bool = False
) -> LawRequest | None:
    """One of them; `lock` where who asks means to decide it."""
    rows = select(LawRequest).where(LawRequest.organisation_id == organisation_id, LawRequest.id == request_id)
    found: LawRequest | None = await session.scalar(locked(rows) if lock else rows)
    return found


async def holding_requests(session: AsyncSession, organisation_id: UUID) -> list[UUID]:
    """The ids of the requests for which exact exports are frozen; for managers and stewards."""
    rows = select(LawRequest.id).where(LawRequest.organisation_id == organisation_id, holds())
    return list(await session.scalars(rows.order_by(LawRequest.id)))


async def refuse_held(session: AsyncSession, organisation_id: UUID, site_id: UUID) -> None:
    """Raises Held where a request holds the site or a visit to it; in a transaction that sees them."""
    site = select(func.lantern.site_held_by(Site.id, Site.geom))
    request_id = await session.scalar(site.where(Site.organisation_id == organisation_id, Site.id == site_id))
    if request_id:
        raise Held(request_id)


async def register(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new one, from the columns that are given once. In a transaction of scope `law`. Raises Refusal where an id is
    none of a site."""
    await session.execute(insert(LawRequest).values(**values).inline())
    there = select(func.count()).select_from(Site).where(Site.organisation_id == values["organisation_id"])
    if await session.scalar(there.where(Site.id.in_(values["site_ids"]))) != len(values["site_ids"]):
        raise Refusal("are not all ids of sites of this organisation", "site_ids")
    detail = {
        "noun": values["noun"],
        "sites": len(values["site_ids"]),
        "area": str(values["work_area_id"] or "") or None,
    }
    note(session, Act.LAW_REGISTERED, "law_request", [values["id"], *values["site_ids"]], detail, why="")


async def propose(session: AsyncSession, request: LawRequest, by: UUID) -> None:
    """From now on a second person has seven days, and what it covers is fixed. In a transaction of scope `law`. Raises
    TooMuch, CoversNothing."""
    try:
        await _step(session, request, proposed_by=by)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == TOO_MUCH:
            raise TooMuch from None
        raise
    if request.covers_nothing:
        raise CoversNothing
    sites, visits = request.covers_sites or [], request.covers_visits or []
    detail = {"sites": len(sites), "visits": len(visits)}
    note(session, Act.LAW_PROPOSED, "law_request", [request.id, *sites], detail, why="")


async def proposer_stays(session: AsyncSession, request: LawRequest) -> bool:
    """Is who proposed it still a steward, and there? Otherwise a steward proposes it anew."""
    return bool(await session.scalar(select(func.lantern.law_proposer_stays(request.proposed_by))))


async def agree(session: AsyncSession, request: LawRequest, by: UUID) -> None:
    """The second person's word, which alone opens what is asked for; `release` follows in the same transaction."""
    await _step(session, request, agreed_by=by)


async def release(session: AsyncSession, request: LawRequest, frozen: Frozen) -> None:
    """Writes down what went out; the file is kept already."""
    told = {"file_hash": frozen.hash, "file_bytes": len(frozen.body), "file_rows": frozen.rows}
    await _step(session, request, **told)
    detail = {"rows": frozen.rows, "sha256": frozen.hash.hex(), "proposed_by": str(request.proposed_by)}
    note(session, Act.LAW_RELEASED, "law_request", [request.id, *frozen.sites], detail, why="")


async def refuse(session: AsyncSession, request: LawRequest, by: UUID, refusal_sealed: bytes) -> None:
    """In a transaction of scope `law`, in which the database sees whether it covers anything."""
    await _step(session, request, refused_by=by, refusal_sealed=refusal_sealed)
    note(session, Act.LAW_REFUSED, "law_request", [request.id], why="")


async def _step(session: AsyncSession, request: LawRequest, **columns: object) -> None:
    # The moments are set by the database, where the step is checked too.
    this = update(LawRequest).where(LawRequest.organisation_id == request.organisation_id, LawRequest.id == request.id)
    await session.execute(this.values(**columns), execution_options={"synchronize_session": False})
    await session.refresh(request)
