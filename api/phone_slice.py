"""The slice of the map that a phone takes along: the areas of whoever carries it, and the sites they watch."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.noun_router import noun_router
from api.working import Working
from geo.site import Status
from geo.visit import Band, Outcome
from geo.watch import AreaOfToday, WatchedSite, areas_of_today, watched_sites

router: APIRouter = noun_router("phone/slice")
LASTS = timedelta(hours=72)
"""So long may a phone show what it took along."""


class SliceArea(BaseModel):
    """`shape` is a GeoJSON MultiPolygon; `cover`: looked after for someone else."""

    id: UUID
    name: str
    shape: dict[str, Any]
    cover: bool


class SliceVisit(BaseModel):
    visited_at: datetime
    outcome: Outcome
    people_band: Band | None


class SliceSite(BaseModel):
    """`days_late` counts from the day it fell due: 0 is today, below 0 is still to come. `last`: the last visit."""

    id: UUID
    name: str | None
    site_type: str
    type_label: str
    status: Status
    lon: float
    lat: float
    uncertainty_m: float
    revisit_days: int
    due_on: date
    days_late: int
    access_note: str | None = Field(description="Null also where the note cannot be opened; see `has_access_note`.")
    has_access_note: bool
    last: SliceVisit | None


class Carrier(BaseModel):
    """Whose slice it is: what a phone seals it seals in their name."""

    organisation_id: UUID
    account_id: UUID
    time_zone: str


class Slice(BaseModel):
    carrier: Carrier
    areas: list[SliceArea]
    sites: list[SliceSite] = Field(description="The longest overdue first, at most 500.")


class DatedSlice(Slice):
    now: datetime
    expires_at: datetime = Field(description="After it the phone drops its copy.")


@router.get("", response_model=DatedSlice, responses={304: {"description": "As it was."}})
async def read_slice(request: Request, asked: Working) -> Response:
    """Your areas of today and the sites that you watch over there, with access notes and last visits. The ETag stands
    for what is in it, not for when it was asked for."""
    asker = asked.asker
    assert asker.account_id
    areas = await areas_of_today(asked.session, asker.organisation_id, asker.account_id, asker.today)
    sites = await watched_sites(
        asked.session, asker.organisation_id, asker.today, asker.time_zone, seal=await asked.keys()
    )
    asked.saw("site", [site.id for site in sites])
    carrier = Carrier(organisation_id=asker.organisation_id, account_id=asker.account_id, time_zone=asker.time_zone)
    return _answer(request, Slice(carrier=carrier, areas=_areas(areas), sites=[_site(site) for site in sites]))


def _answer(request: Request, found: Slice) -> Response:
    tag = f'"{hashlib.sha256(found.model_dump_json().encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-store"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    now = datetime.now(UTC)
    dated = DatedSlice(**dict(found), now=now, expires_at=now + LASTS)
    return Response(dated.model_dump_json(), headers=headers, media_type="application/json")


def _areas(areas: Sequence[AreaOfToday]) -> list[SliceArea]:
    return [SliceArea(id=area.id, name=area.name, shape=area.shape, cover=area.cover) for area in areas]


def _site(site: WatchedSite) -> SliceSite:
    last = None
    if site.visited_at and site.outcome:
        last = {"visited_at": site.visited_at, "outcome": site.outcome, "people_band": site.people_band}
    return SliceSite.model_validate({**vars(site), "last": last})
