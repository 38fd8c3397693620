"""Releases over HTTP: drawn by managers, read by planners, the same bytes for ever."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.asking import Asked, Managing, asked_as
from api.body import Body
from api.noun_router import READ, noun_router, problems
from api.problem import INVALID_INPUT, NOT_FOUND, RELEASE_EXISTS, RELEASE_REFUSED, Problem
from geo.account import Role
from geo.release import Release, find_release, list_releases, release_body
from geo.release_draw import AlreadyDrawn, ReleaseRefused, draw_release
from geo.release_series import Profile, Series

router: APIRouter = noun_router("releases")
Planning = Annotated[Asked, Depends(asked_as(Role.PLANNER, Role.MANAGER, Role.STEWARD), scope="function")]
FILE = "application/geo+json"


class ReleaseOut(BaseModel):
    """A release without its numbers; `href` is where the file is, `sha256` the digest of its bytes."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    series: Series
    period: str
    first_day: date
    last_day: date
    geography_version: int
    profile: Profile
    unit: str
    method: str
    epsilon: float
    threshold: int
    drawn_at: datetime
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    href: str


class ReleasesOut(BaseModel):
    items: list[ReleaseOut]
    numberReturned: int


class ReleaseIn(Body):
    series: Series
    period: str = Field(max_length=7, description="2026-H1 for cells, 2026-Q2 for districts.")
    profile: Profile = Profile.STANDARD


def shown(release: Release) -> ReleaseOut:
    columns = {name: getattr(release, name) for name in ReleaseOut.model_fields if name not in {"sha256", "href"}}
    return ReleaseOut(**columns, sha256=release.sha256.hex(), href=f"{router.prefix}/{release.id}.geojson")


@router.get("", response_model=ReleasesOut)
async def read_releases(asked: Planning, series: Series | None = None) -> ReleasesOut:
    """The releases of your city, the newest period first."""
    found = [shown(release) for release in await list_releases(asked.session, asked.asker.organisation_id, series)]
    return ReleasesOut(items=found, numberReturned=len(found))


@router.post("", status_code=201, response_model=ReleaseOut, responses=problems(400, 409, 408, 413))
async def draw(body: ReleaseIn, asked: Managing) -> JSONResponse:
    """Draws a release, once and for ever. There is no second draw of a period."""
    asker = asked.asker
    try:
        release = await draw_release(
            asked.session,
            organisation_id=asker.organisation_id,
            series=body.series,
            period=body.period,
            today=asker.today,
            account_id=asker.account_id,
            profile=body.profile,
        )
    except ValueError as wrong:
        raise Problem(INVALID_INPUT, errors=[{"where": "body.period", "what": str(wrong)}]) from None
    except AlreadyDrawn as there:
        raise Problem(RELEASE_EXISTS, see=f"{router.prefix}/{there.release_id}") from None
    except ReleaseRefused as refused:
        raise Problem(RELEASE_REFUSED, str(refused)) from None
    headers = {"Location": f"{router.prefix}/{release.id}"}
    return JSONResponse(shown(release).model_dump(mode="json"), 201, headers)


@router.get("/{release_id}.geojson", response_class=Response, responses=READ | {200: {"content": {FILE: {}}}})
async def read_file(
    request: Request,
    release_id: UUID,
    asked: Planning,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """The file of a release: the same bytes each time, whoever asks."""
    found = await release_body(asked.session, asked.asker.organisation_id, release_id)
    if found is None:
        raise Problem(NOT_FOUND)
    body, digest = found
    headers = {"ETag": f'"{digest.hex()}"', "Cache-Control": "no-store"}
    if if_none_match and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=FILE, headers=headers)


@router.get("/{release_id}", response_model=ReleaseOut, responses=READ)
async def read_release(release_id: UUID, asked: Planning) -> ReleaseOut:
    """What a release is and how it was drawn."""
    release = await find_release(asked.session, asked.asker.organisation_id, release_id)
    if release is None:
        raise Problem(NOT_FOUND)
    return shown(release)
