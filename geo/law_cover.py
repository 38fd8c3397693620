"""What a release by law would give away, for who sees the places: how many, of which kinds, in which districts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.district import District
from geo.law_request import Asked, LawRequest
from geo.site import Site
from geo.site_type import SiteType
from geo.visit import Visit


@dataclass(frozen=True)
class Covered:
    """The rows by the label of their site type and by the name of their district, the most first; None for those that
    have none. `names` are those of the sites."""

    kinds: Sequence[tuple[str | None, int]]
    districts: Sequence[tuple[str | None, int]]
    names: Sequence[str]


async def covered_by(session: AsyncSession, request: LawRequest, today: date) -> Covered:
    """Of a proposed one, as far as its rows are still there."""
    visits = request.noun == Asked.VISITS
    placed = Visit if visits else Site
    ids: Sequence[UUID] = (request.covers_visits if visits else request.covers_sites) or []
    district = (
        select(func.min(District.name))
        .where(
            District.organisation_id == request.organisation_id,
            func.ST_Covers(District.geom, placed.geom),
            or_(District.valid_from.is_(None), District.valid_from <= today),
            or_(District.valid_to.is_(None), District.valid_to >= today),
        )
        .scalar_subquery()
    )
    rows = select(SiteType.label, district, Site.name).select_from(placed)
    if visits:
        rows = rows.outerjoin(Site, (Site.organisation_id == Visit.organisation_id) & (Site.id == Visit.site_id))
    rows = rows.outerjoin(
        SiteType, (SiteType.organisation_id == Site.organisation_id) & (SiteType.slug == Site.site_type)
    ).where(placed.organisation_id == request.organisation_id, placed.id.in_(ids))
    found = (await session.execute(rows)).all()
    return Covered(
        Counter(kind for kind, _, _ in found).most_common(),
        Counter(where for _, where, _ in found).most_common(),
        sorted({name for _, _, name in found if name}),
    )
