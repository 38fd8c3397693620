"""The pages of widenings: to ask for another area, to let a colleague see it, to see it and to end it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from geoalchemy2.shape import to_shape
from pydantic import Field, TypeAdapter, ValidationError
from starlette.responses import RedirectResponse, Response

from api import widening
from api.asking import Asked, Knowing
from api.body import Line
from api.note import notes_for
from geo.account_query import list_accounts
from geo.area_name import list_area_names
from geo.note import opened_note, sealed_note_of
from geo.refusal import Refusal
from geo.schema import new_id
from geo.site import Site
from geo.site_query import SitesWanted, list_sites
from geo.watch import AreaOfToday
from geo.widening import LONGEST_MINUTES, LONGEST_REASON, SHORTEST_REASON, State, Widening
from geo.widening_query import Named, my_areas, opened_areas, told_since
from web.form import Form, read, typed
from web.i18n import N_
from web.page import render
from web.site_type import site_types

router = APIRouter(prefix="/widenings", include_in_schema=False)
TOLD = timedelta(days=30)
TOLD_AT_HOME = timedelta(days=1)
MOST_SITES = 500
SHORT = N_("Say it in a few words.")
NO_AREA = N_("Choose one from the list.")


class AskForm(Form):
    area: UUID
    reason: Annotated[str, Field(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)]


class GrantForm(Form):
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]


async def told_at_home(asked: Asked) -> list[dict[str, Any]]:
    """What a home tells of widenings: those that wait, that are open, and that were open within a day."""
    rows = await told_since(asked.session, asked.asker.organisation_id, datetime.now(UTC) - TOLD_AT_HOME)
    kept = {State.ASKED, State.OPEN, State.ENDED}
    return await _told(asked, [named for named in rows if named[0].state in kept])


async def _told(asked: Asked, rows: Iterable[Named]) -> list[dict[str, Any]]:
    """Rows as a template shows them: who, and whether the reader may answer."""
    found = list(rows)
    if not found:
        return []
    names = {person.id: person.name for person in await list_accounts(asked.session, asked.asker.organisation_id)}
    me, reached = asked.asker.account_id, await my_areas(asked.session)
    return [
        {
            "row": row,
            "area": area,
            "state": str(row.state),
            "own": row.account_id == me,
            "who": names.get(row.account_id),
            "by": names.get(row.granted_by) if row.granted_by else None,
            "ended_by": names.get(row.ended_by) if row.ended_by else None,
            "mine": row.account_id != me and (asked.asker.scope == "organisation" or row.work_area_id in reached),
        }
        for row, area in found
    ]


@router.get("")
async def widenings_page(request: Request, asked: Knowing, area: UUID | None = None) -> Response:
    return await _list_page(request, asked, {"area": str(area or "")}, {})


@router.post("")
async def ask(request: Request, asked: Knowing) -> Response:
    fields = await typed(request)
    form, wrong = read(AskForm, fields)
    if form is None:
        messages = {"area": NO_AREA, "reason": SHORT}
        return await _list_page(
            request, asked, fields, {name: messages.get(name, what) for name, what in wrong.items()}
        )
    try:
        reason = TypeAdapter(Line).validate_python(" ".join(form.reason.split()))
        named = await widening.ask(asked, new_id(), form.area, reason)
    except ValidationError:
        return await _list_page(request, asked, fields, {"reason": SHORT})
    except Refusal:
        return await _list_page(request, asked, fields, {"area": NO_AREA})
    return RedirectResponse(f"/widenings/{named[0].id}", 303)


async def _list_page(request: Request, asked: Asked, fields: dict[str, str], wrong: dict[str, str]) -> Response:
    asker = asked.asker
    may_ask = widening.askable(asker) is not None
    areas = []
    if may_ask:
        own = set(await my_areas(asked.session))
        areas = [
            row for row in await list_area_names(asked.session, asker.organisation_id, asker.today) if row.id not in own
        ]
    rows = await told_since(asked.session, asker.organisation_id, datetime.now(UTC) - TOLD)
    return render(
        request,
        "widening/list.html",
        asker,
        422 if wrong else 200,
        told=await _told(asked, rows),
        areas=sorted(((str(row.id), row.name) for row in areas), key=lambda pair: pair[1]),
        may_ask=may_ask,
        fields=fields,
        wrong=wrong,
    )


@router.get("/{widening_id}")
async def widening_page(request: Request, widening_id: UUID, asked: Knowing) -> Response:
    return await _one_page(request, asked, await widening.found(asked, widening_id), {})


async def _one_page(request: Request, asked: Asked, named: Named, wrong: dict[str, str]) -> Response:
    [told] = await _told(asked, [named])
    seen: dict[str, Any] = {"sites": [], "places": None}
    if told["own"] and told["state"] == State.OPEN:
        seen = await _opened(asked, named[0])
    return render(
        request,
        "widening/one.html",
        asked.asker,
        422 if wrong else 200,
        told=told,
        wrong=wrong,
        shows_sites=seen["places"] is not None,
        **seen,
    )


async def _opened(asked: Asked, row: Widening) -> dict[str, Any]:
    """The sites of the area that is open, and what the map draws."""
    notes = await notes_for(asked)
    areas = [area for area in await opened_areas(asked.session) if area.id == row.work_area_id]
    wanted = SitesWanted(area=row.work_area_id)
    sites = await list_sites(asked.session, asked.asker.organisation_id, wanted, None, MOST_SITES)
    asked.saw("site", [site.id for site in sites])
    labels = {kind.slug: kind.label for kind in await site_types(asked)}
    shown = [
        {
            "site": site,
            "label": labels.get(site.site_type, site.site_type),
            "note": opened_note(notes.reader, Site, site.id, sealed_note_of(site)) if notes.reader else None,
        }
        for site in sites
    ]
    return {"sites": shown, "places": _places(areas, shown)}


def _places(areas: list[AreaOfToday], shown: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "areas": [{"name": area.name, "shape": area.shape} for area in areas],
        "sites": [
            {
                "id": str(each["site"].id),
                "number": number,
                "name": each["site"].name or each["label"],
                "at": list(to_shape(each["site"].geom).coords[0]),
                "late": 0,
            }
            for number, each in enumerate(shown, 1)
        ],
    }


@router.post("/{widening_id}/grant")
async def grant(request: Request, widening_id: UUID, asked: Knowing) -> Response:
    form, wrong = read(GrantForm, await typed(request))
    if form is None:
        return await _one_page(request, asked, await widening.found(asked, widening_id), wrong)
    await widening.let(asked, widening_id, form.minutes)
    return RedirectResponse(f"/widenings/{widening_id}", 303)


@router.post("/{widening_id}/refuse")
async def refuse(widening_id: UUID, asked: Knowing) -> Response:
    await widening.turn_down(asked, widening_id)
    return RedirectResponse(f"/widenings/{widening_id}", 303)


@router.post("/{widening_id}/end")
async def end(widening_id: UUID, asked: Knowing) -> Response:
    await widening.stop(asked, widening_id)
    return RedirectResponse(f"/widenings/{widening_id}", 303)
