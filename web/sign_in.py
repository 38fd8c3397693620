"""Sign in and out at a browser: address and password, then the code where there is a second factor."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.asker import Asker, SettingUp
from api.asking import find_asker, get_database
from api.city_sign_in import ways_in
from api.cookie import SESSION, drop_cookie, read_cookie, set_cookie
from api.demo import DEMO_PASSWORD
from api.demo_person import DemoPerson, demo_people
from api.passkey_challenge import site_of
from api.problem import CITY_SIGN_IN_REQUIRED, NOT_SIGNED_IN, TOO_MANY, Problem
from api.session import clear_cookies, set_cookies
from api.settings import Settings
from api.sign_in import WAITS_FOR_CODE, Door, Opened, begin_sign_in, finish_sign_in, sign_out
from api.time_code import is_time_code
from geo.account import Role
from web.form import typed
from web.i18n import N_
from web.navigation import home
from web.page import own_path, render, with_next

router = APIRouter(include_in_schema=False)
ORDER = (Role.MANAGER, Role.STREETWORKER, Role.PLANNER, Role.STEWARD, Role.DESK)
STEP_COOKIE = "lantern_sign_in"
SET_UP = {SettingUp.PASSWORD: "/account/first-password", SettingUp.SECOND_FACTOR: "/account/second-factor"}
FAILED = N_("The address or the password is wrong.")
WRONG_CODE = N_("This code is wrong, or was used before. Wait for the next one.")
WRONG_RECOVERY_CODE = N_("This is none of your recovery codes, or it was used before. Compare it sign by sign.")
OFTEN = N_("Too many tries.")
CITY_ONLY = N_("Your organisation signs in with the accounts of the city alone.")


@router.get("/sign-in")
async def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    asker = await find_asker(request)
    if isinstance(asker, Asker):
        return RedirectResponse(own_path(next), 303)
    return await _page(request, own_path(next), "", {"wrong": "", "wait": 0}, 200)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    fields = await typed(request)
    wish = own_path(fields.get("next"))
    email, password = fields.get("email", "")[:254], fields.get("password", "")
    try:
        opened = await begin_sign_in(Door.of(request), email, password)
    except Problem as refused:
        return await refused_page(request, wish, refused, FAILED, email)
    if not opened.awaits_code:
        return _in(request, wish, opened)
    answer = RedirectResponse(with_next("/sign-in/code", wish), 303)
    keep_step(answer, request, opened)
    return answer


def keep_step(answer: Response, request: Request, opened: Opened) -> None:
    """The first step is done, and the browser keeps it until the code has come."""
    set_cookie(answer, request, STEP_COOKIE, opened.secret, int(WAITS_FOR_CODE.total_seconds()))


@router.get("/sign-in/code")
async def code_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    return _code_page(request, own_path(next))


@router.post("/sign-in/code")
async def give_code(request: Request) -> Response:
    """The second step. When the first is too long ago, back to it."""
    fields = await typed(request)
    wish, code = own_path(fields.get("next")), fields.get("code", "")[:40]
    try:
        opened = await finish_sign_in(Door.of(request), read_cookie(request, STEP_COOKIE), code)
    except Problem as refused:
        if refused.kind == NOT_SIGNED_IN:
            return RedirectResponse(with_next("/sign-in", wish), 303)
        return _code_page(request, wish, refused, WRONG_CODE if is_time_code(code) else WRONG_RECOVERY_CODE)
    answer = _in(request, wish, opened)
    drop_cookie(answer, request, STEP_COOKIE)
    return answer


def _in(request: Request, wish: str, opened: Opened) -> Response:
    answer = RedirectResponse(way_of(opened, wish), 303)
    set_cookies(answer, request, opened)
    return answer


def way_of(opened: Opened, wish: str) -> str:
    """Where someone who is in goes first."""
    if opened.asker.setting_up:
        return with_next(SET_UP[opened.asker.setting_up], wish)
    return wish if wish != "/" else home(opened.asker)


@router.post("/sign-out")
async def leave(request: Request) -> Response:
    secret = read_cookie(request, SESSION)
    if secret:
        await sign_out(get_database(request), secret)
    answer = RedirectResponse("/sign-in", 303)
    clear_cookies(answer, request)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'  # the cookies also hold the chosen colours
    return answer


async def refused_page(request: Request, wish: str, refused: Problem, otherwise: str, email: str = "") -> Response:
    """The page of sign-in, with what was wrong: `otherwise` where the kind of problem does not say more."""
    otherwise = CITY_ONLY if refused.kind == CITY_SIGN_IN_REQUIRED else otherwise
    return await _page(request, wish, email, _wrong(refused, otherwise), refused.kind.status)


async def _page(request: Request, wish: str, email: str, wrong: dict[str, Any], status: int) -> Response:
    settings: Settings = request.app.state.settings
    people = await demo_people(get_database(request)) if settings.on_loopback else []
    return render(
        request,
        "sign_in.html",
        status=status,
        next=wish,
        email=email,
        cities=await ways_in(request),
        people=one_of_each(people),
        passkeys=site_of(request),
        demo_password=DEMO_PASSWORD,
        **wrong,
    )


def _code_page(request: Request, wish: str, refused: Problem | None = None, otherwise: str = "") -> Response:
    if refused is None:
        return render(request, "sign_in_code.html", next=wish, wrong="", wait=0)
    wrong = _wrong(refused, otherwise)
    return render(request, "sign_in_code.html", status=refused.kind.status, next=wish, **wrong)


def _wrong(refused: Problem, otherwise: str) -> dict[str, Any]:
    """What is wrong, and how many seconds to wait."""
    often = refused.kind == TOO_MANY
    return {"wrong": OFTEN if often else otherwise, "wait": int((refused.headers or {}).get("Retry-After", 0))}


def one_of_each(people: list[DemoPerson]) -> tuple[list[DemoPerson], list[DemoPerson]]:
    """The first person of each role, and then the others."""
    first = {role: person for person in reversed(people) for role in person.roles}
    shown = [first[role] for role in ORDER if role in first]
    return shown, [person for person in people if person not in shown]
