"""Problems as pages: for people at a browser what the API says in JSON."""

from contextlib import suppress

from fastapi import FastAPI, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import RedirectResponse, Response

from api import problem
from api.asker import Asker
from api.asking import find_asker
from api.problem import (
    FORBIDDEN,
    INTERNAL,
    INVALID_INPUT,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    NOT_SIGNED_IN,
    PASSWORD_CHANGE_REQUIRED,
    PURPOSE_REQUIRED,
    RELEASES_ONLY,
    SECOND_FACTOR_REQUIRED,
    Problem,
)
from api.turned_away import turned_away_of
from web.i18n import N_
from web.page import own_path, render, with_next

NEXT_STEPS = {
    NOT_FOUND.slug: N_("The address may be mistyped, or what was here is not for you to see."),
    FORBIDDEN.slug: N_("Ask a manager of your organisation if you need it."),
    RELEASES_ONLY.slug: N_("Your releases hold the numbers that are safe to keep."),
    INTERNAL.slug: N_("Nothing you sent was kept. Try again; if it happens again, tell who runs Lantern."),
}

ADDRESS = N_("This cannot be shown.")
PERIOD = N_("These days are no period. Give an earlier day and a later one, between 1990 and 2100.")
ASKED = {
    "query.from": PERIOD,
    "query.to": PERIOD,
    "query.team": N_("There is no such team. Choose one from the list."),
    "query.type": N_("There is no such site type. Choose one from the list."),
}
UNKNOWN = N_("The address asks for something that this page does not know. It may be mistyped.")

SIGNED_OUT = N_(
    "You were signed out, so nothing was saved. Sign in in a new window; then reload this page, and your browser sends "
    "again what you typed."
)

NOWHERE = {NOT_FOUND, METHOD_NOT_ALLOWED}

FIRST = {
    PURPOSE_REQUIRED: "/purpose",
    PASSWORD_CHANGE_REQUIRED: "/account/first-password",
    SECOND_FACTOR_REQUIRED: "/account/second-factor",
}


def install(app: FastAPI) -> None:
    """Answers problems as pages where a browser asked for a page, and as the API does everywhere else."""

    async def answer(request: Request, error: Exception) -> Response:
        found = problem.of_any(error)
        turned_away_of(request).refused(request, found)
        if not wants_page(request):
            return problem.response(found)
        if found.kind == NOT_SIGNED_IN and request.method == "GET":
            return to("/sign-in", request, found)
        if found.kind in FIRST and request.method == "GET":
            return to(FIRST[found.kind], request, found)
        if found.kind in NOWHERE:
            await know(request)
        return page(request, unsaved(found) if found.kind == NOT_SIGNED_IN else found)

    for kind in problem.HANDLED:
        app.add_exception_handler(kind, answer)


async def know(request: Request) -> None:
    """Who asks, where nothing has looked yet: they keep their navigation."""
    with suppress(SQLAlchemyError, OSError):
        asker = await find_asker(request) if not hasattr(request.state, "asker") else None
        if isinstance(asker, Asker):
            request.state.asker = asker


def wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def to(place: str, request: Request, found: Problem) -> Response:
    """There first, and from there back to what was asked for. A session that was ended takes with it what the browser
    kept."""
    query = request.url.query
    wish = own_path(request.url.path + (f"?{query}" if query else ""))
    answer = RedirectResponse(with_next(place, wish), 303)
    answer.headers.update({name: value for name, value in (found.headers or {}).items() if name != "WWW-Authenticate"})
    return answer


def unsaved(found: Problem) -> Problem:
    """For a form that came in after the session had ended: the browser still has it, and sends it again."""
    return Problem(found.kind, SIGNED_OUT, headers=found.headers)


def of_address(found: Problem) -> list[str]:
    """What is wrong with an address, in sentences; empty where the fault is not in the address alone."""
    wheres = [error["where"] for error in found.errors or []]
    if found.kind != INVALID_INPUT or not all(where.startswith(("query.", "path.")) for where in wheres):
        return []
    return list(dict.fromkeys(ASKED.get(where, UNKNOWN) for where in wheres))


def page(request: Request, found: Problem) -> Response:
    """What happened and what to do, without an echo of what was sent."""
    address = of_address(found)
    answer = render(
        request,
        "problem.html",
        getattr(request.state, "asker", None),
        found.kind.status,
        title=ADDRESS if address else found.kind.title,
        address=address,
        again=request.url.path if address and request.url.query and request.method == "GET" else None,
        detail=found.detail or NEXT_STEPS.get(found.kind.slug),
        errors=[] if address else found.errors or [],
        releases=found.kind == RELEASES_ONLY,
    )
    answer.headers.update(found.headers or {})
    return answer
