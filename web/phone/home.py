"""A streetworker's home: my areas, and who is due."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import Response

from api.asking import Asked
from api.working import Working
from geo.visit import Visit
from geo.watch import AreaOfToday, WatchedSite, areas_of_today, watched_sites
from geo.widening_query import opened_areas
from web.alert import alerts_anew, alerts_at_home
from web.page import render
from web.widening import told_at_home

router = APIRouter(prefix="/phone", include_in_schema=False)
SHIFT = timedelta(hours=12)


@router.get("")
async def phone_home(request: Request, asked: Working, saved: UUID | None = None) -> Response:
    asker = asked.asker
    assert asker.account_id
    keys = await asked.keys()
    areas = await areas_of_today(asked.session, asker.organisation_id, asker.account_id, asker.today)
    sites = await watched_sites(asked.session, asker.organisation_id, asker.today, asker.time_zone, seal=keys)
    asked.saw("site", [site.id for site in sites])
    alerts = await alerts_at_home(request, asked, "/phone")
    return render(
        request,
        "phone/home.html",
        request.state.asker,
        areas=areas,
        told=await told_at_home(asked),
        due=[site for site in sites if site.days_late >= 0],
        later=[site for site in sites if site.days_late < 0],
        places=places([*areas, *await opened_areas(asked.session)], sites)
        | {"alerts": [told["at"] for told in alerts["alerts"] if told["at"]]},
        saved=await _saved(asked, saved) if saved else None,
        arrived=await _arrived(asked),
        **alerts,
    )


@router.get("/alerts")
async def phone_alerts(request: Request, asked: Working) -> Response:
    return await alerts_anew(request, asked, "/phone")


async def _saved(asked: Asked, visit_id: UUID) -> Visit | None:
    mine = select(Visit).where(
        Visit.organisation_id == asked.asker.organisation_id,
        Visit.id == visit_id,
        Visit.account_id == asked.asker.account_id,
    )
    return (await asked.session.scalars(mine)).first()


async def _arrived(asked: Asked) -> int:
    """How many visits of this shift have arrived: proof for whoever logged them."""
    asker = asked.asker
    mine = select(func.count()).where(
        Visit.organisation_id == asker.organisation_id,
        Visit.account_id == asker.account_id,
        Visit.visited_at >= datetime.now(UTC) - SHIFT,
    )
    return await asked.session.scalar(mine) or 0


def places(areas: list[AreaOfToday], sites: list[WatchedSite]) -> dict[str, Any]:
    """What the map draws: areas as GeoJSON, sites in the order of the list, lon lat in degrees."""
    return {
        "areas": [{"name": area.name, "shape": area.shape} for area in areas],
        "sites": [
            {
                "id": str(site.id),
                "number": number,
                "name": site.name or site.type_label,
                "at": [site.lon, site.lat],
                "late": site.days_late,
            }
            for number, site in enumerate(sites, 1)
        ],
    }
