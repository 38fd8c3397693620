"""The basemap's layers as GeoJSON."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.sql import queries


async def basemap_layer(session: AsyncSession, organisation_id: UUID, layer: str) -> str:
    """One layer of `geo.basemap.LAYERS` as the text of an RFC 7946 FeatureCollection."""
    found = await session.scalar(
        text(queries("basemap")["layer"]), {"organisation_id": organisation_id, "layer": layer}
    )
    return str(found)
