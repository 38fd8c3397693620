"""Retention over HTTP, for the steward: the rules, and what goes by them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.asker import Asker
from api.asking import Asked, Who, asked_as, get_database, in_person, refusal
from api.body import Body
from api.noun_router import noun_router, problems
from api.problem import INVALID_INPUT, Problem
from api.retention_run import outlook
from geo.account import Role
from geo.retention import LEAST_DAYS, MOST_DAYS, USUAL_DAYS, Kind, lay_down, rules

router: APIRouter = noun_router("retention")


class GoingOut(BaseModel):
    """How many rows, and the first and the last moment that they tell of."""

    model_config = ConfigDict(from_attributes=True)

    count: int
    oldest: datetime | None
    newest: datetime | None


class KindOut(BaseModel):
    """`days` count now, `days_soon` in a week. `now` is what a run would take now, `soon` in a week."""

    kind: Kind
    days: int
    days_soon: int
    usual_days: int
    least_days: int
    now: GoingOut
    soon: GoingOut


class RetentionOut(BaseModel):
    """The server runs once a day, at `next_run` or within the hour after."""

    items: list[KindOut]
    numberReturned: int
    last_run: datetime | None
    next_run: datetime


class RuleIn(Body):
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)]


class RuleOut(BaseModel):
    kind: Kind
    days: int
    days_soon: int


def steward(asker: Who) -> Asker:
    """For stewards, before any transaction is opened: counting has one of its own."""
    if Role.STEWARD not in asker.roles:
        raise refusal(asker)
    return asker


Steward = Annotated[Asker, Depends(steward, scope="function")]


def steward_in_person(asker: Steward) -> Asker:
    """A steward, and no script of theirs."""
    return in_person(asker)


StewardingInPerson = Annotated[Asked, Depends(asked_as(Role.STEWARD, session_alone=True), scope="function")]
StewardInPerson = Annotated[Asker, Depends(steward_in_person, scope="function")]


@router.get("")
async def read_retention(request: Request, asker: Steward) -> RetentionOut:
    """How long each kind of data is kept, and what goes now and within a week. No places."""
    seen = await outlook(get_database(request), asker)
    items = [
        KindOut(
            kind=rule.kind,
            days=rule.days,
            days_soon=rule.days_soon,
            usual_days=USUAL_DAYS[rule.kind],
            least_days=LEAST_DAYS[rule.kind],
            now=GoingOut.model_validate(now),
            soon=GoingOut.model_validate(soon),
        )
        for rule, now, soon in seen.kinds
    ]
    return RetentionOut(items=items, numberReturned=len(items), last_run=seen.last_run, next_run=seen.next_run)


@router.put("/{kind}", responses=problems(400, 408, 413))
async def put_rule(kind: Kind, body: RuleIn, asked: StewardingInPerson) -> RuleOut:
    """Keeps a kind so many days from now on. A token cannot do this. A shorter time than before counts a week later."""
    if body.days < LEAST_DAYS[kind]:
        raise Problem(INVALID_INPUT, errors=[{"where": "body.days", "what": f"is at least {LEAST_DAYS[kind]}"}])
    await lay_down(asked.session, asked.asker.organisation_id, kind, body.days, asked.asker.account_id)
    rule = next(rule for rule in await rules(asked.session) if rule.kind is kind)
    return RuleOut(kind=rule.kind, days=rule.days, days_soon=rule.days_soon)
