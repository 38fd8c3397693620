"""The history of a site, and the sites that are due."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asking import Exact
from api.listing import Feature, GeoJSON
from api.note import notes_for
from api.noun_router import READ, noun_router
from api.site import found
from geo.change import changes_of
from geo.due import Due, due_sites
from geo.site import Status
from geo.site_query import moves_of, statuses_of

router: APIRouter = noun_router("sites")


class StatusStep(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    status: Status
    since: datetime
    by_account_id: UUID | None
    cause: str | None
    cleared_by: str | None
    notice_days: int | None


class ChangeOut(BaseModel):
    """What a row was before the change that replaced this version."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    changed_at: datetime
    changed_by: UUID | None
    before: dict[str, Any]
    has_note: bool = Field(description="Whether that version had a note. What it said is not told.")


class SiteHistory(BaseModel):
    """`changes` are for managers; for others the list is empty."""

    statuses: list[StatusStep]
    moved_to: list[UUID]
    moved_from: list[UUID]
    changes: list[ChangeOut]


class DueQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    area: UUID | None = Field(None, description="A work area.")
    limit: int = Field(200, ge=1, le=1000)


class DueProperties(BaseModel):
    """`intervals`: how many revisit intervals have passed. `days_since` is empty for a site never searched."""

    model_config = ConfigDict(from_attributes=True)

    name: str | None
    site_type: str
    access_note: str | None
    has_access_note: bool
    uncertainty_m: float
    revisit_days: int
    last_visit_at: datetime | None
    last_outcome: str | None
    days_since: int | None
    days_overdue: int | None
    intervals: float


class DueCollection(BaseModel):
    type: str
    features: list[Feature[DueProperties]]
    numberReturned: int


def _feature(due: Due) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": str(due.id),
        "geometry": {"type": "Point", "coordinates": [due.lon, due.lat]},
        "properties": DueProperties.model_validate(due).model_dump(mode="json"),
    }


@router.get("/due", response_class=GeoJSON, response_model=DueCollection)
async def read_due_sites(asked: Exact, wanted: Annotated[DueQuery, Query()]) -> GeoJSON:
    """The active sites you reach that are due a visit, the most overdue first."""
    asker = asked.asker
    notes = await notes_for(asked)
    rows = await due_sites(
        asked.session,
        asker.organisation_id,
        today=asker.today,
        time_zone=asker.time_zone,
        seal=notes.reader,
        area=wanted.area,
        limit=wanted.limit,
    )
    asked.saw("site", [row.id for row in rows])
    found = [_feature(row) for row in rows]
    return GeoJSON({"type": "FeatureCollection", "features": found, "numberReturned": len(found)})


@router.get("/{site_id}/history", responses=READ)
async def read_history(site_id: UUID, asked: Exact) -> SiteHistory:
    """How a site came to be what it is."""
    site = await found(asked, site_id)
    asked.saw("site", [site_id], history=True)
    moves = await moves_of(asked.session, site)
    return SiteHistory(
        statuses=[StatusStep.model_validate(step) for step in await statuses_of(asked.session, site)],
        moved_to=[move.to_site_id for move in moves if move.from_site_id == site_id],
        moved_from=[move.from_site_id for move in moves if move.to_site_id == site_id],
        changes=[ChangeOut.model_validate(row) for row in await changes_of(asked.session, site, "site")],
    )
