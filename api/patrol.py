"""Patrols over HTTP: a shift outside begins and ends, alone or as a pair."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import select

from api.asking import Asked, Reaching
from api.body import Body, Happened
from api.listing import Items, Listing, items
from api.noun_router import CREATE, READ, noun_router, problems
from api.problem import CONFLICT, FORBIDDEN, ID_TAKEN, NOT_FOUND, Problem
from geo.account import Account, Role
from geo.delivery import Delivery
from geo.patrol import LONGEST, LONGEST_KM, Patrol, end_patrol, find_patrol, list_patrols, start_patrol
from geo.refusal import Refusal

router: APIRouter = noun_router("patrols")
STEP = problems(400, 404, 409)


class PatrolOut(BaseModel):
    """`account_id` started it, `second_id` went along. Where they walked is not here: it stays on their phone."""

    id: UUID
    account_id: UUID
    second_id: UUID | None
    started_at: datetime
    ended_at: datetime | None
    hours: float | None
    length_km: float | None
    ended_by: UUID | None


class PatrolIn(Body):
    started_at: Happened
    second_id: UUID | None = Field(None, description="The streetworker who goes along.")


class Ending(Body):
    ended_at: Happened
    length_km: float | None = Field(None, ge=0, le=LONGEST_KM, description="Of the track, in kilometres.")


def shown(patrol: Patrol) -> PatrolOut:
    return PatrolOut.model_validate(patrol, from_attributes=True)


async def found(asked: Asked, patrol_id: UUID, lock: bool = False) -> Patrol | None:
    return await find_patrol(asked.session, asked.asker.organisation_id, patrol_id, lock)


async def seen(asked: Asked, patrol_id: UUID) -> Patrol:
    """Raises `not-found`, alike for one that is not there and one that the asker does not see."""
    patrol = await found(asked, patrol_id)
    if patrol is None:
        raise Problem(NOT_FOUND)
    return patrol


@router.get("", response_model=Items[PatrolOut])
async def read_patrols(request: Request, asked: Reaching, wanted: Annotated[Listing, Query()]) -> Response:
    """Your own, and those on which you were the second; all of them for managers. By id."""
    after = wanted.begins_after()
    rows = await list_patrols(asked.session, asked.asker.organisation_id, after, wanted.limit + 1)
    return items(request, wanted, rows, PatrolOut)


@router.get("/{patrol_id}", responses=READ)
async def read_patrol(patrol_id: UUID, asked: Reaching) -> PatrolOut:
    """One of them."""
    return shown(await seen(asked, patrol_id))


@router.put("/{patrol_id}", response_model=PatrolOut, responses=CREATE | {201: {"description": "Begun."}})
async def put(patrol_id: UUID, body: PatrolIn, asked: Reaching) -> Response:
    """Begins one, or recognises the same delivery."""
    asker = asked.asker
    if asker.account_id is None:
        raise Problem(FORBIDDEN, "A patrol is somebody's.")
    await _check_second(asked, body.second_id)
    key = {"organisation_id": asker.organisation_id, "id": patrol_id, "account_id": asker.account_id}
    delivery = await start_patrol(asked.session, key | body.model_dump())
    if delivery is Delivery.TAKEN:
        raise Problem(ID_TAKEN)
    status = 201 if delivery is Delivery.NEW else 200
    return JSONResponse(shown(await seen(asked, patrol_id)).model_dump(mode="json"), status)


@router.post("/{patrol_id}/end", responses=STEP)
async def end(patrol_id: UUID, body: Ending, asked: Reaching) -> PatrolOut:
    """Ends one that you are on. Sent again as it was, it is the same."""
    patrol, by = await seen(asked, patrol_id), asked.asker.account_id
    if by is None or by not in {patrol.account_id, patrol.second_id}:
        raise Problem(FORBIDDEN, "Who is on it ends it.")
    patrol = await found(asked, patrol_id, lock=True) or patrol
    if patrol.ended_at:
        if (patrol.ended_at, patrol.length_km) == (body.ended_at, body.length_km):
            return shown(patrol)
        raise Problem(CONFLICT, "It is over already.")
    if not patrol.started_at <= body.ended_at <= patrol.started_at + LONGEST:
        raise Refusal("must lie within 24 hours of the start", "ended_at")
    await end_patrol(asked.session, patrol, body.ended_at, body.length_km, by)
    await asked.session.refresh(patrol)
    return shown(patrol)


async def _check_second(asked: Asked, second_id: UUID | None) -> None:
    """Raises Refusal for who is no streetworker here, and for oneself."""
    if second_id is None:
        return
    wanted = select(Account.roles).where(
        Account.organisation_id == asked.asker.organisation_id, Account.id == second_id
    )
    roles = await asked.session.scalar(wanted)
    if second_id == asked.asker.account_id or not roles or Role.STREETWORKER not in roles:
        raise Refusal("is no other streetworker of this organisation", "second_id")
