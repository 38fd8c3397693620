"""Teams over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.asking import Asked, Keeping, Knowing
from api.body import Body, Line
from api.listing import Items, Listing, items
from api.noun_router import CHANGE, CREATE, READ, noun_router
from api.problem import NOT_FOUND, Problem
from api.version import IfMatch, check_version, etag
from geo.schema import new_id
from geo.team import Team
from geo.team_query import create_team, find_team, list_teams, rename_team

router: APIRouter = noun_router("teams")


class TeamOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    version: int
    updated_at: datetime


class NewTeam(Body):
    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")
    name: Line


class TeamChange(Body):
    name: Line


def answer(team: Team, status: int = 200) -> JSONResponse:
    headers = {"ETag": etag(team)}
    if status == 201:
        headers["Location"] = f"/api/v1/teams/{team.id}"
    return JSONResponse(TeamOut.model_validate(team).model_dump(mode="json"), status, headers)


async def found(asked: Asked, team_id: UUID, lock: bool = False) -> Team:
    team = await find_team(asked.session, asked.asker.organisation_id, team_id, lock)
    if team is None:
        raise Problem(NOT_FOUND)
    return team


@router.get("", response_model=Items[TeamOut])
async def read_teams(request: Request, asked: Knowing, wanted: Annotated[Listing, Query()]) -> Response:
    """The teams of your organisation."""
    rows = await list_teams(
        asked.session, asked.asker.organisation_id, after=wanted.begins_after(), limit=wanted.limit + 1
    )
    return items(request, wanted, rows, TeamOut)


@router.get("/{team_id}", response_model=TeamOut, responses=READ)
async def read_team(team_id: UUID, asked: Knowing) -> Response:
    """One team."""
    return answer(await found(asked, team_id))


@router.post("", status_code=201, response_model=TeamOut, responses=CREATE)
async def create(body: NewTeam, asked: Keeping) -> Response:
    """Makes a team; its name is its own within the organisation."""
    asker = asked.asker
    team = await create_team(asked.session, asker.organisation_id, body.id or new_id(), body.name, asker.account_id)
    return answer(team, 201)


@router.patch("/{team_id}", response_model=TeamOut, responses=CHANGE)
async def change(team_id: UUID, body: TeamChange, asked: Keeping, if_match: IfMatch = None) -> Response:
    """Renames a team."""
    team = await found(asked, team_id, lock=True)
    check_version(team, if_match)
    await rename_team(asked.session, team, body.name, asked.asker.account_id)
    return answer(team)
