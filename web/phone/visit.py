"""Log a visit: a form that needs no script."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from geoalchemy2.shape import to_shape
from shapely import Polygon
from starlette.responses import RedirectResponse, Response

from api.asking import Asked
from api.vault import Keys
from api.working import Working
from geo.delivery import Delivery, body_hash
from geo.geometry import GeometryError
from geo.geometry import point as check_point
from geo.log import Act, note
from geo.organisation import Organisation
from geo.refusal import Refusal
from geo.schema import new_id
from geo.site_change import create_site
from geo.visit_log import log_visit
from geo.watch import areas_of_today, watched_sites
from web.form import typed
from web.i18n import N_
from web.page import render
from web.phone.home import places
from web.phone.visit_form import NEW, VisitForm, check
from web.site_type import site_types

router = APIRouter(prefix="/phone/visit", include_in_schema=False)
OUTSIDE = N_("This lies outside the city that your organisation works in.")
NOT_YOURS = N_("This is no place of yours any more. Choose another.")
TAKEN = N_("This form was saved before with other words. Begin a new one for another visit.")


@router.get("")
async def visit_page(request: Request, asked: Working, site: UUID | None = None) -> Response:
    now = datetime.now(ZoneInfo(asked.asker.time_zone))
    fields = {
        "id": str(new_id()),
        "new_site_id": str(new_id()),
        "place": str(site or ""),
        "visited_at": now.strftime("%Y-%m-%dT%H:%M"),
    }
    return await _page(request, asked, fields, {})


@router.post("")
async def log(request: Request, asked: Working) -> Response:
    """Saves the visit, and the new place if there is one, both or neither. The same form again is the same visit."""
    fields = await typed(request)
    form, wrong = check(fields, asked.asker.time_zone)
    if form and not wrong:
        wrong = await _save(asked, form, fields)
    if form is None or wrong:
        return await _page(request, asked, fields, wrong)
    place = form.new_site_id if form.place == NEW else form.known_site
    note(asked.session, Act.CREATED, "visit", [form.id, place] if place else [form.id])
    return RedirectResponse(f"/phone?saved={form.id}", 303)


async def _save(asked: Asked, form: VisitForm, fields: dict[str, str]) -> dict[str, str]:
    """What is wrong, if it was not saved."""
    keys = await asked.keys()
    try:
        async with asked.session.begin_nested():
            await _deliver(asked, form, body_hash(asked.asker.account_id, fields), keys)
    except GeometryError:
        return {"where": OUTSIDE}
    except Refusal as refused:
        return {"place": NOT_YOURS} if refused.where == "site_id" else {refused.where: refused.what}
    return {}


async def _deliver(asked: Asked, form: VisitForm, digest: bytes, keys: Keys) -> None:
    asker = asked.asker
    own = {"organisation_id": asker.organisation_id, "body_hash": digest}
    point = None
    if form.known_site is None:
        organisation = await asked.session.get_one(Organisation, asker.organisation_id)
        bounds = to_shape(organisation.bounds)
        assert isinstance(bounds, Polygon)
        point = check_point(form.point, bounds)
    if form.place == NEW:
        site = own | form.site_values(asker.today) | {"geom": point}
        if await create_site(asked.session, site, asker.account_id, keys) is Delivery.TAKEN:
            raise Refusal(TAKEN, "place")
    site_id = form.new_site_id if form.place == NEW else form.known_site
    visit = own | form.visit_values(asker.time_zone) | {"geom": point, "site_id": site_id}
    visit["account_id"] = asker.account_id
    if await log_visit(asked.session, visit, asker.account_id, keys) is Delivery.TAKEN:
        raise Refusal(TAKEN, "place")


async def _page(request: Request, asked: Asked, fields: dict[str, str], wrong: dict[str, str]) -> Response:
    asker = asked.asker
    assert asker.account_id
    areas = await areas_of_today(asked.session, asker.organisation_id, asker.account_id, asker.today)
    sites = await watched_sites(asked.session, asker.organisation_id, asker.today, asker.time_zone, seal=None)
    asked.saw("site", [site.id for site in sites])
    context: dict[str, Any] = {
        "sites": sites,
        "types": await site_types(asked),
        "places": places(areas, sites),
        "fields": fields,
        "wrong": wrong,
    }
    return render(request, "phone/visit.html", request.state.asker, 422 if wrong else 200, **context)
