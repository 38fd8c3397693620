"""Assignments over HTTP."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.asking import Asked, Managing, Reaching
from api.body import Body, Day, absent
from api.listing import Items, Listing, items
from api.noun_router import CHANGE, CREATE, READ, noun_router
from api.problem import NOT_FOUND, Problem
from api.version import IfMatch, check_version, etag
from geo.assignment import Assignment
from geo.assignment_query import assign, change_assignment, find_assignment, list_assignments
from geo.schema import new_id

router: APIRouter = noun_router("assignments")


class AssignmentsQuery(Listing):
    area: UUID | None = Field(None, description="A work area.")
    account: UUID | None = None
    on: Day | None = Field(None, description="That hold on this day.")


class AssignmentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    work_area_id: UUID
    account_id: UUID
    starts_on: date
    ends_on: date | None
    cover: bool
    version: int
    updated_at: datetime


class NewAssignment(Body):
    """From the first day to the last, both included. Cover for a holiday is an assignment too."""

    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")
    work_area_id: UUID
    account_id: UUID
    starts_on: Day
    ends_on: Day | None = None
    cover: bool = False

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("ends_on lies before starts_on")
        return self


class AssignmentChange(Body):
    """What is to change; what is left out stays."""

    starts_on: Day = absent()
    ends_on: Day | None = None
    cover: bool = absent()


def answer(assignment: Assignment, status: int = 200) -> JSONResponse:
    headers = {"ETag": etag(assignment)}
    if status == 201:
        headers["Location"] = f"/api/v1/assignments/{assignment.id}"
    return JSONResponse(AssignmentOut.model_validate(assignment).model_dump(mode="json"), status, headers)


async def found(asked: Asked, assignment_id: UUID, lock: bool = False) -> Assignment:
    assignment = await find_assignment(asked.session, asked.asker.organisation_id, assignment_id, lock)
    if assignment is None:
        raise Problem(NOT_FOUND)
    return assignment


@router.get("", response_model=Items[AssignmentOut])
async def read_assignments(request: Request, asked: Reaching, wanted: Annotated[AssignmentsQuery, Query()]) -> Response:
    """The assignments that you see: a streetworker their own, a manager all."""
    rows = await list_assignments(
        asked.session,
        asked.asker.organisation_id,
        area_id=wanted.area,
        account_id=wanted.account,
        on=wanted.on,
        after=wanted.begins_after(),
        limit=wanted.limit + 1,
    )
    return items(request, wanted, rows, AssignmentOut)


@router.get("/{assignment_id}", response_model=AssignmentOut, responses=READ)
async def read_assignment(assignment_id: UUID, asked: Reaching) -> Response:
    """One assignment."""
    return answer(await found(asked, assignment_id))


@router.post("", status_code=201, response_model=AssignmentOut, responses=CREATE)
async def create(body: NewAssignment, asked: Managing) -> Response:
    """Hands a work area to a streetworker."""
    values = body.model_dump() | {"organisation_id": asked.asker.organisation_id, "id": body.id or new_id()}
    return answer(await assign(asked.session, values, asked.asker.account_id), 201)


@router.patch("/{assignment_id}", response_model=AssignmentOut, responses=CHANGE)
async def change(assignment_id: UUID, body: AssignmentChange, asked: Managing, if_match: IfMatch = None) -> Response:
    """Changes what the body names; an assignment ends by getting a last day."""
    assignment = await found(asked, assignment_id, lock=True)
    check_version(assignment, if_match)
    values = body.model_dump(exclude_unset=True)
    await change_assignment(asked.session, assignment, values, asked.asker.account_id)
    return answer(assignment)
