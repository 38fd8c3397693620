"""Colours and language of this device, kept in cookies that hold nothing else."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.cookie import drop_cookie, set_cookie
from web.form import typed
from web.i18n import languages
from web.page import THEMES, own_path

router = APIRouter(include_in_schema=False)
YEAR = 365 * 24 * 3600


@router.post("/theme")
async def set_theme(request: Request) -> Response:
    return await _remember(request, "theme", THEMES)


@router.post("/language")
async def set_language(request: Request) -> Response:
    return await _remember(request, "language", tuple(languages()))


async def _remember(request: Request, name: str, offered: tuple[str, ...]) -> Response:
    fields = await typed(request)
    answer = RedirectResponse(own_path(fields.get("next")), 303)
    wish = fields.get(name)
    if wish in offered:
        set_cookie(answer, request, name, wish, YEAR)
    else:
        drop_cookie(answer, request, name)
    return answer
