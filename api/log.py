"""The log over HTTP, for the steward: who saw which site, when and why."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asking import Asked, asked_as
from api.body import Day
from api.noun_router import noun_router
from api.visit import period
from geo.account import Role
from geo.log import Act
from geo.log_query import LogWanted, list_log

router: APIRouter = noun_router("log")
Stewarding = Annotated[Asked, Depends(asked_as(Role.STEWARD), scope="function")]


class LogQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    account: UUID | None = Field(None, description="Who did it.")
    row: UUID | None = Field(None, description="A site, or anything else by its id.")
    act: Act | None = None
    from_: Day | None = Field(None, alias="from", description="On this day or later.")
    to: Day | None = Field(None, description="On this day or earlier.")
    before: int | None = Field(None, ge=1, description="Entries before this number.")
    limit: int = Field(100, ge=1, le=1000)


class LoggedOut(BaseModel):
    """`ids` are the first of the rows that were seen, `count` how many; empty where it may be any (a whole export)."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    account_id: UUID | None
    via: str
    act: str
    noun: str
    why: str | None
    ids: list[UUID]
    count: int | None
    detail: dict[str, Any]


class LogOut(BaseModel):
    """`before` asks for the entries before these; empty at the beginning of the log."""

    items: list[LoggedOut]
    numberReturned: int
    before: int | None


def wanted_of(asked: Asked, query: LogQuery) -> LogWanted:
    start, end = period(asked.asker, query.from_, query.to)
    return LogWanted(query.account, query.row, query.act, start, end)


@router.get("")
async def read_log(asked: Stewarding, query: Annotated[LogQuery, Query()]) -> LogOut:
    """What was seen and done in your organisation, the newest first."""
    asked_for = wanted_of(asked, query)
    asked.saw("log", [query.row] if query.row else [])
    rows = await list_log(asked.session, asked.asker.organisation_id, asked_for, query.before, query.limit + 1)
    found = [LoggedOut.model_validate(row) for row in rows[: query.limit]]
    more = len(rows) > query.limit
    return LogOut(items=found, numberReturned=len(found), before=found[-1].seq if more else None)
