"""Erasures over HTTP, for the steward: ids and reasons, never a place or a name."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.asker import Asker
from api.asking import get_database
from api.body import Body
from api.erasure_file import write_erasures
from api.log import Stewarding
from api.noun_router import noun_router, problems
from api.problem import HELD_BY_LAW, NOT_FOUND, Problem
from api.retention import StewardInPerson
from geo.eraser import ERASERS
from geo.erasure import Gone, Noun, Reason, list_erasures
from geo.law_request_query import Held

router: APIRouter = noun_router("erasures")
UNLISTED = (
    "It is erased, but the list outside the database could not be written. The server tries again within the hour; "
    "until then restore no backup. Tell whoever runs Lantern."
)
logger = logging.getLogger("lantern.erasure")


class ErasureIn(Body):
    """The id of a site, or of an account whose access has ended, and why it is erased."""

    site_id: UUID | None = None
    account_id: UUID | None = None
    reason: Reason

    @property
    def what(self) -> dict[Noun, UUID]:
        named = {Noun.SITE: self.site_id, Noun.ACCOUNT: self.account_id}
        return {noun: one for noun, one in named.items() if one}

    @model_validator(mode="after")
    def one_thing(self) -> Self:
        if len(self.what) != 1:
            raise ValueError("names one thing: site_id or account_id")
        [noun] = self.what
        if self.reason not in ERASERS[noun].reasons:
            raise ValueError("reason is none for this")
        return self


class ErasedOut(BaseModel):
    """`visits`: how many went with a site. `warning`: it is erased, and something else is still to be done."""

    site_id: UUID | None = None
    account_id: UUID | None = None
    reason: Reason
    visits: int | None = None
    warning: str | None = None


@dataclass(frozen=True)
class Erased:
    """How many of each went; whether the list outside the database says so already."""

    gone: Gone
    is_listed: bool


class ErasureOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    noun: Noun
    reason: Reason
    erased_at: datetime
    erased_by: UUID | None


class ErasuresOut(BaseModel):
    items: list[ErasureOut]
    numberReturned: int


async def erase(request: Request, asker: Asker, noun: Noun, row_id: UUID, reason: Reason) -> Erased:
    """Erases one thing; what fails once that is done is told in the answer. Raises `not-found`, `held-by-law`, and
    Refusal for what may not be."""
    database = get_database(request)
    try:
        async with database.erasing(asker) as session:
            gone = await ERASERS[noun].erase(session, asker.organisation_id, row_id, reason, asker.account_id)
            if gone is None:
                raise Problem(NOT_FOUND)
    except Held as held:
        detail = f"The request {held.request_id} holds it. It can be erased when that is over."
        raise Problem(HELD_BY_LAW, detail, see=f"/api/v1/law-requests/{held.request_id}") from None
    try:
        await write_erasures(database, asker, request.app.state.settings.home)
    except (OSError, DBAPIError, PoolTimeout) as error:  # the server tries the file again within the hour
        logger.error("The list of erasures could not be written: %s", type(error).__name__)
        return Erased(gone, is_listed=False)
    return Erased(gone, is_listed=True)


@router.get("")
async def read_erasures(asked: Stewarding) -> ErasuresOut:
    """What was erased, the latest first."""
    rows = await list_erasures(asked.session, asked.asker.organisation_id)
    items = [ErasureOut.model_validate(row) for row in rows]
    return ErasuresOut(items=items, numberReturned=len(items))


@router.post("", status_code=201, response_model_exclude_none=True, responses=problems(400, 404, 409, 408, 413))
async def create(request: Request, body: ErasureIn, asker: StewardInPerson) -> ErasedOut:
    """Erases a site for good: its point, name, notes, history, and every visit to it. Or an account whose access has
    ended: who it was, and all that opened it. It cannot be taken back."""
    [(noun, row_id)] = body.what.items()
    erased = await erase(request, asker, noun, row_id, body.reason)
    named = {"site_id": body.site_id, "account_id": body.account_id}
    warning = None if erased.is_listed else UNLISTED
    return ErasedOut(**named, reason=body.reason, visits=erased.gone.get(Noun.VISIT), warning=warning)
