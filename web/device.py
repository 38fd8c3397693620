"""Your devices, on the account page: named and signed out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field, TypeAdapter, ValidationError
from starlette.responses import RedirectResponse, Response

from api import device
from api.asking import AskingOwn
from api.body import Line
from web.account import show
from web.form import Form, read, typed
from web.i18n import N_

router = APIRouter(prefix="/account/devices", include_in_schema=False)
NO_NAME = N_("This is no name.")


class NameForm(Form):
    device: Annotated[str, Field(max_length=200)]


@router.post("/{session_id}/name")
async def name(request: Request, session_id: UUID, asked: AskingOwn) -> Response:
    form, wrong = read(NameForm, await typed(request))
    if form is None:
        return await show(request, asked, wrong={f"device-{session_id}": wrong.get("device", NO_NAME)})
    try:
        line = TypeAdapter(Line).validate_python(form.device)
    except ValidationError:
        return await show(request, asked, wrong={f"device-{session_id}": NO_NAME})
    await device.name_device(request, asked, session_id, line)
    return RedirectResponse("/account?done=named", 303)


@router.post("/{session_id}/revoke")
async def revoke(request: Request, session_id: UUID, asked: AskingOwn) -> Response:
    removed = await device.revoke_device(asked, session_id, await _with_passkeys(request))
    return RedirectResponse("/account?done=device-and-passkeys" if removed else "/account?done=device", 303)


@router.post("/others/revoke-all")
async def revoke_others(request: Request, asked: AskingOwn) -> Response:
    removed = await device.end_others(request, asked, await _with_passkeys(request))
    return RedirectResponse("/account?done=devices-and-passkeys" if removed else "/account?done=devices", 303)


async def _with_passkeys(request: Request) -> bool:
    """The box is ticked as the page comes."""
    return (await typed(request)).get("passkeys") == "remove"
