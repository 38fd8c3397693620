"""Say why exact places are needed, once for a while."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from api.asking import LONGEST_PURPOSE, SHORTEST_PURPOSE, AskingOwn
from api.purpose import end_purpose, state_purpose
from geo.typed_text import NotText, one_line
from web.form import Form, read, typed
from web.i18n import N_
from web.page import own_path, render

router = APIRouter(prefix="/purpose", include_in_schema=False)
COMMON = (
    N_("Planning tonight's rounds"),
    N_("Handing an area over"),
    N_("Following up an alert or a report"),
    N_("Checking or mending records"),
)
MINUTES = (15, 60, 240)
SHORT = N_("Say it in a few words.")


class PurposeForm(Form):
    reason: Annotated[str, Field(max_length=LONGEST_PURPOSE)] = ""
    other: Annotated[str, Field(max_length=LONGEST_PURPOSE)] = ""
    minutes: Annotated[int, Field(ge=1, le=MINUTES[-1])] = 60


@router.get("")
async def purpose_page(request: Request, asked: AskingOwn, next: str = "/") -> Response:  # noqa: A002 - in the address
    return _page(request, asked, {"next": own_path(next)}, {})


@router.post("")
async def state(request: Request, asked: AskingOwn) -> Response:
    fields = await typed(request)
    form, wrong = read(PurposeForm, fields)
    try:
        purpose = one_line(" ".join((form.other or form.reason).split())) if form else ""
    except NotText:
        purpose = ""
    if form and len(purpose) < SHORTEST_PURPOSE:
        wrong = {"other": SHORT}
    if form is None or wrong:
        return _page(request, asked, fields, wrong)
    await state_purpose(request, asked, purpose, form.minutes)
    return RedirectResponse(own_path(fields.get("next")), 303)


@router.post("/end")
async def end(request: Request, asked: AskingOwn) -> Response:
    await end_purpose(request, asked)
    return RedirectResponse("/", 303)


def _page(request: Request, asked: AskingOwn, fields: dict[str, str], wrong: dict[str, str]) -> Response:
    status = 422 if wrong else 200
    return render(
        request, "purpose.html", asked.asker, status, fields=fields, wrong=wrong, common=COMMON, minutes=MINUTES
    )
