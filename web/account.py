"""One's own account: tokens for scripts and QGIS, the password, the language."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from api.access_token import AccessTokenMade, list_access_tokens, make_access_token, revoke_access_token
from api.asking import Asked, AskingOwn, Who, own
from api.body import Line
from api.device import list_devices
from api.me import PasswordChange, change_password
from api.passkey import passkeys_of
from api.password import MINIMUM_LENGTH
from api.problem import INVALID_INPUT, TOO_MANY, Problem
from api.proof import Proof, needed, show_again
from api.second_factor import second_factor_of
from geo.organisation import Organisation
from web.form import TOO_COMMON, Form, Secret, read, typed
from web.i18n import N_
from web.page import render
from web.second_factor import WRONG_CODE

router = APIRouter(prefix="/account", include_in_schema=False)
WRONG_DAY = N_("Choose a day within a year from today.")
WRONG_PASSWORD = N_("This is not your password now.")
OFTEN = N_("Too many tries. Wait a little.")
SHORT = N_("Use at least 12 characters. Four or five words do well.")
PROOF = {"password", "code"}
DIFFERENT = N_("The two new passwords differ.")


class TokenForm(Form):
    model_config = ConfigDict(str_strip_whitespace=False)

    name: Line
    expires_on: date | None = None
    token_password: Secret = ""
    token_code: Annotated[str, Field(max_length=40)] = ""


class PasswordForm(Form):
    model_config = ConfigDict(str_strip_whitespace=False)

    current: Annotated[str, Field(max_length=256)]
    new: Annotated[str, Field(max_length=256)]
    again: Annotated[str, Field(max_length=256)]
    code: Annotated[str, Field(max_length=40)] | None = None


@router.get("")
async def account_page(request: Request, asked: AskingOwn, done: str = "") -> Response:
    return await show(request, asked, done=done)


@router.post("/tokens")
async def make_token(request: Request, asker: Who) -> Response:
    """Shows the secret once, in the answer itself: it is kept nowhere to be shown again."""
    fields = await typed(request)
    form, wrong = read(TokenForm, fields)
    made = None
    if form:
        try:
            await show_again(request, asker, Proof(password=form.token_password, code=form.token_code))
            async with own(request, asker) as asked:
                made = await make_access_token(asked, form.name, form.expires_on)
        except Problem as refused:
            wrong = refused_password(refused, "token_password")
    async with own(request, asker) as asked:
        return await show(request, asked, fields=fields if wrong else None, wrong=wrong, made=made)


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(token_id: UUID, asked: AskingOwn) -> Response:
    await revoke_access_token(asked.session, asked.asker, token_id)
    return RedirectResponse("/account?done=revoked", 303)


@router.post("/password")
async def change_own_password(request: Request, asker: Who) -> Response:
    """Changes the password; every other session and all tokens end."""
    form, wrong = read(PasswordForm, await typed(request))
    if form:
        wrong = wrong_with(form)
    if form and not wrong:
        try:
            await change_password(PasswordChange(current=form.current, new=form.new, code=form.code), request, asker)
        except Problem as refused:
            wrong = refused_password(refused)
        else:
            return RedirectResponse("/account?done=password", 303)
    async with own(request, asker) as asked:
        return await show(request, asked, wrong=wrong)


async def _is_demo(asked: Asked) -> bool:
    return (await asked.session.get_one(Organisation, asked.asker.organisation_id)).is_demo


def wrong_with(form: PasswordForm) -> dict[str, str]:
    if len(form.new) < MINIMUM_LENGTH:
        return {"new": SHORT}
    return {} if form.new == form.again else {"again": DIFFERENT}


def refused_password(refused: Problem, of: str = "current") -> dict[str, str]:
    """What is wrong, beside its field. Raises what no field can say."""
    if refused.kind not in {INVALID_INPUT, TOO_MANY}:
        raise refused
    where = refused.errors[0]["where"].removeprefix("body.") if refused.errors else of
    if refused.kind is TOO_MANY:
        return {of: OFTEN}
    what = {"new": TOO_COMMON, "expires_on": WRONG_DAY, "code": WRONG_CODE}.get(where, WRONG_PASSWORD)
    return {of.removesuffix("password") + where if of.endswith("_password") and where in PROOF else where: what}


def _last_day(expires_at: datetime) -> date:
    """The day that was asked for: a token ends as the next one begins in UTC."""
    return expires_at.astimezone(UTC).date() - timedelta(days=1)


async def show(
    request: Request,
    asked: Asked,
    *,
    fields: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
    made: AccessTokenMade | None = None,
    done: str = "",
) -> Response:
    needs_password, needs_code = await needed(request, asked) if asked.asker.by == "session" else (False, False)
    devices = await list_devices(request, asked) if asked.asker.by == "session" else []
    passkeys = await passkeys_of(asked) if asked.asker.by == "session" else None
    placed = {passkey.id for device in devices for passkey in device.passkeys}
    context: dict[str, Any] = {
        "needs_password": needs_password,
        "needs_code": needs_code,
        "devices": devices,
        "elsewhere": [passkey for passkey in passkeys or [] if passkey.id not in placed],
        "second_factor": await second_factor_of(asked) if asked.asker.by == "session" else None,
        "passkeys": passkeys,
        "is_demo": await _is_demo(asked),
        "tokens": await list_access_tokens(asked.session, asked.asker),
        "fields": fields or {},
        "wrong": wrong or {},
        "made": made,
        "done": done,
        "last_day": _last_day,
        "until": asked.asker.today + timedelta(days=90),
    }
    return render(request, "account.html", asked.asker, 422 if wrong else 200, **context)
