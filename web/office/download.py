"""On the way to a file with exact places: what it is for is asked first, and what keeps it back is said in a page."""

from enum import StrEnum

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.asking import Managing
from api.export import refuse_frozen
from geo.export import PLACES, Form
from web.page import render

router = APIRouter(prefix="/office/downloads", include_in_schema=False)


class Noun(StrEnum):
    SITES = "sites"
    VISITS = "visits"
    AREAS = "areas"
    COVERAGE = "coverage"


@router.get("/{noun}")
async def download_page(request: Request, asked: Managing, noun: Noun, format: Form = Form.GEOJSON) -> Response:  # noqa: A002 - the name in the address
    """A page on which the file begins to come by itself, without a script."""
    if noun in PLACES:
        asked.exact()
    await refuse_frozen(asked.session, asked.asker, noun)
    file = f"/api/v1/export/{noun}?format={format}"
    answer = render(request, "office/download.html", asked.asker, file=file)
    answer.headers["Refresh"] = f"0; url={file}"
    return answer
