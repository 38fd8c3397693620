"""Alerts on a home, above all else, and the buttons that answer them. A script asks for them anew every ten seconds."""

import hashlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from geoalchemy2.shape import to_shape
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from api.alert import say_answer, say_over, say_seen
from api.asking import Asked, Reaching
from api.problem import INVALID_INPUT, Problem
from geo.account import Role
from geo.alert import LONGEST_MINUTES, Alert, AlertKind
from geo.alert_query import Course, list_alerts, named, where_they_lie
from geo.note import opened_note
from web.form import Form, read, typed
from web.i18n import N_
from web.page import language_of, own_path, render
from web.site_type import site_types

router = APIRouter(prefix="/alerts", include_in_schema=False)
KINDS = {
    AlertKind.COLD: N_("Cold"),
    AlertKind.FIRE: N_("Fire"),
    AlertKind.VIOLENCE: N_("Violence"),
    AlertKind.ILLNESS: N_("Illness"),
}
MOST = 50


class AnswerForm(Form):
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)] = 30


async def alerts_at_home(request: Request, asked: Asked, home: str, *, known: str | None = None) -> dict[str, Any]:
    """What a home shows of the alerts that are not over. `mark` changes when they do: for who has them (`known`) no
    place is read. Where they are is for streetworkers, and for managers who have stated a purpose."""
    asker = asked.asker
    keys = await asked.keys()
    rows = await list_alerts(asked.session, asker.organisation_id, live=True, limit=MOST)
    rows.sort(key=lambda course: course.answer is not None)  # whom nobody goes to stands first
    exact = Role.MANAGER not in asker.roles or asker.purpose is not None
    areas = await where_they_lie(asked.session, asker.organisation_id, asker.today)
    mark = _mark(rows, areas, language_of(request, asker), exact)
    shown: dict[str, Any] = {"alerts": [], "alerts_mark": mark, "alerts_home": home, "alerts_exact": exact}
    if mark == known or not rows:
        return shown
    if exact:
        asked.saw("alerts", named(rows))
    labels = {kind.slug: kind.label for kind in await site_types(asked)}
    for course in rows:
        alert, told = course.alert, {"course": course, "kind": KINDS[AlertKind(course.alert.kind)]}
        told |= {"areas": areas.get(alert.id, []), "own": alert.raised_by == asker.account_id}
        told |= {"seen": course.seen_by(asker.account_id), "site": None, "at": None, "note": None}
        if exact:
            told |= {"site": course.site_name or labels.get(course.site_type or ""), "at": _at(course)}
            told |= {"note": opened_note(keys, Alert, alert.id, alert.note_sealed)}
        shown["alerts"].append(told)
    return shown


def _at(course: Course) -> tuple[float, float] | None:
    """Longitude and latitude of an alert that is at no site."""
    if course.alert.site_id or course.place is None:
        return None
    point = to_shape(course.place)
    return point.x, point.y  # type: ignore[attr-defined]


def _mark(rows: list[Course], areas: dict[UUID, list[str]], language: str, exact: bool) -> str:
    said = [(course.id, [step.id for step in course.steps], areas.get(course.id)) for course in rows]
    return hashlib.sha256(f"{said} {language} {exact}".encode()).hexdigest()[:16]


async def alerts_anew(request: Request, asked: Asked, home: str) -> Response:
    """The part of a home that shows alerts; 304 for who shows them already, by If-None-Match."""
    known = (request.headers.get("if-none-match") or "").strip('"')
    shown = await alerts_at_home(request, asked, home, known=known)
    if shown["alerts_mark"] == known:
        return Response(status_code=304)
    answer = render(request, "alert/part.html", asked.asker, **shown)
    answer.headers["ETag"] = f'"{shown["alerts_mark"]}"'
    return answer


@router.post("/{alert_id}/seen")
async def seen(request: Request, alert_id: UUID, asked: Reaching) -> Response:
    await say_seen(asked, alert_id)
    return await _back(request)


@router.post("/{alert_id}/answer")
async def answer(request: Request, alert_id: UUID, asked: Reaching) -> Response:
    form, wrong = read(AnswerForm, await typed(request))
    if form is None:
        raise Problem(INVALID_INPUT, errors=[{"where": "body.minutes", "what": wrong["minutes"]}])
    await say_answer(asked, alert_id, form.minutes)
    return await _back(request)


@router.post("/{alert_id}/over")
async def over(request: Request, alert_id: UUID, asked: Reaching) -> Response:
    await say_over(asked, alert_id, false_alarm=False)
    return await _back(request)


@router.post("/{alert_id}/false-alarm")
async def false_alarm(request: Request, alert_id: UUID, asked: Reaching) -> Response:
    await say_over(asked, alert_id, false_alarm=True)
    return await _back(request)


async def _back(request: Request) -> Response:
    """To the home that the button stood on."""
    return RedirectResponse(own_path((await typed(request)).get("next")), 303)
