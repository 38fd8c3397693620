"""Sign in and out at a browser."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from api import session
from api.asking import COOKIE, find_asker, get_database
from api.database import Database
from api.demo import DEMO_PASSWORD
from api.problem import Problem
from api.settings import Settings
from geo.account import Account
from geo.organisation import Organisation
from web.form import typed
from web.i18n import N_
from web.navigation import home
from web.page import own_path, render

router = APIRouter(include_in_schema=False)
FAILED = N_("The address or the password is wrong.")


@dataclass(frozen=True)
class DemoPerson:
    """Someone of the demo whom everybody at this machine may be."""

    name: str
    email: str
    roles: tuple[str, ...]


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
        asker, secret = await session.sign_in(
            get_database(request), email, password, request.headers.get("user-agent", "")
        )
    except Problem as refused:
        return await _page(request, wish, email, FAILED, refused.kind.status)
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
        people=people,
        demo_password=DEMO_PASSWORD,
    )


async def demo_people(database: Database) -> list[DemoPerson]:
    """Everyone of the demo organisations, one for each role first."""
    async with database.knocking() as session:
        slugs = list(await session.scalars(select(Organisation.slug).where(Organisation.is_demo)))
    people = []
    for slug in slugs:
        asker = await database.asker_of_organisation(slug)
        async with database.asking(asker) as session:
            rows = select(Account).where(Account.organisation_id == asker.organisation_id, Account.left_on.is_(None))
            found = await session.scalars(rows.order_by(Account.roles, Account.name))
            people += [DemoPerson(each.name, each.email, tuple(each.roles)) for each in found]
    return people
