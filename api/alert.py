"""Alerts over HTTP: danger to life or health now, who answers and by when."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from geoalchemy2.shape import to_shape
from pydantic import BaseModel, Field
from shapely.geometry import mapping

from api.asking import Asked, Exact, Reaching
from api.body import Body, Happened, Note, PointIn, point_of
from api.listing import Feature, GeoJSON, Link, Listing, Shape, page
from api.noun_router import CREATE, READ, noun_router, problems
from api.problem import CONFLICT, FORBIDDEN, ID_TAKEN, NOT_FOUND, Problem
from api.vault import Keys
from geo import alert_query
from geo.alert import LONGEST_MINUTES, Alert, AlertKind, Step
from geo.alert_query import Course, add_step, find_alert, list_alerts
from geo.delivery import Delivery, body_hash
from geo.note import opened_note

router: APIRouter = noun_router("alerts")
STEP = problems(400, 404, 409)


class AlertsQuery(Listing):
    live: bool = Field(False, description="Those alone that are not over.")


class StepOut(BaseModel):
    step: Step
    by: UUID
    name: str | None
    at: datetime
    help_by: datetime | None = Field(description="Until when whoever answered means to be there.")


class AlertProperties(BaseModel):
    """What tells of no place. `state` is open, answered, over or false-alarm; `answered_by` is who answered last."""

    kind: AlertKind
    state: str
    raised_by: UUID
    raised_at: datetime
    has_position: bool
    answered_by: UUID | None
    answered_by_name: str | None
    answered_at: datetime | None
    help_by: datetime | None
    over_at: datetime | None
    steps: list[StepOut]


class AlertOut(AlertProperties):
    id: UUID


class PlacedAlert(AlertProperties):
    """With where it is; a site that you do not reach stands here by its id alone, and then without a position."""

    site_id: UUID | None
    note: str | None
    recorded_at: datetime


class AlertFeature(Feature[PlacedAlert]):
    geometry: Shape | None  # type: ignore[assignment]


class AlertCollection(BaseModel):
    type: str
    features: list[AlertFeature]
    numberReturned: int
    links: list[Link]


class AlertIn(Body):
    """Where: a site, or a point, or nowhere known. A site that you do not reach is left out, and then the point counts:
    an alert is not refused for its place."""

    kind: AlertKind
    raised_at: Happened
    site_id: UUID | None = None
    geom: PointIn | None = Field(None, description="Where you are, if no site is meant.")
    note: Note | None = Field(None, description="For who answers: streetworkers of the place and managers read it.")


class Answering(Body):
    minutes: int = Field(30, ge=1, le=LONGEST_MINUTES, description="Until you, or whom you send, are there.")


class Ending(Body):
    false_alarm: bool = False


def told(course: Course) -> dict[str, Any]:
    """What may be told of an alert to everyone who sees it, without its place."""
    alert, answer, end = course.alert, course.answer, course.end
    steps = [
        StepOut(
            step=Step(each.step),
            by=each.by_account_id,
            name=course.names.get(each.by_account_id),
            at=each.at,
            help_by=each.help_by,
        )
        for each in course.steps
    ]
    return {
        "kind": alert.kind,
        "state": course.state,
        "raised_by": alert.raised_by,
        "raised_at": alert.raised_at,
        "has_position": bool(alert.site_id or alert.geom is not None),
        "answered_by": answer and answer.by_account_id,
        "answered_by_name": answer and course.names.get(answer.by_account_id),
        "answered_at": answer and answer.at,
        "help_by": answer and answer.help_by,
        "over_at": end and end.at,
        "steps": steps,
    }


def light(course: Course) -> AlertOut:
    return AlertOut(id=course.alert.id, **told(course))


def placed(course: Course, keys: Keys) -> dict[str, Any]:
    """As a GeoJSON feature, with its place and its note."""
    alert, place = course.alert, course.place
    note = opened_note(keys, Alert, alert.id, alert.note_sealed)
    shown = PlacedAlert(**told(course), site_id=alert.site_id, note=note, recorded_at=alert.recorded_at)
    return {
        "type": "Feature",
        "id": str(alert.id),
        "geometry": None if place is None else mapping(to_shape(place)),
        "properties": shown.model_dump(mode="json"),
    }


async def found(asked: Asked, alert_id: UUID) -> Course:
    """Raises `not-found`, alike for one that is not there and one that the asker does not see."""
    course = await find_alert(asked.session, asked.asker.organisation_id, alert_id)
    if course is None:
        raise Problem(NOT_FOUND)
    return course


@router.get("", response_class=GeoJSON, response_model=AlertCollection)
async def read_alerts(request: Request, asked: Exact, wanted: Annotated[AlertsQuery, Query()]) -> Response:
    """Those that are not over first, and in both parts the newest first: your own and those of your areas; all of them
    for managers."""
    keys = await asked.keys()
    rows = await list_alerts(
        asked.session,
        asked.asker.organisation_id,
        live=wanted.live,
        after=wanted.begins_after(),
        limit=wanted.limit + 1,
    )
    shown = rows[: wanted.limit]
    asked.saw("alerts", alert_query.named(shown))
    listed = page(request, wanted, rows, "features", [placed(course, keys) for course in shown])
    return GeoJSON({"type": "FeatureCollection"} | listed)


@router.get("/{alert_id}", responses=READ)
async def read_alert(alert_id: UUID, asked: Reaching) -> AlertOut:
    """What became of one, without its place: for a phone that waits until someone answers."""
    return light(await found(asked, alert_id))


@router.put("/{alert_id}", response_model=AlertOut, responses=CREATE | {201: {"description": "Raised."}})
async def put(alert_id: UUID, body: AlertIn, asked: Reaching) -> Response:
    """Raises it, or recognises the same delivery. It never changes; what becomes of it is said in steps."""
    course, delivery = await raise_alert(asked, alert_id, body)
    status = 201 if delivery is Delivery.NEW else 200
    headers = {"Location": f"/api/v1/alerts/{alert_id}"} if status == 201 else None
    return JSONResponse(light(course).model_dump(mode="json"), status, headers)


async def raise_alert(asked: Asked, alert_id: UUID, body: AlertIn) -> tuple[Course, Delivery]:
    """Raises `id-taken` for an id that stands for another, `forbidden` for who has no account."""
    asker, keys = asked.asker, await asked.keys()
    if asker.account_id is None:
        raise Problem(FORBIDDEN, "An alert is raised by somebody.")
    place = None if body.geom is None else await point_of(asked, body.geom)
    plain = body.model_dump(mode="json", exclude={"geom"}) | {"geom": place and mapping(place)["coordinates"]}
    values = body.model_dump(exclude={"geom"}) | {
        "organisation_id": asker.organisation_id,
        "id": alert_id,
        "raised_by": asker.account_id,
        "geom": place,
        "body_hash": body_hash(asker.account_id, plain),
    }
    delivery = await alert_query.raise_alert(asked.session, values, keys)
    if delivery is Delivery.TAKEN:
        raise Problem(ID_TAKEN)
    return await found(asked, alert_id), delivery


@router.post("/{alert_id}/seen", responses=STEP)
async def seen(alert_id: UUID, asked: Reaching) -> AlertOut:
    """Says that you know of it, and do not answer yet. Saying so again changes nothing."""
    return light(await say_seen(asked, alert_id))


@router.post("/{alert_id}/answer", responses=STEP)
async def answer(alert_id: UUID, body: Answering, asked: Reaching) -> AlertOut:
    """You answer it: you go there, or send someone. Somebody else may take it over, or you name another time."""
    return light(await say_answer(asked, alert_id, body.minutes))


@router.post("/{alert_id}/over", responses=STEP)
async def over(alert_id: UUID, body: Ending, asked: Reaching) -> AlertOut:
    """It is over, or was a false alarm; for everyone who sees it, who raised it too."""
    return light(await say_over(asked, alert_id, false_alarm=body.false_alarm))


async def say_seen(asked: Asked, alert_id: UUID) -> Course:
    course, by = await _to_step(asked, alert_id, own=False)
    if not course.seen_by(by):
        await add_step(asked.session, course.alert, Step.SEEN, by)
    return await found(asked, alert_id)


async def say_answer(asked: Asked, alert_id: UUID, minutes: int) -> Course:
    course, by = await _to_step(asked, alert_id, own=False)
    await add_step(asked.session, course.alert, Step.ANSWERED, by, minutes=minutes)
    return await found(asked, alert_id)


async def say_over(asked: Asked, alert_id: UUID, *, false_alarm: bool) -> Course:
    course, by = await _to_step(asked, alert_id, own=True)
    step = Step.FALSE_ALARM if false_alarm else Step.OVER
    await add_step(asked.session, course.alert, step, by)
    return await found(asked, alert_id)


async def _to_step(asked: Asked, alert_id: UUID, *, own: bool) -> tuple[Course, UUID]:
    """`own`: who raised it may take this step too. Raises `forbidden` where they may not, `conflict` after its end."""
    course, by = await found(asked, alert_id), asked.asker.account_id
    if by is None or (by == course.alert.raised_by and not own):
        raise Problem(FORBIDDEN, "A second person answers it.")
    if course.end:
        raise Problem(CONFLICT, "It is over already.")
    return course, by
