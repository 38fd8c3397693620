"""Widenings over HTTP: to ask for a work area that is not one's own, to let a colleague see it, to end it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints

from api.asker import Asker
from api.asking import Asked, Knowing
from api.body import Body, Line
from api.listing import Items, Listing, page
from api.noun_router import CREATE, READ, noun_router, problems
from api.problem import CONFLICT, FORBIDDEN, NOT_FOUND, Problem
from geo import widening_query
from geo.area_name import find_area_name
from geo.refusal import Refusal
from geo.schema import new_id
from geo.widening import LONGEST_MINUTES, LONGEST_REASON, SHORTEST_REASON, State, Widening
from geo.widening_query import Named, find_widening, list_widenings

router: APIRouter = noun_router("widenings")
STEP = problems(400, 404, 409)
WIDENED = {"areas", "desk"}
"""The scopes that a widening can widen: a manager reaches everything, a steward and a planner reach no place, ever."""


class WideningsQuery(Listing):
    live: bool = Field(False, description="Those alone that wait for an answer or are open.")


class WideningOut(BaseModel):
    """`account_id` asked to see `work_area_id`; `granted_by` let them, until `ends_at` or until `ended_by` ended it."""

    id: UUID
    account_id: UUID
    work_area_id: UUID
    area: str = Field(description="The name of the work area.")
    reason: str
    state: State
    asked_at: datetime
    granted_by: UUID | None
    granted_at: datetime | None
    ends_at: datetime | None
    ended_by: UUID | None
    ended_at: datetime | None


class NewWidening(Body):
    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")
    work_area_id: UUID
    reason: Annotated[Line, StringConstraints(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)] = Field(
        description="Why, in a few words. The team of the area, managers and the steward read it."
    )


class Granting(Body):
    minutes: int = Field(30, ge=1, le=LONGEST_MINUTES, description="How long it lasts.")


def shown(named: Named) -> WideningOut:
    row, area = named
    columns = {name: getattr(row, name) for name in WideningOut.model_fields if name != "area"}
    return WideningOut(**columns, area=area)


async def found(asked: Asked, widening_id: UUID, lock: bool = False) -> Named:
    """Raises `not-found`, alike for one that is not there and one that the asker is not told of."""
    named = await find_widening(asked.session, asked.asker.organisation_id, widening_id, lock)
    if named is None:
        raise Problem(NOT_FOUND)
    return named


async def may_grant(asked: Asked, widening: Widening) -> bool:
    """A second person, who reaches the area by themselves: a manager, or a streetworker it is assigned to today."""
    asker = asked.asker
    if asker.account_id is None or asker.account_id == widening.account_id:
        return False
    return asker.scope == "organisation" or widening.work_area_id in await widening_query.my_areas(asked.session)


@router.get("", response_model=Items[WideningOut])
async def read_widenings(request: Request, asked: Knowing, wanted: Annotated[WideningsQuery, Query()]) -> Response:
    """Who sees or saw which area, why and until when: your own, those of your areas and your team's; all of them for
    managers and stewards."""
    rows = await list_widenings(
        asked.session,
        asked.asker.organisation_id,
        live=wanted.live,
        after=wanted.begins_after(),
        limit=wanted.limit + 1,
    )
    found = [shown(row).model_dump(mode="json") for row in rows]
    return JSONResponse(page(request, wanted, [row for row, _ in rows], "items", found))


@router.get("/{widening_id}", responses=READ)
async def read_widening(widening_id: UUID, asked: Knowing) -> WideningOut:
    """One of them."""
    return shown(await found(asked, widening_id))


@router.post("", status_code=201, responses=CREATE)
async def create(body: NewWidening, asked: Knowing) -> WideningOut:
    """Asks to see a work area that is not yours. It opens when a second person says so."""
    return shown(await ask(asked, body.id or new_id(), body.work_area_id, body.reason))


@router.post("/{widening_id}/grant", responses=STEP)
async def grant(widening_id: UUID, body: Granting, asked: Knowing) -> WideningOut:
    """Lets the one who asked see the area, from now on; for those who reach it by themselves."""
    return shown(await let(asked, widening_id, body.minutes))


@router.post("/{widening_id}/refuse", responses=STEP)
async def refuse(widening_id: UUID, asked: Knowing) -> WideningOut:
    """Does not; for the same people."""
    return shown(await turn_down(asked, widening_id))


@router.post("/{widening_id}/end", responses=STEP)
async def end(widening_id: UUID, asked: Knowing) -> WideningOut:
    """Ends it before its time, or takes back what you asked; for the one who asked, and those who could grant it."""
    return shown(await stop(asked, widening_id))


async def ask(asked: Asked, widening_id: UUID, area_id: UUID, reason: str) -> Named:
    """Raises `forbidden` for roles that nothing widens, Refusal for an area that is none, `conflict` for one that the
    asker reaches or has asked for."""
    session, asker = asked.session, asked.asker
    account_id = askable(asker)
    if account_id is None:
        raise Problem(FORBIDDEN, "Streetworkers and desks ask for an area that is not theirs.")
    if await find_area_name(session, asker.organisation_id, area_id, asker.today) is None:
        raise Refusal("is no work area of today", "work_area_id")
    if area_id in await widening_query.my_areas(session):
        raise Problem(CONFLICT, "You look after this area today.")
    if await widening_query.is_asked_or_open(session, asker.organisation_id, account_id, area_id):
        raise Problem(CONFLICT, "You have asked for this area already.")
    given = {"id": widening_id, "account_id": account_id, "work_area_id": area_id, "reason": reason}
    await widening_query.ask(session, {"organisation_id": asker.organisation_id, **given})
    return await found(asked, widening_id)


def askable(asker: Asker) -> UUID | None:
    """The account of who may ask; None for everyone else."""
    return asker.account_id if asker.scope in WIDENED else None


async def let(asked: Asked, widening_id: UUID, minutes: int) -> Named:
    widening, by = await _to_answer(asked, widening_id)
    await widening_query.grant(asked.session, widening, by, minutes)
    return await found(asked, widening_id)


async def turn_down(asked: Asked, widening_id: UUID) -> Named:
    widening, by = await _to_answer(asked, widening_id)
    await widening_query.end(asked.session, widening, by)
    return await found(asked, widening_id)


async def stop(asked: Asked, widening_id: UUID) -> Named:
    widening, _ = await found(asked, widening_id, lock=True)
    by, asking = asked.asker.account_id, widening.state is State.ASKED
    own = by == widening.account_id
    if by is None or not (own or (not asking and await may_grant(asked, widening))):
        raise Problem(FORBIDDEN, "Who asked ends it, or someone who reaches the area.")
    if not asking and widening.state is not State.OPEN:
        raise Problem(CONFLICT, "It is over already.")
    await widening_query.end(asked.session, widening, by)
    return await found(asked, widening_id)


async def _to_answer(asked: Asked, widening_id: UUID) -> tuple[Widening, UUID]:
    widening, _ = await found(asked, widening_id, lock=True)
    by = asked.asker.account_id
    if by is None or not await may_grant(asked, widening):
        raise Problem(FORBIDDEN, "A second person answers, who reaches the area by themselves.")
    if widening.state is not State.ASKED:
        raise Problem(CONFLICT, "It was answered already, or waited too long.")
    return widening, by
