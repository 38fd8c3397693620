"""Erasures over HTTP, for the steward: ids and reasons, never a place."""

import logging
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from api.asker import Asker
from api.asking import get_database
from api.body import Body
from api.erasure_file import write_erasures
from api.log import Stewarding
from api.noun_router import noun_router, problems
from api.problem import HELD_BY_LAW, NOT_FOUND, Problem
from api.retention import Steward
from geo.erasure import Noun, Reason, erase_site, list_erasures
from geo.law_request_query import Held

router: APIRouter = noun_router("erasures")
logger = logging.getLogger("lantern.erasure")


class ErasureIn(Body):
    """The id of a site, and why it is erased."""

    site_id: UUID
    reason: Reason


class ErasedOut(BaseModel):
    """`visits`: how many went with the site."""

    site_id: UUID
    reason: Reason
    visits: int


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


async def erase(request: Request, asker: Asker, site_id: UUID, reason: Reason) -> int:
    """Erases a site; how many visits went with it. Raises `not-found`, `held-by-law`."""
    database = get_database(request)
    try:
        async with database.erasing(asker) as session:
            visits = await erase_site(session, asker.organisation_id, site_id, reason, asker.account_id)
            if visits is None:
                raise Problem(NOT_FOUND)
    except Held as held:
        detail = f"The request {held.request_id} names it. It can be erased when that is decided."
        raise Problem(HELD_BY_LAW, detail, see=f"/api/v1/law-requests/{held.request_id}") from None
    try:
        await write_erasures(database, asker, request.app.state.settings.home)
    except OSError as error:  # it is erased; the server tries the file again within the hour
        logger.error("The list of erasures could not be written: %s", type(error).__name__)
    return visits


@router.get("")
async def read_erasures(asked: Stewarding) -> ErasuresOut:
    """What was erased, the latest first."""
    rows = await list_erasures(asked.session, asked.asker.organisation_id)
    items = [ErasureOut.model_validate(row) for row in rows]
    return ErasuresOut(items=items, numberReturned=len(items))


@router.post("", status_code=201, responses=problems(400, 404, 409, 408, 413))
async def create(request: Request, body: ErasureIn, asker: Steward) -> ErasedOut:
    """Erases a site for good: its point, name, notes, history, and every visit to it. It cannot be taken back."""
    visits = await erase(request, asker, body.site_id, body.reason)
    return ErasedOut(site_id=body.site_id, reason=body.reason, visits=visits)
