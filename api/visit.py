"""Visits over HTTP."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, model_validator
from shapely.geometry import mapping

from api.asker import Asker
from api.asking import Asked, Exact
from api.body import Body, Day, Happened, LongNote, PointIn, absent, point_of
from api.box import BoxIn
from api.listing import Feature, FeatureCollection, GeoJSON, Listing, feature, features
from api.note import Notes, notes_for
from api.noun_router import CHANGE, CREATE, READ, noun_router
from api.problem import FORBIDDEN, ID_TAKEN, INVALID_INPUT, NOT_FOUND, Problem
from api.received import AGAIN, received
from api.vault import Keys
from api.version import IfMatch, check_version, etag
from geo.account import Role
from geo.delivery import Delivery, body_hash
from geo.log import Act, note
from geo.refusal import Refusal
from geo.schema import new_id
from geo.visit import Band, Outcome, Visit
from geo.visit_log import change_visit, log_visit
from geo.visit_query import VisitsWanted, find_visit, list_visits

router: APIRouter = noun_router("visits")


class VisitsQuery(Listing):
    area: UUID | None = Field(None, description="A work area.")
    site: UUID | None = None
    from_: Day | None = Field(None, alias="from", description="On this day or later.")
    to: Day | None = Field(None, description="On this day or earlier.")
    outcome: list[Outcome] = Field([], max_length=5)
    account: UUID | None = None
    team: UUID | None = None


class VisitProperties(BaseModel):
    site_id: UUID | None
    account_id: UUID | None
    team_id: UUID | None
    visited_at: datetime
    outcome: Outcome
    people_band: Band | None
    note: str | None = Field(description="For streetworkers; null for managers.")
    has_note: bool
    source: str
    recorded_at: datetime
    version: int
    updated_at: datetime


class VisitIn(Body):
    """A visit as it is logged, or as it is to be after a change. It needs a point or a site."""

    visited_at: Happened
    outcome: Outcome
    site_id: UUID | None = None
    geom: PointIn | None = Field(None, description="Where you were; without it, where the site is.")
    people_band: Band | None = None
    note: LongNote | None = None
    account_id: UUID | None = Field(None, description="Who went: yourself, or for managers anyone, or null.")

    @model_validator(mode="after")
    def nobody_is_nobody(self) -> Self:
        if self.outcome == Outcome.NOBODY_FOUND and self.people_band not in {None, Band.NONE}:
            raise ValueError("nobody-found goes with people_band 0 or none")
        return self


class NewVisit(VisitIn):
    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")


class VisitChange(Body):
    """What is to change; what is left out stays."""

    visited_at: Happened = absent()
    outcome: Outcome = absent()
    site_id: UUID | None = None
    geom: PointIn | None = None
    people_band: Band | None = None
    note: LongNote | None = None


def answer(asked: Asked, visit: Visit, notes: Notes, act: Act, status: int = 200) -> GeoJSON:
    """A visit as a feature, with its version as ETag; the log says what was done."""
    note(asked.session, act, "visit", with_sites([visit]))
    headers = {"ETag": etag(visit)}
    if status == 201:
        headers["Location"] = f"/api/v1/visits/{visit.id}"
    return GeoJSON(feature(visit, VisitProperties, notes.shown(visit)), status, headers)


def with_sites(visits: Sequence[Visit]) -> list[UUID]:
    """The ids of visits and of the sites they were made to."""
    return [one for visit in visits for one in (visit.id, visit.site_id) if one]


def period(asker: Asker, first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """From the first moment of a day, on the organisation's clock, to the first moment after another."""
    zone = ZoneInfo(asker.time_zone)
    return (
        datetime.combine(first, time(), zone) if first else None,
        datetime.combine(last + timedelta(days=1), time(), zone) if last else None,
    )


def visitor(asker: Asker, body: VisitIn) -> UUID | None:
    """Who went: a streetworker logs their own visits only. Raises Refusal."""
    if "account_id" not in body.model_fields_set:
        return asker.account_id
    if Role.MANAGER not in asker.roles and body.account_id != asker.account_id:
        raise Refusal("may be your own only", "account_id")
    return body.account_id


async def found(asked: Asked, visit_id: UUID) -> Visit:
    """Raises `not-found`, alike for a visit that is not there and one that the asker does not see."""
    visit = await find_visit(asked.session, asked.asker.organisation_id, visit_id)
    if visit is None:
        raise Problem(NOT_FOUND)
    return visit


async def deliver_visit(asked: Asked, visit_id: UUID, body: VisitIn, keys: Keys) -> tuple[Visit | None, Delivery]:
    """Logs a visit under an id, once; the same delivery again finds it logged, or None where its maker does not see it
    any more. Raises `id-taken` for any other."""
    asker = asked.asker
    place = None if body.geom is None else await point_of(asked, body.geom)
    plain = body.model_dump(mode="json", exclude={"id", "geom"}) | {"geom": place and mapping(place)["coordinates"]}
    values = body.model_dump(exclude={"id", "geom"}) | {
        "organisation_id": asker.organisation_id,
        "id": visit_id,
        "geom": place,
        "account_id": visitor(asker, body),
        "source": "form" if asker.by == "session" else "api",
        "body_hash": body_hash(asker.account_id, plain),
    }
    delivery = await log_visit(asked.session, values, asker.account_id, keys)
    if delivery is Delivery.TAKEN:
        raise Problem(ID_TAKEN)
    return await find_visit(asked.session, asker.organisation_id, visit_id), delivery


async def deliver(asked: Asked, visit_id: UUID, body: VisitIn) -> Response:
    notes = await notes_for(asked)
    visit, delivery = await deliver_visit(asked, visit_id, body, notes.keys)
    if visit is None:
        return await received(asked, "visit", visit_id)
    new = delivery is Delivery.NEW
    return answer(asked, visit, notes, Act.CREATED if new else Act.READ, 201 if new else 200)


async def alter(asked: Asked, visit_id: UUID, if_match: str | None, body: VisitIn | VisitChange) -> GeoJSON:
    notes = await notes_for(asked)
    await found(asked, visit_id)
    visit = await find_visit(asked.session, asked.asker.organisation_id, visit_id, lock=True)
    if visit is None:
        raise Problem(FORBIDDEN, "The visit of a colleague is theirs to change.")
    check_version(visit, if_match)
    values: dict[str, Any] = body.model_dump(exclude={"geom"}, exclude_unset=isinstance(body, VisitChange))
    if isinstance(body, VisitIn):
        values["account_id"] = visitor(asked.asker, body) if "account_id" in body.model_fields_set else visit.account_id
    if isinstance(body, VisitIn) or "geom" in body.model_fields_set:
        values["geom"] = None if body.geom is None else await point_of(asked, body.geom)
    outcome, band = values.get("outcome", visit.outcome), values.get("people_band", visit.people_band)
    if outcome == Outcome.NOBODY_FOUND and band not in {None, Band.NONE}:
        raise Refusal("nobody-found goes with people_band 0 or none", "people_band")
    if "note" not in body.model_fields_set and not notes.readable:
        values.pop("note", None)  # whoever cannot read it does not lose it
    await change_visit(asked.session, visit, values, asked.asker.account_id, notes.keys)
    return answer(asked, visit, notes, Act.CHANGED)


@router.get("", response_class=GeoJSON, response_model=FeatureCollection[VisitProperties])
async def read_visits(request: Request, asked: Exact, wanted: Annotated[VisitsQuery, Query()], box: BoxIn) -> Response:
    """The visits that you see, by id. Days are those of the organisation's clock."""
    if wanted.from_ and wanted.to and wanted.from_ > wanted.to:
        raise Problem(INVALID_INPUT, errors=[{"where": "query.to", "what": "lies before from"}])
    start, end = period(asked.asker, wanted.from_, wanted.to)
    asking = VisitsWanted(box, wanted.area, wanted.site, start, end, wanted.outcome, wanted.account, wanted.team)
    notes, after = await notes_for(asked), wanted.within(box).begins_after()
    rows = await list_visits(asked.session, asked.asker.organisation_id, asking, after, wanted.limit + 1)
    asked.saw("visit", with_sites(rows[: wanted.limit]))
    return features(request, wanted, rows, VisitProperties, notes.shown)


@router.get("/{visit_id}", response_class=GeoJSON, response_model=Feature[VisitProperties], responses=READ)
async def read_visit(visit_id: UUID, asked: Exact) -> Response:
    """One visit."""
    notes = await notes_for(asked)
    return answer(asked, await found(asked, visit_id), notes, Act.READ)


@router.post(
    "", status_code=201, response_class=GeoJSON, response_model=Feature[VisitProperties], responses=AGAIN | CREATE
)
async def create(body: NewVisit, asked: Exact) -> Response:
    """Logs a visit; under your own `id` it can be sent again."""
    return await deliver(asked, body.id or new_id(), body)


@router.put(
    "/{visit_id}",
    response_class=GeoJSON,
    response_model=Feature[VisitProperties],
    responses=AGAIN | CREATE | CHANGE | {201: {"description": "Logged."}},
)
async def put(visit_id: UUID, body: VisitIn, asked: Exact, if_match: IfMatch = None) -> Response:
    """Without If-Match logs the visit, or recognises the same delivery; with If-Match changes it as a whole."""
    if if_match is None:
        return await deliver(asked, visit_id, body)
    return await alter(asked, visit_id, if_match, body)


@router.patch("/{visit_id}", response_class=GeoJSON, response_model=Feature[VisitProperties], responses=CHANGE)
async def change(visit_id: UUID, body: VisitChange, asked: Exact, if_match: IfMatch = None) -> Response:
    """Changes what the body names."""
    return await alter(asked, visit_id, if_match, body)
