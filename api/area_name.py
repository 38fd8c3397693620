"""The names of work areas over HTTP: for everyone of the organisation, and no more than the names."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.asking import Knowing
from api.listing import Items, Listing, items
from api.noun_router import noun_router
from geo.area_name import list_area_names

router: APIRouter = noun_router("area-names")


class AreaNameOut(BaseModel):
    """`id` is that of the work area."""

    id: UUID
    name: str
    team_id: UUID | None


@router.get("", response_model=Items[AreaNameOut])
async def read_area_names(request: Request, asked: Knowing, wanted: Annotated[Listing, Query()]) -> Response:
    """What the work areas of today are called, to ask for one."""
    asker = asked.asker
    rows = await list_area_names(
        asked.session, asker.organisation_id, asker.today, after=wanted.begins_after(), limit=wanted.limit + 1
    )
    return items(request, wanted, rows, AreaNameOut)
