"""The pages of requests by law: to register one, to propose its release, to agree or refuse, to fetch the file."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError
from starlette.responses import RedirectResponse, Response

from api import law_file, law_request
from api.asker import Asker
from api.asking import (
    LONGEST_PURPOSE,
    SHORTEST_PURPOSE,
    Asked,
    Deciding,
    Keeping,
    get_database,
    get_vault,
)
from api.law_file import SecondPerson
from api.law_request import SHORTEST_WORDS, NewLawRequest
from api.problem import Problem
from api.retention import StewardInPerson
from geo.account import Role
from geo.account_query import list_accounts
from geo.area_name import list_area_names
from geo.law_cover import Covered, covered_by
from geo.law_file import is_kept
from geo.law_request import LONGEST_PERIOD, MOST_SITES, LawRequest, State
from geo.law_request import Asked as Noun
from geo.law_request_query import latest_law_requests, opened_refusal, opened_words
from geo.refusal import Refusal
from web.form import Form, read, typed
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/law-requests", include_in_schema=False)
MOST_NAMES = 50
TOLD_AT_HOME = timedelta(days=1)
BETWEEN = re.compile(r"[\s,;]+")
NOUNS = {Noun.SITES: N_("Sites"), Noun.VISITS: N_("Visits")}
SHORT = N_("Say it in a few words.")
NO_ID = N_("Give ids alone, one a line.")
TOO_MANY_IDS = N_("This is more than one request takes. Register what is asked for more narrowly.")
NAME_IT = N_("Name sites or a work area. Nobody is given everything.")
EARLIER = N_("This day lies before the day on which it came.")
NO_PERIOD = N_("A period goes with visits alone. Leave both days empty.")
PERIOD = N_("For visits give a first and a last day, a year apart at most.")
THIS_DAY = N_("This day cannot be right.")
NO_SITE = N_("Not all of these are ids of sites. Nothing is held for what is not there.")
NO_AREA = N_("There is no such work area today.")
NOTHING = N_("It covers nothing. Refuse it, and register anew what is meant.")
TICK = N_("Tick this to go on.")


class RegisterForm(Form):
    authority: Annotated[str, Field(max_length=200)]
    reference: Annotated[str, Field(max_length=200)]
    wording: Annotated[str, Field(min_length=SHORTEST_WORDS, max_length=2000)]
    came_on: date
    due_on: date
    noun: Noun
    sites: Annotated[str, Field(max_length=40 * MOST_SITES)] = ""
    area: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None


class AgreeForm(Form):
    understood: Literal["yes"]


class RefuseForm(Form):
    reason: Annotated[str, Field(min_length=SHORTEST_WORDS, max_length=2000)]


class FetchForm(Form):
    purpose: Annotated[str, Field(min_length=SHORTEST_PURPOSE, max_length=LONGEST_PURPOSE)]


async def law_at_home(asked: Asked) -> list[dict[str, Any]]:
    """What a home tells of requests by law: those that hold, and those released within a day."""
    since = datetime.now(UTC) - TOLD_AT_HOME
    return await _told(asked, await latest_law_requests(asked.session, asked.asker.organisation_id, since))


async def _told(asked: Asked, rows: Iterable[LawRequest]) -> list[dict[str, Any]]:
    """Rows as a template shows them: in words, and what the reader may do."""
    found = list(rows)
    if not found:
        return []
    keys = await asked.keys()
    asker = asked.asker
    people = await list_accounts(asked.session, asker.organisation_id)
    names = {person.id: person.name for person in people}
    stewards = {
        person.id
        for person in people
        if Role.STEWARD in person.roles and (person.left_on is None or person.left_on > asker.today)
    }
    areas = {row.id: row.name for row in await list_area_names(asked.session, asker.organisation_id, asker.today)}

    def gone(row: LawRequest) -> bool:
        return row.state is State.PROPOSED and row.proposed_by not in stewards

    return [
        {
            "row": row,
            "words": opened_words(keys, row),
            "refusal": opened_refusal(keys, row),
            "state": str(row.state),
            "holds_until": _later(row.held_until),
            "area": areas.get(row.work_area_id) if row.work_area_id else None,
            "names": names,
            "proposer_gone": gone(row),
            "proposes": (row.state is State.OPEN or gone(row)) and Role.STEWARD in asker.roles,
            "agrees": row.state is State.PROPOSED
            and not gone(row)
            and not row.covers_nothing
            and asker.account_id not in (None, row.proposed_by),
            "refuses": row.state in (State.OPEN, State.PROPOSED),
        }
        for row in found
    ]


def _later(moment: datetime | None) -> datetime | None:
    """A moment that is still to come."""
    return moment if moment and moment > datetime.now(UTC) else None


@router.get("")
async def law_requests_page(request: Request, asked: Keeping) -> Response:
    return await _list_page(request, asked, {}, {})


@router.post("")
async def register(request: Request, asker: StewardInPerson) -> Response:
    fields = await typed(request)
    form, wrong = read(RegisterForm, fields)
    ids: list[UUID] = []
    if form:
        ids, wrong = _ids(form)
        wrong = wrong or _wrong(form, ids)
    new = _new(form, ids, wrong) if form and not wrong else None
    if new:
        try:
            return RedirectResponse(f"/law-requests/{await law_request.register(request, asker, new)}", 303)
        except Refusal as refused:
            wrong = {"sites": NO_SITE} if refused.where == "site_ids" else {"area": NO_AREA}
    async with _asking(request, asker) as asked:
        return await _list_page(request, asked, fields, wrong)


@asynccontextmanager
async def _asking(request: Request, asker: Asker) -> AsyncIterator[Asked]:
    """A transaction for a page, after a step that had one of its own."""
    database = get_database(request)
    async with database.asking(asker) as session:
        yield Asked(session, asker, database, get_vault(request))


def _ids(form: RegisterForm) -> tuple[list[UUID], dict[str, str]]:
    try:
        return [UUID(one) for one in BETWEEN.split(form.sites) if one], {}
    except ValueError:
        return [], {"sites": NO_ID}


def _wrong(form: RegisterForm, ids: list[UUID]) -> dict[str, str]:
    """What would be wrong with the request as a whole, beside the field where it is put right."""
    wrong = {}
    if len(ids) > MOST_SITES:
        wrong["sites"] = TOO_MANY_IDS
    if not ids and form.area is None:
        wrong["sites"] = NAME_IT
    if form.due_on < form.came_on:
        wrong["due_on"] = EARLIER
    first, last = form.first_day, form.last_day
    if form.noun is Noun.SITES and (first or last):
        wrong["first_day"] = NO_PERIOD
    if form.noun is Noun.VISITS and not (first and last and timedelta(0) <= last - first <= LONGEST_PERIOD):
        wrong["first_day"] = PERIOD
    return wrong


def _new(form: RegisterForm, ids: list[UUID], wrong: dict[str, str]) -> NewLawRequest | None:
    """As the API takes it; else says in `wrong` what is."""
    given = form.model_dump(exclude={"sites", "area"}) | {"site_ids": ids, "work_area_id": form.area}
    given["wording"] = form.wording.replace("\r\n", "\n")
    try:
        return NewLawRequest.model_validate(given)
    except ValidationError as error:
        days = {"came_on", "due_on", "first_day", "last_day"}
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else "sites"
            wrong[name] = THIS_DAY if name in days else SHORT
        return None


async def _list_page(request: Request, asked: Asked, fields: dict[str, str], wrong: dict[str, str]) -> Response:
    asker = asked.asker
    areas = await list_area_names(asked.session, asker.organisation_id, asker.today)
    return render(
        request,
        "law_request/list.html",
        asker,
        422 if wrong else 200,
        told=await _told(asked, await latest_law_requests(asked.session, asker.organisation_id)),
        areas=sorted(((str(row.id), row.name) for row in areas), key=lambda pair: pair[1]),
        may_register=Role.STEWARD in asker.roles,
        nouns=NOUNS,
        most=MOST_SITES,
        fields=fields,
        wrong=wrong,
    )


@router.get("/{request_id}")
async def law_request_page(request: Request, request_id: UUID, asked: Keeping) -> Response:
    return await _one_page(request, asked, request_id, {}, {})


async def _one_page(
    request: Request, asked: Asked, request_id: UUID, fields: dict[str, str], wrong: dict[str, str]
) -> Response:
    row = await law_request.found(asked, request_id)
    [told] = await _told(asked, [row])
    return render(
        request,
        "law_request/one.html",
        asked.asker,
        422 if wrong else 200,
        told=told,
        covered=await _covered(asked, row),
        most_names=MOST_NAMES,
        kept_until=await is_kept(asked.session, asked.asker.organisation_id, request_id),
        nouns=NOUNS,
        fields=fields,
        wrong=wrong,
    )


async def _covered(asked: Asked, row: LawRequest) -> Covered | None:
    """What a proposal gives away, while it waits, for who sees all places; names for who said why."""
    asker = asked.asker
    if row.state is not State.PROPOSED or Role.MANAGER not in asker.roles:
        return None
    covered = await covered_by(asked.session, row, asker.today)
    if asker.purpose is None:
        return replace(covered, names=[])
    asked.saw("site", row.covers_sites or [], law_request=str(row.id))
    return covered


@router.post("/{request_id}/propose")
async def propose(request: Request, request_id: UUID, asker: StewardInPerson) -> Response:
    try:
        await law_file.propose(get_database(request), asker, request_id)
    except Problem as refused:
        if refused.detail != law_file.NOTHING:
            raise
        async with _asking(request, asker) as asked:
            return await _one_page(request, asked, request_id, {}, {"proposal": NOTHING})
    return RedirectResponse(f"/law-requests/{request_id}", 303)


@router.post("/{request_id}/agree")
async def agree(request: Request, request_id: UUID, asker: SecondPerson) -> Response:
    form, wrong = read(AgreeForm, await typed(request))
    if form is None:
        async with _asking(request, asker) as asked:
            return await _one_page(request, asked, request_id, {}, dict.fromkeys(wrong, TICK))
    await law_file.agree(get_database(request), get_vault(request), asker, request_id)
    return RedirectResponse(f"/law-requests/{request_id}", 303)


@router.post("/{request_id}/refuse")
async def refuse(request: Request, request_id: UUID, asker: SecondPerson) -> Response:
    fields = await typed(request)
    form, wrong = read(RefuseForm, fields)
    try:
        body = law_request.Refusing(reason=form.reason.replace("\r\n", "\n")) if form else None
    except ValidationError:
        body = None
    if body is None:
        async with _asking(request, asker) as asked:
            return await _one_page(request, asked, request_id, fields, dict.fromkeys(wrong or {"reason": ""}, SHORT))
    await law_file.refuse(get_database(request), get_vault(request), asker, request_id, body.reason)
    return RedirectResponse(f"/law-requests/{request_id}", 303)


@router.post("/{request_id}/file")
async def fetch(request: Request, request_id: UUID, asked: Deciding) -> Response:
    fields = await typed(request)
    form, wrong = read(FetchForm, fields)
    try:
        body = law_request.Fetching(purpose=" ".join(form.purpose.split())) if form else None
    except ValidationError:
        body = None
    if body is None:
        return await _one_page(request, asked, request_id, fields, dict.fromkeys(wrong or {"purpose": ""}, SHORT))
    return await law_file.download(asked, await law_request.found(asked, request_id), body.purpose)
