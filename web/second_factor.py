"""The pages on which an authenticator app is set up, and recovery codes are shown once."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from api import second_factor
from api.asker import Asker
from api.asking import Settled, Who, own
from api.password import MAXIMUM_LENGTH
from api.problem import INVALID_INPUT, TOO_MANY, Problem
from api.proof import Proof, needed
from web.form import Form, read, typed
from web.i18n import N_
from web.page import own_path, render

router = APIRouter(prefix="/account/second-factor", include_in_schema=False)
WRONG_PASSWORD = N_("This is not your password.")
WRONG_CODE = N_("This is not the code of this moment. Type the next one that the app shows.")
OFTEN = N_("Too many tries. Wait a little.")


class ProofForm(Form):
    model_config = ConfigDict(str_strip_whitespace=False)

    password: Annotated[str, Field(max_length=MAXIMUM_LENGTH)] = ""
    code: Annotated[str, Field(max_length=40)] = ""

    def proof(self) -> Proof:
        return Proof(password=self.password, code=self.code)


class CodeForm(Form):
    code: Annotated[str, Field(max_length=40)]


@router.get("")
async def second_factor_page(
    request: Request,
    asker: Settled,
    next: str = "/",  # noqa: A002 - the name in the address
    done: str = "",
) -> Response:
    return await _page(request, asker, own_path(next), done=done)


@router.post("/begin")
async def begin(request: Request, asker: Settled) -> Response:
    fields = await typed(request)
    wish = own_path(fields.get("next"))
    form, wrong = read(ProofForm, fields)
    if form is None:
        return await _page(request, asker, wish, wrong)
    try:
        await second_factor.begin(request, asker, form.proof())
    except Problem as refused:
        return await _page(request, asker, wish, _said(refused, "password-begin", WRONG_PASSWORD))
    return await _page(request, asker, wish)


@router.post("/confirm")
async def confirm(request: Request, asker: Settled) -> Response:
    """Shows the recovery codes once, in the answer itself."""
    fields = await typed(request)
    wish = own_path(fields.get("next"))
    form, wrong = read(CodeForm, fields)
    codes: list[str] = []
    if form:
        try:
            async with own(request, asker) as asked:
                codes = await second_factor.finish(request, asked, form.code)
        except Problem as refused:
            wrong = _said(refused, "code", WRONG_CODE)
    if not codes:
        return await _page(request, asker, wish, wrong)
    return _codes(request, asker, wish, codes)


@router.post("/recovery-codes")
async def renew(request: Request, asker: Who) -> Response:
    form, wrong = read(ProofForm, await typed(request))
    if form is None:
        return await _page(request, asker, "/", wrong)
    try:
        codes = await second_factor.renew(request, asker, form.proof())
    except Problem as refused:
        return await _page(request, asker, "/", _said(refused, "password-recovery-codes", WRONG_PASSWORD))
    return _codes(request, asker, "/account", codes)


@router.post("/remove")
async def remove(request: Request, asker: Who) -> Response:
    form, wrong = read(ProofForm, await typed(request))
    if form is None:
        return await _page(request, asker, "/", wrong)
    try:
        await second_factor.remove(request, asker, form.proof())
    except Problem as refused:
        return await _page(request, asker, "/", _said(refused, "password-remove", WRONG_PASSWORD))
    return RedirectResponse("/account/second-factor?done=removed", 303)


def _said(refused: Problem, field: str, wrong: str) -> dict[str, str]:
    """What is wrong, beside its field. Raises what no field can say."""
    if refused.kind not in {INVALID_INPUT, TOO_MANY}:
        raise refused
    if any(error["where"] == "body.code" for error in refused.errors or []):
        return {field.replace("password", "code"): OFTEN if refused.kind == TOO_MANY else WRONG_CODE}
    return {field: OFTEN if refused.kind == TOO_MANY else wrong}


async def _page(
    request: Request, asker: Asker, wish: str, wrong: dict[str, str] | None = None, done: str = ""
) -> Response:
    async with own(request, asker) as asked:
        state = await second_factor.second_factor_of(asked)
        waiting = await second_factor.waiting(request, asked)
        needs_password, needs_code = await needed(request, asked)
    return render(
        request,
        "second_factor.html",
        asker,
        422 if wrong else 200,
        state=state,
        waiting=waiting,
        needs_password=needs_password,
        needs_code=needs_code,
        next=wish,
        wrong=wrong or {},
        done=done,
    )


def _codes(request: Request, asker: Asker, wish: str, codes: list[str]) -> Response:
    return render(request, "recovery_codes.html", asker, codes=codes, next=wish)
