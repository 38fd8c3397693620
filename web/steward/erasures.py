"""Erase a site for good, and see what was erased."""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.asker import Asker
from api.asking import get_database
from api.erasure import erase
from api.problem import HELD_BY_LAW, NOT_FOUND, Kind, Problem
from api.retention import Steward, StewardInPerson
from geo.account_query import list_accounts
from geo.erasure import Noun, Reason, list_erasures
from geo.refusal import Refusal
from web.form import Form, TypedId, read, typed
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
HELD = N_("A request by law holds it. It can be erased when that is over.")
WRONG: dict[Kind | None, str] = {NOT_FOUND: NO_SITE, HELD_BY_LAW: HELD}
TICK = N_("Tick this to go on.")


class ErasureForm(Form):
    reason: Reason
    understood: Literal["yes"]


class SiteErasureForm(ErasureForm):
    site_id: TypedId


@router.get("")
async def erasures_page(request: Request, asker: Steward, done: str = "") -> Response:
    return await _page(request, asker, {}, {}, done)


@router.post("")
async def erase_one(request: Request, asker: StewardInPerson) -> Response:
    fields, wrong, done = await attempt(request, asker, SiteErasureForm, Noun.SITE, WRONG)
    if done:
        return RedirectResponse(f"/steward/erasures?done={done}", 303)
    return await _page(request, asker, fields, wrong)


async def attempt(
    request: Request, asker: Asker, asked: type[ErasureForm], noun: Noun, words: dict[Kind | None, str]
) -> tuple[dict[str, str], dict[str, str], str]:
    """Erases what a form names by its id: the fields, what is wrong with them, and what was done, if it was. `words`
    say why it cannot be; those of None, that it may not."""
    column = f"{noun}_id"
    fields = await typed(request)
    form, wrong = read(asked, fields)
    if "understood" in wrong:
        wrong["understood"] = TICK
    if form is None:
        return fields, wrong, ""
    try:
        erased = await erase(request, asker, noun, getattr(form, column), form.reason)
    except (Problem, Refusal) as refused:
        why = refused.kind if isinstance(refused, Problem) else None
        if why not in words:
            raise
        return fields, {column: words[why]}, ""
    return fields, {}, "erased" if erased.is_listed else "unlisted"


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
