"""What a map can be narrowed to, and where it lies: the organisation's teams, site types, basemap and bounds."""

from dataclasses import dataclass
from uuid import UUID

from geoalchemy2.shape import to_shape
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.basemap import LAYERS, BasemapFeature
from geo.organisation import Organisation
from geo.site_type import SiteType
from geo.team import Team
from geo.viewport import Bounds


@dataclass(frozen=True)
class Choices:
    """Teams and site types by name, the layers of the basemap that hold something, the organisation's bounds."""

    organisation: str
    bounds: Bounds
    teams: dict[UUID, str]
    site_types: dict[str, str]
    basemap: list[str]


async def load_choices(session: AsyncSession, organisation_id: UUID) -> Choices:
    organisation = (await session.scalars(select(Organisation).where(Organisation.id == organisation_id))).one()
    teams = await session.execute(
        select(Team.id, Team.name).where(Team.organisation_id == organisation_id).order_by(Team.name)
    )
    types = await session.execute(
        select(SiteType.slug, SiteType.label)
        .where(SiteType.organisation_id == organisation_id)
        .order_by(SiteType.label)
    )
    there = set(
        await session.scalars(
            select(BasemapFeature.layer).where(BasemapFeature.organisation_id == organisation_id).distinct()
        )
    )
    west, south, east, north = to_shape(organisation.bounds).bounds
    return Choices(
        organisation.name,
        (west, south, east, north),
        {row.id: row.name for row in teams},
        {row.slug: row.label for row in types},
        [layer for layer in LAYERS if layer in there],
    )
