"""Sign in and out at a browser."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api import session
from api.asking import COOKIE, find_asker, get_database
from api.demo import DEMO_PASSWORD
from api.demo_person import DemoPerson, demo_people
from api.problem import TOO_MANY, Problem
from api.settings import Settings
from geo.account import Role
from web.form import typed
from web.i18n import N_
from web.navigation import home
from web.page import own_path, render

router = APIRouter(include_in_schema=False)
ORDER = (Role.MANAGER, Role.STREETWORKER, Role.PLANNER, Role.STEWARD, Role.DESK)
FAILED = N_("The address or the password is wrong.")
OFTEN = N_("Too many tries. Wait ten minutes, then try again.")


@router.get("/sign-in")
async def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    asker = await find_asker(request)
    if asker:
        return RedirectResponse(own_path(next), 303)
    return await _page(request, own_path(next))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    fields = await typed(request)
    wish = own_path(fields.get("next"))
    email, password = fields.get("email", "")[:254], fields.get("password", "")[:256]
    try:
        asker, secret = await session.sign_in_from(request, email, password)
    except Problem as refused:
        wrong = OFTEN if refused.kind == TOO_MANY else FAILED
        return await _page(request, wish, email, wrong, refused.kind.status)
    answer = RedirectResponse(wish if wish != "/" else home(asker), 303)
    session.set_cookie(answer, request, secret)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    secret = request.cookies.get(COOKIE)
    if secret:
        await session.sign_out(get_database(request), secret)
    answer = RedirectResponse("/sign-in", 303)
    session.clear_cookie(answer)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'  # the cookies also hold the chosen colours
    return answer


async def _page(request: Request, wish: str, email: str = "", wrong: str = "", status: int = 200) -> Response:
    settings: Settings = request.app.state.settings
    people = await demo_people(get_database(request)) if settings.on_loopback else []
    return render(
        request,
        "sign_in.html",
        status=status,
        next=wish,
        email=email,
        wrong=wrong,
        people=one_of_each(people),
        demo_password=DEMO_PASSWORD,
    )


def one_of_each(people: list[DemoPerson]) -> tuple[list[DemoPerson], list[DemoPerson]]:
    """The first person of each role, and then the others."""
    first = {role: person for person in reversed(people) for role in person.roles}
    shown = [first[role] for role in ORDER if role in first]
    return shown, [person for person in people if person not in shown]
