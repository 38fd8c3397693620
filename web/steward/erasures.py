"""Erase a site for good, and see what was erased."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.asker import Asker
from api.asking import get_database
from api.erasure import Eraser, erase
from api.problem import HELD_BY_LAW, NOT_FOUND, Problem
from api.retention import Steward
from geo.account_query import list_accounts
from geo.erasure import Noun, Reason, list_erasures
from geo.refusal import Refusal
from web.form import Form, read, typed
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/steward/erasures", include_in_schema=False)
REASONS = {
    Reason.ASKED: N_("Someone who stays there asked for it"),
    Reason.MISTAKE: N_("It was written down by mistake"),
    Reason.DANGER: N_("It puts someone in danger"),
    Reason.ORDER: N_("A court or an authority ordered it"),
}
NO_SITE = N_("There is no site with this id.")
HELD = N_("A request by law that is undecided names it. It can be erased when that is decided.")
WRONG = {NOT_FOUND: NO_SITE, HELD_BY_LAW: HELD}
TAKEN = N_("Something else that was erased had this id, so this stays as it is. Tell whoever runs Lantern.")
TICK = N_("Tick this to go on.")


class ErasureForm(Form):
    site_id: UUID
    reason: Reason
    understood: Literal["yes"]


@router.get("")
async def erasures_page(request: Request, asker: Steward, done: str = "") -> Response:
    return await _page(request, asker, {}, {}, done)


@router.post("")
async def erase_one(request: Request, asker: Eraser) -> Response:
    fields = await typed(request)
    form, wrong = read(ErasureForm, fields)
    if "understood" in wrong:
        wrong["understood"] = TICK
    if form:
        try:
            await erase(request, asker, Noun.SITE, form.site_id, form.reason)
        except Refusal:
            wrong = {"site_id": TAKEN}
        except Problem as problem:
            if problem.kind not in WRONG:
                raise
            wrong = {"site_id": WRONG[problem.kind]}
    if form is None or wrong:
        return await _page(request, asker, fields, wrong)
    return RedirectResponse("/steward/erasures?done=erased", 303)


async def _page(
    request: Request, asker: Asker, fields: dict[str, str], wrong: dict[str, str], done: str = ""
) -> Response:
    async with get_database(request).asking(asker) as session:
        rows = await list_erasures(session, asker.organisation_id, Noun.SITE)
        names = {person.id: person.name for person in await list_accounts(session, asker.organisation_id)}
    return render(
        request,
        "steward/erasures.html",
        asker,
        422 if wrong else 200,
        rows=rows,
        names=names,
        reasons=REASONS,
        fields=fields,
        wrong=wrong,
        done=done,
    )
