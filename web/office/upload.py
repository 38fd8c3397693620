"""Files in, by a form: what to import, the file, and the account of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.asker import Asker
from api.asking import get_database, get_vault
from api.problem import NOT_SIGNED_IN, Problem
from api.upload import Importing, Noun, bring_in, importer, still_importer, uploaded
from geo.import_order import Reckoning
from geo.record import Encoding
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/import", include_in_schema=False)
Importer = Annotated[Asker, Depends(importer, scope="function")]
CANNOT = N_("The file cannot be imported.")
KINDS = {
    Noun.DISTRICTS: (N_("Districts"), N_("Neighbourhoods for context: GeoJSON or CSV with WKT, each with a name.")),
    Noun.AREAS: (N_("Work areas"), N_("Polygons with a name, and days of validity if they have any.")),
    Noun.SITES: (N_("Sites"), N_("Places with a kind and a position, one a row.")),
    Noun.OBSERVATIONS: (
        N_("Old logs"),
        N_("Visits without site numbers. Rows of one kind near each other become one site with many visits."),
    ),
}
SHOWN = 100


@router.get("")
async def import_page(request: Request, asker: Importer, what: Noun = Noun.DISTRICTS) -> Response:
    return _page(request, asker, what)


@router.post("/{what}")
async def bring(request: Request, asker: Importer, what: Noun) -> Response:
    """Imports the file of the form. The page that comes back is the only account of it."""
    try:
        async with uploaded(request, Importing()) as (file, options):
            asker = await still_importer(request)
            reckoning = await bring_in(get_database(request), asker, what, file, options, vault=get_vault(request))
    except Problem as refused:
        if refused.kind is NOT_SIGNED_IN:
            raise
        wrong = refused.detail or next((error["what"] for error in refused.errors or []), CANNOT)
        return _page(request, asker, what, wrong=wrong, status=refused.kind.status)
    return _page(
        request,
        asker,
        what,
        reckoning=reckoning,
        options=options,
        status=200 if reckoning.written or options.dry_run else 422,
    )


@router.get("/{what}")
async def import_page_again(request: Request, asker: Importer, what: Noun) -> Response:
    return _page(request, asker, what)


def _page(
    request: Request,
    asker: Asker,
    what: Noun,
    *,
    reckoning: Reckoning | None = None,
    options: Importing | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    return render(
        request,
        "office/import.html",
        asker,
        status,
        what=what,
        kinds=KINDS,
        encodings=list(Encoding),
        reckoning=reckoning,
        options=options,
        refusals=reckoning.refusals[:SHOWN] if reckoning else [],
        wrong=wrong,
    )
