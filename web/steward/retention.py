"""How long each kind of data is kept, and what goes next."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from api.asker import Asker
from api.asking import get_database
from api.retention import Steward, StewardInPerson
from api.retention_run import outlook
from geo.retention import LEAST_DAYS, MOST_DAYS, USUAL_DAYS, Kind, lay_down
from web.form import Form, read, typed
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/steward/retention", include_in_schema=False)
KINDS = {
    Kind.VISITS: N_("Visits, with their notes"),
    Kind.ALERTS: N_("Alerts, with their notes and steps"),
    Kind.PATROLS: N_("Patrols"),
    Kind.CLOSED_SITES: N_("Exact points, names and notes of closed sites"),
    Kind.CHANGES: N_("What rows were before they were changed"),
    Kind.SESSIONS: N_("Sessions that have ended"),
    Kind.ACCESS_TOKENS: N_("Access tokens that have ended"),
    Kind.DELIVERIES: N_("Records of what phones sent"),
}
TOO_SHORT = N_("This is shorter than Lantern allows for this kind.")


class RuleForm(Form):
    kind: Kind
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)]


@router.get("")
async def retention_page(request: Request, asker: Steward, done: str = "") -> Response:
    return await _page(request, asker, {}, {}, done)


@router.post("")
async def change_rule(request: Request, asker: StewardInPerson) -> Response:
    fields = await typed(request)
    form, wrong = read(RuleForm, fields)
    if form and form.days < LEAST_DAYS[form.kind]:
        wrong = {"days": TOO_SHORT}
    if form is None or wrong:
        return await _page(request, asker, fields, wrong)
    async with get_database(request).asking(asker) as session:
        await lay_down(session, asker.organisation_id, form.kind, form.days, asker.account_id)
    return RedirectResponse("/steward/retention?done=rule", 303)


async def _page(
    request: Request, asker: Asker, fields: dict[str, str], wrong: dict[str, str], done: str = ""
) -> Response:
    return render(
        request,
        "steward/retention.html",
        asker,
        422 if wrong else 200,
        outlook=await outlook(get_database(request), asker),
        kinds=KINDS,
        usual=USUAL_DAYS,
        least=LEAST_DAYS,
        fields=fields,
        wrong=wrong,
        done=done,
    )
