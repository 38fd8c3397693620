"""The page of your passkeys: listed, added by the browser, named and removed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field, TypeAdapter, ValidationError
from starlette.responses import RedirectResponse, Response

from api import passkey
from api.asking import Asked, AskingOwn
from api.body import Line
from api.passkey_challenge import site_of
from api.proof import needed
from web.form import Form, read, typed
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/account/passkeys", include_in_schema=False)
NO_NAME = N_("This is no name.")


class NameForm(Form):
    name: Annotated[str, Field(max_length=200)]


@router.get("")
async def passkeys_page(request: Request, asked: AskingOwn, done: str = "") -> Response:
    return await _page(request, asked, done=done)


@router.post("/{passkey_id}/name")
async def name(request: Request, passkey_id: UUID, asked: AskingOwn) -> Response:
    form, _ = read(NameForm, await typed(request))
    try:
        line = TypeAdapter(Line).validate_python(form.name if form else "")
    except ValidationError:
        return await _page(request, asked, {f"name-{passkey_id}": NO_NAME})
    await passkey.name_passkey(asked, passkey_id, line)
    return RedirectResponse("/account/passkeys?done=named", 303)


@router.post("/{passkey_id}/remove")
async def remove(passkey_id: UUID, asked: AskingOwn) -> Response:
    await passkey.forget_passkey(asked, passkey_id)
    return RedirectResponse("/account/passkeys?done=removed", 303)


async def _page(request: Request, asked: Asked, wrong: dict[str, str] | None = None, done: str = "") -> Response:
    needs_password, needs_code = await needed(request, asked)
    return render(
        request,
        "passkeys.html",
        asked.asker,
        422 if wrong else 200,
        passkeys=await passkey.passkeys_of(asked),
        site=site_of(request),
        needs_password=needs_password,
        needs_code=needs_code,
        wrong=wrong or {},
        done=done,
    )
