"""How sites come to be and change: each change keeps what was before, each status its place in the history."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from geoalchemy2.shape import from_shape
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.change import remember
from geo.delivery import Delivery, deliver, delivered
from geo.note import sealed_note
from geo.refusal import Refusal
from geo.schema import new_id
from geo.seal import Seal
from geo.site import Site, SiteMove, SiteStatus, Status
from geo.site_query import find_site, statuses_of
from geo.site_type import SiteType
from geo.visit import Visit


async def create_site(session: AsyncSession, values: dict[str, Any], by: UUID | None, seal: Seal) -> Delivery:
    """A new site from the columns of `site` (`geom` as a shapely point, `access_note` as it was written, `body_hash`
    for deliveries).

    Without `revisit_days` it begins with the interval of its type. Raises Refusal for an unknown type.
    """
    if known := await delivered(session, Site, values, seal):
        return known
    usual = await _revisit_days(session, values["organisation_id"], values["site_type"])
    row = {
        **_with_sealed_note(values, values["id"], seal),
        "geom": from_shape(values["geom"], 4326),
        "revisit_days": values.get("revisit_days") or usual,
        "logged_by": by,
        "updated_by": by,
    }
    delivery = await deliver(session, Site, row, by, seal)
    if delivery is Delivery.NEW:
        await _step(session, values["organisation_id"], values["id"], values["status"], by)
    return delivery


async def change_site(session: AsyncSession, site: Site, values: dict[str, Any], by: UUID | None, seal: Seal) -> None:
    """Changes columns of a site; a new status goes into its history."""
    usual = await _revisit_days(session, site.organisation_id, values.get("site_type", site.site_type))
    if "revisit_days" in values:
        values = {**values, "revisit_days": values["revisit_days"] or usual}
    if "geom" in values:
        values = {**values, "geom": from_shape(values["geom"], 4326)}
    before = site.status
    await remember(session, site, "site", by)
    for column, value in _with_sealed_note(values, site.id, seal).items():
        setattr(site, column, value)
    await session.flush()
    if site.status != before:
        await _step(session, site.organisation_id, site.id, site.status, by)


async def close_site(
    session: AsyncSession,
    site: Site,
    by: UUID | None,
    *,
    cause: str,
    cleared_by: str | None,
    notice_days: int | None,
    moved_to: Sequence[UUID],
) -> None:
    """Closes a site: the cause, who cleared it, the days of notice given, and the sites that people moved on to."""
    for other in moved_to:
        if other == site.id or await find_site(session, site.organisation_id, other) is None:
            raise Refusal("is no other site that you reach", "moved_to")
    await remember(session, site, "site", by)
    site.status = Status.CLOSED
    await session.flush()
    await _step(
        session,
        site.organisation_id,
        site.id,
        Status.CLOSED,
        by,
        cause=cause,
        cleared_by=cleared_by,
        notice_days=notice_days,
    )
    for other in dict.fromkeys(moved_to):
        session.add(SiteMove(id=new_id(), organisation_id=site.organisation_id, from_site_id=site.id, to_site_id=other))
    await session.flush()


async def hand_over(session: AsyncSession, site: Site, by: UUID | None) -> None:
    """Takes a site, and the visits to it, from who logged them: from now on it is reached by its work area alone."""
    await remember(session, site, "site", by)
    site.handed_over_at = datetime.now(UTC)
    await session.flush()
    theirs = update(Visit).where(
        Visit.organisation_id == site.organisation_id, Visit.site_id == site.id, Visit.handed_over_at.is_(None)
    )
    await session.execute(theirs.values(handed_over_at=site.handed_over_at))


async def note_encounter(session: AsyncSession, visit: Visit, by: UUID | None) -> None:
    """People met at a site that was unverified, or that went inactive before the visit: it is active.

    A closed site, and one that is not to be listed, stays as it is: that was someone's decision.
    """
    if visit.site_id is None or not visit.is_encounter:
        return
    site = await find_site(session, visit.organisation_id, visit.site_id, lock=True)
    if site is None or site.status not in {Status.UNVERIFIED, Status.INACTIVE}:
        return
    steps = await statuses_of(session, site)
    if site.status == Status.INACTIVE and steps and steps[-1].since >= visit.visited_at:
        return
    await remember(session, site, "site", by)
    site.status = Status.ACTIVE
    await session.flush()
    await _step(session, site.organisation_id, site.id, Status.ACTIVE, by, cause="visit")


def _with_sealed_note(values: dict[str, Any], site_id: UUID, seal: Seal) -> dict[str, Any]:
    sealed = {name: value for name, value in values.items() if name != "access_note"}
    if "access_note" in values:
        sealed["access_note_sealed"] = sealed_note(seal, Site, site_id, values["access_note"])
    return sealed


async def _step(
    session: AsyncSession, organisation_id: UUID, site_id: UUID, status: str, by: UUID | None, **why: str | int | None
) -> None:
    step = insert(SiteStatus).values(
        id=new_id(),
        organisation_id=organisation_id,
        site_id=site_id,
        status=str(status),
        since=datetime.now(UTC),
        by_account_id=by,
        **why,
    )
    await session.execute(step)


async def _revisit_days(session: AsyncSession, organisation_id: UUID, slug: str) -> int:
    days = await session.scalar(
        select(SiteType.revisit_days).where(SiteType.organisation_id == organisation_id, SiteType.slug == slug)
    )
    if days is None:
        raise Refusal("is no site type of this organisation", "site_type")
    return days
