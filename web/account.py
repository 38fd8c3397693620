"""One's own account: tokens for scripts and QGIS, the password, the language."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from sqlalchemy import delete
from starlette.responses import RedirectResponse, Response

from api.access_token import AccessTokenMade, list_access_tokens, make_access_token, revoke_access_token
from api.asking import COOKIE, Asked, AskingOwn
from api.credential import digest
from api.password import MINIMUM_LENGTH, fits, hash_password_aside
from api.problem import Problem
from geo.account import Account, SignIn
from web.form import Form, read, typed
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/account", include_in_schema=False)
WRONG_DAY = N_("Choose a day within a year from today.")
WRONG_PASSWORD = N_("This is not your password now.")
SHORT = N_("Use at least 12 characters. Four or five words do well.")
DIFFERENT = N_("The two new passwords differ.")


class TokenForm(Form):
    name: Annotated[str, Field(max_length=200)]
    expires_on: date | None = None


class PasswordForm(Form):
    model_config = ConfigDict(str_strip_whitespace=False)

    current: Annotated[str, Field(max_length=256)]
    new: Annotated[str, Field(max_length=256)]
    again: Annotated[str, Field(max_length=256)]


@router.get("")
async def account_page(request: Request, asked: AskingOwn, done: str = "") -> Response:
    return await _page(request, asked, done=done)


@router.post("/tokens")
async def make_token(request: Request, asked: AskingOwn) -> Response:
    """Shows the secret once, in the answer itself: it is kept nowhere to be shown again."""
    fields = await typed(request)
    form, wrong = read(TokenForm, fields)
    if form is None:
        return await _page(request, asked, fields=fields, wrong=wrong)
    try:
        made = await make_access_token(asked, form.name, form.expires_on)
    except Problem as refused:
        if not refused.errors:
            raise
        return await _page(request, asked, fields=fields, wrong={"expires_on": WRONG_DAY})
    return await _page(request, asked, made=made)


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(token_id: UUID, asked: AskingOwn) -> Response:
    await revoke_access_token(asked.session, asked.asker, token_id)
    return RedirectResponse("/account?done=revoked", 303)


@router.post("/password")
async def change_password(request: Request, asked: AskingOwn) -> Response:
    """Changes the password and ends every other session."""
    form, wrong = read(PasswordForm, await typed(request))
    account = await asked.session.get_one(Account, (asked.asker.organisation_id, asked.asker.account_id))
    if form is not None:
        wrong = await _wrong_with(form, account)
    if form is None or wrong:
        return await _page(request, asked, wrong=wrong)
    account.password_hash = await hash_password_aside(form.new)
    others = delete(SignIn).where(
        SignIn.organisation_id == account.organisation_id,
        SignIn.account_id == account.id,
        SignIn.token_hash != digest(request.cookies.get(COOKIE, "")),
    )
    await asked.session.execute(others)
    return RedirectResponse("/account?done=password", 303)


async def _wrong_with(form: PasswordForm, account: Account) -> dict[str, str]:
    if not await fits(form.current, account.password_hash):
        return {"current": WRONG_PASSWORD}
    if len(form.new) < MINIMUM_LENGTH:
        return {"new": SHORT}
    return {} if form.new == form.again else {"again": DIFFERENT}


async def _page(
    request: Request,
    asked: Asked,
    *,
    fields: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
    made: AccessTokenMade | None = None,
    done: str = "",
) -> Response:
    context: dict[str, Any] = {
        "tokens": await list_access_tokens(asked.session, asked.asker),
        "fields": fields or {},
        "wrong": wrong or {},
        "made": made,
        "done": done,
        "until": asked.asker.today + timedelta(days=90),
    }
    return render(request, "account.html", asked.asker, 422 if wrong else 200, **context)
