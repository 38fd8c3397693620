"""The kinds of places, as an organisation keeps them."""

from sqlalchemy import select

from api.asking import Asked
from geo.site_type import SiteType


async def site_types(asked: Asked) -> list[SiteType]:
    """The site types of the organisation, by label."""
    mine = select(SiteType).where(SiteType.organisation_id == asked.asker.organisation_id)
    return list(await asked.session.scalars(mine.order_by(SiteType.label)))
