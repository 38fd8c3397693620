"""Signing in with the account of one's city: the way out, and the way back."""

from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.asking import get_database
from api.city_sign_in import begin, finish
from api.cookie import SESSION, drop_cookie, read_cookie, set_cookie
from api.credential import digest
from api.problem import NOT_FOUND, SIGN_IN_FAILED, Problem
from api.session import set_cookies
from api.sign_in import end_session
from geo.passkey import CHALLENGE_LASTS
from web.i18n import N_
from web.page import own_path, render, with_next
from web.sign_in import keep_step, refused_page, way_of

router = APIRouter(prefix="/sign-in/city", include_in_schema=False)
TRIP_COOKIE = "lantern_city"
FAILED = N_("Your city's account opens nothing here. Ask a manager of your organisation.")
SILENT = N_("Your city's sign-in does not answer as it should. Try again soon.")


@router.get("/back")
async def back(request: Request) -> Response:
    """Whoever comes back from the provider. The page that answers leads on by itself: the session's cookie does not
    go along with a step that began at another site."""
    city_id, secret, held, wish = _trip(request)
    try:
        if city_id is None:
            raise Problem(SIGN_IN_FAILED)
        opened = await finish(request, city_id, secret, request.query_params)
    except Problem as refused:
        answer = await refused_page(request, wish, refused, FAILED if refused.kind == SIGN_IN_FAILED else SILENT)
        drop_cookie(answer, request, TRIP_COOKIE)
        return answer
    if opened.awaits_code:
        answer = render(request, "sign_in_back.html", way=with_next("/sign-in/code", wish))
        keep_step(answer, request, opened)
    else:
        answer = render(request, "sign_in_back.html", way=way_of(opened, wish))
        set_cookies(answer, request, opened)
        await end_session(get_database(request), held)
    drop_cookie(answer, request, TRIP_COOKIE)
    return answer


@router.get("/{city_id}")
async def out(request: Request, city_id: UUID, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    wish = own_path(next)
    try:
        begun = await begin(request, city_id)
    except Problem as refused:
        if refused.kind == NOT_FOUND:
            raise
        return await refused_page(request, wish, refused, SILENT)
    answer = RedirectResponse(begun.address, 303)
    # The session's own cookie does not come back along: its digest does, so that signing in ends it.
    held = digest(read_cookie(request, SESSION)).hex()
    kept = f"{city_id}.{begun.secret}.{held}.{quote(wish, safe='')}"
    # Not strict: whoever comes back comes from another site.
    set_cookie(answer, request, TRIP_COOKIE, kept, int(CHALLENGE_LASTS.total_seconds()), samesite="lax")
    return answer


def _trip(request: Request) -> tuple[UUID | None, str, bytes, str]:
    """Where someone went, the secret that they took along, the digest of the session that they had, and where they want
    to go then."""
    try:
        named, secret, held, wish = read_cookie(request, TRIP_COOKIE).split(".", 3)
        return UUID(named), secret, bytes.fromhex(held), own_path(unquote(wish))
    except ValueError:
        return None, "", b"", "/"
