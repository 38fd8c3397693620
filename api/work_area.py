"""Work areas over HTTP."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, model_validator

from api.asking import Asked, Managing, Opened
from api.body import AreaIn, Body, Day, Line, absent, area_of
from api.listing import Feature, FeatureCollection, GeoJSON, Listing, feature, features
from api.noun_router import CHANGE, CREATE, READ, noun_router
from api.problem import NOT_FOUND, Problem
from api.version import IfMatch, check_version, etag
from geo.schema import new_id
from geo.work_area import WorkArea
from geo.work_area_change import change_work_area, close_work_area, create_work_area
from geo.work_area_query import find_work_area, list_work_areas

router: APIRouter = noun_router("work-areas")


class WorkAreasQuery(Listing):
    on: Day | None = Field(None, description="Valid on this day; with `account`, assigned on it.")
    team: UUID | None = None
    account: UUID | None = Field(None, description="Assigned to this account.")


class WorkAreaProperties(BaseModel):
    name: str
    team_id: UUID | None
    valid_from: date
    valid_to: date | None
    version: int
    updated_at: datetime


class NewWorkArea(Body):
    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")
    geom: AreaIn
    name: Line
    team_id: UUID | None = None
    valid_from: Day = Field(description="The first day.")
    valid_to: Day | None = Field(None, description="The last day.")

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class WorkAreaChange(Body):
    """What is to change; what is left out stays."""

    geom: AreaIn = absent()
    name: Line = absent()
    team_id: UUID | None = None
    valid_from: Day = absent()
    valid_to: Day | None = None


class WorkAreaClosing(Body):
    last_day: Day


def answer(area: WorkArea, status: int = 200) -> GeoJSON:
    headers = {"ETag": etag(area)}
    if status == 201:
        headers["Location"] = f"/api/v1/work-areas/{area.id}"
    return GeoJSON(feature(area, WorkAreaProperties), status, headers)


async def found(asked: Asked, area_id: UUID, lock: bool = False) -> WorkArea:
    """Raises `not-found`, alike for an area that is not there and one that the asker does not see."""
    area = await find_work_area(asked.session, asked.asker.organisation_id, area_id, lock)
    if area is None:
        raise Problem(NOT_FOUND)
    return area


@router.get("", response_class=GeoJSON, response_model=FeatureCollection[WorkAreaProperties])
async def read_work_areas(request: Request, asked: Opened, wanted: Annotated[WorkAreasQuery, Query()]) -> Response:
    """The work areas that you see: a streetworker those assigned today, a manager all."""
    rows = await list_work_areas(
        asked.session,
        asked.asker.organisation_id,
        on=wanted.on,
        team_id=wanted.team,
        account_id=wanted.account,
        after=wanted.begins_after(),
        limit=wanted.limit + 1,
    )
    return features(request, wanted, rows, WorkAreaProperties)


@router.get("/{area_id}", response_class=GeoJSON, response_model=Feature[WorkAreaProperties], responses=READ)
async def read_work_area(area_id: UUID, asked: Opened) -> Response:
    """One work area."""
    return answer(await found(asked, area_id))


@router.post("", status_code=201, response_class=GeoJSON, response_model=Feature[WorkAreaProperties], responses=CREATE)
async def create(body: NewWorkArea, asked: Managing) -> Response:
    """Draws a work area."""
    values = body.model_dump(exclude={"id", "geom"}) | {
        "organisation_id": asked.asker.organisation_id,
        "id": body.id or new_id(),
        "geom": await area_of(asked, body.geom),
    }
    return answer(await create_work_area(asked.session, values, asked.asker.account_id), 201)


@router.patch("/{area_id}", response_class=GeoJSON, response_model=Feature[WorkAreaProperties], responses=CHANGE)
async def change(area_id: UUID, body: WorkAreaChange, asked: Managing, if_match: IfMatch = None) -> Response:
    """Changes what the body names."""
    area = await found(asked, area_id, lock=True)
    check_version(area, if_match)
    values = body.model_dump(exclude={"geom"}, exclude_unset=True)
    if "geom" in body.model_fields_set:
        values["geom"] = await area_of(asked, body.geom)
    await change_work_area(asked.session, area, values, asked.asker.account_id)
    return answer(area)


@router.post("/{area_id}/close", response_class=GeoJSON, response_model=Feature[WorkAreaProperties], responses=CHANGE)
async def close(area_id: UUID, body: WorkAreaClosing, asked: Managing, if_match: IfMatch = None) -> Response:
    """Gives the area its last day; its assignments end with it."""
    area = await found(asked, area_id, lock=True)
    check_version(area, if_match)
    await close_work_area(asked.session, area, body.last_day, asked.asker.account_id)
    return answer(area)
