"""Which sites: by box or work area, status, type and day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.change import locked
from geo.site import Site, SiteMove, SiteStatus
from geo.viewport import Box, in_box
from geo.work_area_query import in_work_area


@dataclass(frozen=True)
class SitesWanted:
    """What is asked for; nothing given means all. The days are those of `first_seen_on`, both included."""

    box: Box | None = None
    area: UUID | None = None
    statuses: Sequence[str] = ()
    types: Sequence[str] = ()
    first_day: date | None = None
    last_day: date | None = None


def conditions(organisation_id: UUID, wanted: SitesWanted) -> list[ColumnElement[bool]]:
    """What a row of `site` must fulfil; for lists and exports alike."""
    found: list[ColumnElement[bool]] = [Site.organisation_id == organisation_id]
    seen = func.coalesce(Site.first_seen_on, cast(Site.created_at, Date))
    if wanted.box:
        found += in_box(Site, wanted.box)
    if wanted.area:
        found += in_work_area(Site, organisation_id, wanted.area)
    if wanted.statuses:
        found.append(Site.status.in_(wanted.statuses))
    if wanted.types:
        found.append(Site.site_type.in_(wanted.types))
    if wanted.first_day:
        found.append(seen >= wanted.first_day)
    if wanted.last_day:
        found.append(seen <= wanted.last_day)
    return found


async def list_sites(
    session: AsyncSession, organisation_id: UUID, wanted: SitesWanted, after: UUID | None, limit: int
) -> list[Site]:
    """A page of sites, by id (so by the time they were made), beginning after an id."""
    rows = select(Site).where(*conditions(organisation_id, wanted))
    if after:
        rows = rows.where(Site.id > after)
    return list(await session.scalars(rows.order_by(Site.id).limit(limit)))


async def find_site(session: AsyncSession, organisation_id: UUID, site_id: UUID, lock: bool = False) -> Site | None:
    """One site, if who asks reaches it; `lock` keeps others from changing it until the end of the transaction."""
    rows = select(Site).where(Site.organisation_id == organisation_id, Site.id == site_id)
    row: Site | None = await session.scalar(locked(rows) if lock else rows)
    return row


async def statuses_of(session: AsyncSession, site: Site) -> list[SiteStatus]:
    """The history of a site's status, the first step first."""
    steps = select(SiteStatus).where(SiteStatus.organisation_id == site.organisation_id, SiteStatus.site_id == site.id)
    return list(await session.scalars(steps.order_by(SiteStatus.since, SiteStatus.id)))


async def moves_of(session: AsyncSession, site: Site) -> list[SiteMove]:
    """Where people moved on to from a site, and from where they came; of the sites that who asks reaches."""
    moves = select(SiteMove).where(
        SiteMove.organisation_id == site.organisation_id,
        (SiteMove.from_site_id == site.id) | (SiteMove.to_site_id == site.id),
    )
    return list(await session.scalars(moves.order_by(SiteMove.id)))
