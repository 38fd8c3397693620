"""Sites over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from shapely.geometry import mapping

from api.asking import Asked, Exact, ManagingExact, OpenedExact
from api.body import Body, Line, Note, PastDay, PointIn, absent, point_of
from api.box import BoxIn
from api.listing import Feature, FeatureCollection, GeoJSON, Listing, feature, features
from api.note import Notes, notes_for
from api.noun_router import CHANGE, CREATE, READ, noun_router
from api.problem import CONFLICT, ID_TAKEN, NOT_FOUND, Problem
from api.received import AGAIN, received
from api.vault import Keys
from api.version import IfMatch, check_version, etag
from geo.delivery import Delivery, body_hash
from geo.log import Act, note
from geo.schema import new_id
from geo.site import Site, Status
from geo.site_change import change_site, close_site, create_site, hand_over
from geo.site_query import SitesWanted, find_site, list_sites

router: APIRouter = noun_router("sites")
Slug = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$")]
OpenStatus = Literal["unverified", "active", "inactive", "do-not-list"]


class SitesQuery(Listing):
    area: UUID | None = Field(None, description="A work area.")
    status: list[Status] = Field([], max_length=5)
    type: list[Slug] = Field([], max_length=50, description="Site types.")
    from_: PastDay | None = Field(None, alias="from", description="First seen on this day or later.")
    to: date | None = Field(None, description="First seen on this day or earlier.")


class SiteProperties(BaseModel):
    site_type: str
    status: Status
    name: str | None
    access_note: str | None = Field(description="For streetworkers; null for managers.")
    has_access_note: bool
    uncertainty_m: float
    revisit_days: int
    first_seen_on: date | None
    logged_by: UUID | None
    handed_over_at: datetime | None
    coarsened_at: datetime | None = Field(description="Since then the point is the middle of its cell of 250 m.")
    version: int
    created_at: datetime
    updated_at: datetime


class SiteIn(Body):
    """A site as it is made, or as it is to be after a change."""

    geom: PointIn
    site_type: Slug
    status: OpenStatus = "unverified"
    name: Line | None = None
    access_note: Note | None = None
    uncertainty_m: float = Field(25, ge=0, le=5000, description="Metres.")
    revisit_days: int | None = Field(None, ge=1, le=366, description="Without one, the interval of its type.")
    first_seen_on: PastDay | None = Field(None, description="Without one, today.")


class NewSite(SiteIn):
    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")


class SiteChange(Body):
    """What is to change; what is left out stays."""

    geom: PointIn = absent()
    site_type: Slug = absent()
    status: OpenStatus = absent()
    name: Line | None = None
    access_note: Note | None = None
    uncertainty_m: float = Field(25, ge=0, le=5000)
    revisit_days: int | None = Field(None, ge=1, le=366)
    first_seen_on: PastDay | None = None


class SiteClosing(Body):
    cause: Line
    cleared_by: Line | None = None
    notice_days: int | None = Field(None, ge=0, le=3660, description="Days of notice that people were given.")
    moved_to: list[UUID] = Field([], max_length=20, description="The sites that people moved on to.")


def answer(asked: Asked, site: Site, notes: Notes, act: Act, status: int = 200) -> GeoJSON:
    """A site as a feature, with its version as ETag; the log says what was done."""
    note(asked.session, act, "site", [site.id])
    headers = {"ETag": etag(site)}
    if status == 201:
        headers["Location"] = f"/api/v1/sites/{site.id}"
    return GeoJSON(feature(site, SiteProperties, notes.shown(site)), status, headers)


async def found(asked: Asked, site_id: UUID, lock: bool = False) -> Site:
    """Raises `not-found`, alike for a site that is not there and one that the asker does not reach."""
    site = await find_site(asked.session, asked.asker.organisation_id, site_id, lock)
    if site is None:
        raise Problem(NOT_FOUND)
    return site


async def deliver_site(asked: Asked, site_id: UUID, body: SiteIn, keys: Keys) -> tuple[Site | None, Delivery]:
    """Makes a site under an id, once; the same delivery again finds it made, or None where its maker does not reach it
    any more. Raises `id-taken` for any other, the same whether the asker sees what stands there or not."""
    asker = asked.asker
    place = await point_of(asked, body.geom)
    plain = body.model_dump(mode="json", exclude={"id", "geom"}) | {"geom": mapping(place)["coordinates"]}
    values = body.model_dump(exclude={"id", "geom"}) | {
        "organisation_id": asker.organisation_id,
        "id": site_id,
        "geom": place,
        "first_seen_on": body.first_seen_on or asker.today,
        "body_hash": body_hash(asker.account_id, plain),
    }
    delivery = await create_site(asked.session, values, asker.account_id, keys)
    if delivery is Delivery.TAKEN:
        raise Problem(ID_TAKEN)
    return await find_site(asked.session, asker.organisation_id, site_id), delivery


async def deliver(asked: Asked, site_id: UUID, body: SiteIn) -> Response:
    """201, or 200 for the same delivery again; its maker, if they do not reach the site any more, hears no more than
    that it was taken."""
    notes = await notes_for(asked)
    site, delivery = await deliver_site(asked, site_id, body, notes.keys)
    if site is None:
        return await received(asked, "site", site_id)
    new = delivery is Delivery.NEW
    return answer(asked, site, notes, Act.CREATED if new else Act.READ, 201 if new else 200)


async def alter(asked: Asked, site_id: UUID, if_match: str | None, body: SiteIn | SiteChange) -> GeoJSON:
    notes = await notes_for(asked)
    site = await found(asked, site_id, lock=True)
    check_version(site, if_match)
    values = body.model_dump(exclude={"geom"}, exclude_unset=isinstance(body, SiteChange))
    if "geom" in body.model_fields_set:
        values["geom"] = await point_of(asked, body.geom)
    if isinstance(body, SiteIn) and body.first_seen_on is None:
        del values["first_seen_on"]
    if "access_note" not in body.model_fields_set and not notes.readable:
        values.pop("access_note", None)  # whoever cannot read it does not lose it
    await change_site(asked.session, site, values, asked.asker.account_id, notes.keys)
    return answer(asked, site, notes, Act.CHANGED)


@router.get("", response_class=GeoJSON, response_model=FeatureCollection[SiteProperties])
async def read_sites(
    request: Request, asked: OpenedExact, wanted: Annotated[SitesQuery, Query()], box: BoxIn
) -> Response:
    """The sites that you reach, by id."""
    notes, after = await notes_for(asked), wanted.within(box).begins_after()
    asking = SitesWanted(box, wanted.area, wanted.status, wanted.type, wanted.from_, wanted.to)
    rows = await list_sites(asked.session, asked.asker.organisation_id, asking, after, wanted.limit + 1)
    asked.saw("site", [row.id for row in rows[: wanted.limit]])
    return features(request, wanted, rows, SiteProperties, notes.shown)


@router.get("/{site_id}", response_class=GeoJSON, response_model=Feature[SiteProperties], responses=READ)
async def read_site(site_id: UUID, asked: OpenedExact) -> Response:
    """One site."""
    notes = await notes_for(asked)
    return answer(asked, await found(asked, site_id), notes, Act.READ)


@router.post(
    "", status_code=201, response_class=GeoJSON, response_model=Feature[SiteProperties], responses=AGAIN | CREATE
)
async def create(body: NewSite, asked: Exact) -> Response:
    """Makes a site; under your own `id` it can be sent again."""
    return await deliver(asked, body.id or new_id(), body)


@router.put(
    "/{site_id}",
    response_class=GeoJSON,
    response_model=Feature[SiteProperties],
    responses=AGAIN | CREATE | CHANGE | {201: {"description": "Made."}},
)
async def put(site_id: UUID, body: SiteIn, asked: Exact, if_match: IfMatch = None) -> Response:
    """Without If-Match makes the site, or recognises the same delivery; with If-Match changes it as a whole."""
    if if_match is None:
        return await deliver(asked, site_id, body)
    return await alter(asked, site_id, if_match, body)


@router.patch("/{site_id}", response_class=GeoJSON, response_model=Feature[SiteProperties], responses=CHANGE)
async def change(site_id: UUID, body: SiteChange, asked: Exact, if_match: IfMatch = None) -> Response:
    """Changes what the body names. A closed site can be opened again by giving it another status."""
    return await alter(asked, site_id, if_match, body)


@router.post("/{site_id}/close", response_class=GeoJSON, response_model=Feature[SiteProperties], responses=CHANGE)
async def close(site_id: UUID, body: SiteClosing, asked: Exact, if_match: IfMatch = None) -> Response:
    """Closes a site, and keeps why, who cleared it, what notice was given and where people went."""
    notes = await notes_for(asked)
    site = await found(asked, site_id, lock=True)
    check_version(site, if_match)
    if site.status == Status.CLOSED:
        raise Problem(CONFLICT, "The site is closed already.")
    await close_site(asked.session, site, asked.asker.account_id, **body.model_dump())
    return answer(asked, site, notes, Act.CHANGED)


@router.post("/{site_id}/hand-over", response_class=GeoJSON, response_model=Feature[SiteProperties], responses=CHANGE)
async def hand(site_id: UUID, asked: ManagingExact, if_match: IfMatch = None) -> Response:
    """From now on the site is reached by its work area alone, no longer by who logged it."""
    notes = await notes_for(asked)
    site = await found(asked, site_id, lock=True)
    check_version(site, if_match)
    await hand_over(asked.session, site, asked.asker.account_id)
    return answer(asked, site, notes, Act.CHANGED)
