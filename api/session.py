"""Sign-in and sign-out over HTTP: sessions kept by the server, a strict cookie in the browser."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.asker import Asker
from api.asking import Anyone, get_database
from api.body import ADDRESS, Body
from api.cookie import SESSION, drop_cookie, read_cookie, set_cookie
from api.credential import LASTS
from api.noun_router import problems
from api.password import MAXIMUM_LENGTH
from api.sign_in import Door, Opened, sign_in, sign_out
from api.sign_in_tries import DEVICE_COOKIE

router = APIRouter(prefix="/api/v1/session", tags=["session"])
MARK_LASTS_S = 365 * 24 * 3600
KEEP = Query(description="`storage`: what the browser stored stays, such as visits that were not sent yet.")


class SignInForm(Body):
    email: Annotated[str, Field(max_length=254), ADDRESS]
    password: str = Field(max_length=MAXIMUM_LENGTH)
    code: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="Of the authenticator app, or a recovery code; only where there is one."
    )


class WhoAmI(BaseModel):
    """Who is signed in. `setting_up`: they have to choose a password in the place of one that was given, or to set up a
    second factor, and can do nothing before."""

    name: str
    organisation: str
    roles: list[str]
    setting_up: bool = False


def set_cookies(response: Response, request: Request, opened: Opened) -> None:
    """The session's, and the mark by which the device is known from now on."""
    set_cookie(response, request, SESSION, opened.secret, int(LASTS.total_seconds()))
    set_cookie(response, request, DEVICE_COOKIE, opened.mark, MARK_LASTS_S)


def clear_cookies(response: Response, request: Request) -> None:
    drop_cookie(response, request, SESSION)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'


def who_am_i(asker: Asker) -> WhoAmI:
    return WhoAmI(
        name=asker.name,
        organisation=asker.organisation_slug,
        roles=sorted(asker.roles),
        setting_up=asker.setting_up is not None,
    )


@router.post("", status_code=201, responses=problems(400, 401, 403, 408, 413, 422, 429, 503))
async def create_session(form: SignInForm, request: Request, response: Response) -> WhoAmI:
    """Signs in; the session's secret comes back in a cookie only. Who has an authenticator gives its code too."""
    opened = await sign_in(Door.of(request), form.email, form.password, form.code)
    set_cookies(response, request, opened)
    return who_am_i(opened.asker)


@router.get("", responses=problems(401, 408, 413, 503))
async def read_session(asker: Anyone) -> WhoAmI:
    """Who is signed in."""
    return who_am_i(asker)


@router.delete("", status_code=204, responses=problems(403, 408, 413, 422, 503))
async def delete_session(
    request: Request, response: Response, keep: Annotated[Literal["storage"] | None, KEEP] = None
) -> None:
    """Signs out; also when nobody was signed in."""
    secret = read_cookie(request, SESSION)
    if secret:
        await sign_out(get_database(request), secret)
    clear_cookies(response, request)
    if keep:
        response.headers["Clear-Site-Data"] = '"cache"'
