"""Districts over HTTP."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from api.asking import Asked, Knowing, Managing
from api.body import AreaIn, Body, Day, Line, absent, area_of
from api.listing import Feature, FeatureCollection, GeoJSON, Listing, feature, features
from api.noun_router import CHANGE, CREATE, READ, noun_router
from api.problem import NOT_FOUND, Problem
from api.version import IfMatch, check_version, etag
from geo.district import District
from geo.district_query import change_district, create_district, find_district, list_districts
from geo.schema import new_id

router: APIRouter = noun_router("districts")
Code = Annotated[Line, StringConstraints(max_length=100)]


class DistrictsQuery(Listing):
    code: list[Code] = Field([], max_length=100)


class DistrictProperties(BaseModel):
    code: str
    name: str
    valid_from: date | None
    valid_to: date | None
    version: int
    updated_at: datetime


class NewDistrict(Body):
    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")
    geom: AreaIn
    code: Code
    name: Line
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class DistrictChange(Body):
    """What is to change; what is left out stays."""

    geom: AreaIn = absent()
    code: Code = absent()
    name: Line = absent()
    valid_from: Day | None = None
    valid_to: Day | None = None


def answer(district: District, status: int = 200) -> GeoJSON:
    headers = {"ETag": etag(district)}
    if status == 201:
        headers["Location"] = f"/api/v1/districts/{district.id}"
    return GeoJSON(feature(district, DistrictProperties), status, headers)


async def found(asked: Asked, district_id: UUID, lock: bool = False) -> District:
    district = await find_district(asked.session, asked.asker.organisation_id, district_id, lock)
    if district is None:
        raise Problem(NOT_FOUND)
    return district


@router.get("", response_class=GeoJSON, response_model=FeatureCollection[DistrictProperties])
async def read_districts(request: Request, asked: Knowing, wanted: Annotated[DistrictsQuery, Query()]) -> Response:
    """The districts of your organisation."""
    rows = await list_districts(
        asked.session,
        asked.asker.organisation_id,
        codes=wanted.code,
        after=wanted.begins_after(),
        limit=wanted.limit + 1,
    )
    return features(request, wanted, rows, DistrictProperties)


@router.get("/{district_id}", response_class=GeoJSON, response_model=Feature[DistrictProperties], responses=READ)
async def read_district(district_id: UUID, asked: Knowing) -> Response:
    """One district."""
    return answer(await found(asked, district_id))


@router.post("", status_code=201, response_class=GeoJSON, response_model=Feature[DistrictProperties], responses=CREATE)
async def create(body: NewDistrict, asked: Managing) -> Response:
    """Adds a district; its code is its own within the organisation."""
    values = body.model_dump(exclude={"id", "geom"}) | {
        "organisation_id": asked.asker.organisation_id,
        "id": body.id or new_id(),
        "geom": await area_of(asked, body.geom),
    }
    return answer(await create_district(asked.session, values, asked.asker.account_id), 201)


@router.patch("/{district_id}", response_class=GeoJSON, response_model=Feature[DistrictProperties], responses=CHANGE)
async def change(district_id: UUID, body: DistrictChange, asked: Managing, if_match: IfMatch = None) -> Response:
    """Changes what the body names."""
    district = await found(asked, district_id, lock=True)
    check_version(district, if_match)
    values = body.model_dump(exclude={"geom"}, exclude_unset=True)
    if "geom" in body.model_fields_set:
        values["geom"] = await area_of(asked, body.geom)
    await change_district(asked.session, district, values, asked.asker.account_id)
    return answer(district)
