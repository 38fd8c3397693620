"""Erase the account of someone who left, and see whose ids stayed."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.asker import Asker
from api.asking import get_database
from api.problem import NOT_FOUND, Kind
from api.retention import Steward, StewardInPerson
from geo.account_query import list_accounts
from geo.erasure import Noun, Reason, list_erasures
from web.i18n import N_
from web.page import render
from web.steward.erasures import ErasureForm, attempt

router = APIRouter(prefix="/steward/erasures/accounts", include_in_schema=False)
REASONS = {
    Reason.LEFT: N_("They left, and this is no longer needed"),
    Reason.ASKED: N_("They asked for it"),
    Reason.MISTAKE: N_("The account was made by mistake"),
    Reason.DANGER: N_("It puts someone in danger"),
    Reason.ORDER: N_("A court or an authority ordered it"),
}
NOT_ENDED = N_("Choose someone else whose access has ended.")
WRONG: dict[Kind | None, str] = {NOT_FOUND: NOT_ENDED, None: NOT_ENDED}


class AccountErasureForm(ErasureForm):
    account_id: UUID


@router.get("")
async def account_erasures_page(request: Request, asker: Steward, done: str = "", account: str = "") -> Response:
    return await _page(request, asker, {"account_id": account}, {}, done)


@router.post("")
async def erase_one_account(request: Request, asker: StewardInPerson) -> Response:
    fields, wrong, done = await attempt(request, asker, AccountErasureForm, Noun.ACCOUNT, WRONG)
    if done:
        return RedirectResponse(f"/steward/erasures/accounts?done={done}", 303)
    return await _page(request, asker, fields, wrong)


async def _page(
    request: Request, asker: Asker, fields: dict[str, str], wrong: dict[str, str], done: str = ""
) -> Response:
    async with get_database(request).asking(asker) as session:
        rows = await list_erasures(session, asker.organisation_id, Noun.ACCOUNT)
        accounts = await list_accounts(session, asker.organisation_id)
    ended = [one for one in accounts if one.left_on and one.left_on <= asker.today and not one.erased]
    return render(
        request,
        "steward/account_erasures.html",
        asker,
        422 if wrong else 200,
        rows=rows,
        ended=sorted(ended, key=lambda one: one.name.casefold()),
        names={person.id: person.name for person in accounts},
        reasons=REASONS,
        fields=fields,
        wrong=wrong,
        done=done,
    )
