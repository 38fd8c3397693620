"""The basemap over HTTP: from our own origin, so that no tile server learns where people look."""

import hashlib
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request, Response

from api.asking import AskingOwn
from api.noun_router import noun_router
from geo.basemap import LAYERS
from geo.basemap_query import basemap_layer

router: APIRouter = noun_router("basemap")
GEOJSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/geo+json": {}}}}
Layer = StrEnum("Layer", {name.upper(): name for name in LAYERS})  # type: ignore[misc]


@router.get("/{layer}", response_class=Response, responses=GEOJSON)
async def read_basemap(request: Request, asked: AskingOwn, layer: Layer) -> Response:
    """One layer of the organisation's basemap as GeoJSON, simplified for drawing. It holds no places, so it is for
    planners too."""
    text = await basemap_layer(asked.session, asked.asker.organisation_id, layer)
    body = text.encode()
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Cache-Control": "private, max-age=3600",
        "Vary": "Cookie, Authorization",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/geo+json")
