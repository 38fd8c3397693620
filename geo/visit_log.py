"""How visits are logged and mended."""

from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.account import Account
from geo.change import remember
from geo.delivery import Delivery, deliver, delivered
from geo.note import sealed_note
from geo.refusal import Refusal
from geo.seal import Seal
from geo.site_change import note_encounter
from geo.site_query import find_site
from geo.visit import Visit
from geo.visit_query import find_visit


async def log_visit(session: AsyncSession, values: dict[str, Any], by: UUID | None, seal: Seal) -> Delivery:
    """A new visit from the columns of `visit` (`geom` as a shapely point or None, `note` as it was written, `body_hash`
    for deliveries).

    Without a point it lies where its site does. The team is that of the account. Someone met makes the site active.
    Raises Refusal for a site that who asks does not reach, and for a visit that has neither point nor site.
    """
    if known := await delivered(session, Visit, values, seal):
        return known
    organisation_id = values["organisation_id"]
    row = {
        **_with_sealed_note(values, values["id"], seal),
        "geom": await _place(session, organisation_id, values.get("site_id"), values.get("geom")),
        "team_id": await _team(session, organisation_id, values.get("account_id")),
        "updated_by": by,
    }
    delivery = await deliver(session, Visit, row, by, seal)
    if delivery is Delivery.NEW:
        visit = await find_visit(session, organisation_id, values["id"])
        assert visit is not None
        await note_encounter(session, visit, by)
    return delivery


async def change_visit(
    session: AsyncSession, visit: Visit, values: dict[str, Any], by: UUID | None, seal: Seal
) -> None:
    """Changes columns of a visit."""
    changed = _with_sealed_note(values, visit.id, seal)
    if "site_id" in values or "geom" in values:
        site_id = values.get("site_id", visit.site_id)
        point = values.get("geom")
        if point is not None or "geom" in values:
            changed["geom"] = await _place(session, visit.organisation_id, site_id, point)
        elif site_id is not None:
            await _place(session, visit.organisation_id, site_id, None)
    if "account_id" in values and values["account_id"] != visit.account_id:
        changed["team_id"] = await _team(session, visit.organisation_id, values["account_id"])
    await remember(session, visit, "visit", by)
    for column, value in changed.items():
        setattr(visit, column, value)
    await session.flush()
    await note_encounter(session, visit, by)


def _with_sealed_note(values: dict[str, Any], visit_id: UUID, seal: Seal) -> dict[str, Any]:
    sealed = {name: value for name, value in values.items() if name != "note"}
    if "note" in values:
        sealed["note_sealed"] = sealed_note(seal, Visit, visit_id, values["note"])
    return sealed


async def _place(session: AsyncSession, organisation_id: UUID, site_id: UUID | None, point: Point | None) -> WKBElement:
    site = await find_site(session, organisation_id, site_id) if site_id else None
    if site_id and site is None:
        raise Refusal("is no site that you reach", "site_id")
    if point is not None:
        return from_shape(point, 4326)
    if site is None:
        raise Refusal("is needed where no site is named", "geom")
    return site.geom


async def _team(session: AsyncSession, organisation_id: UUID, account_id: UUID | None) -> UUID | None:
    if account_id is None:
        return None
    row = (
        await session.execute(
            select(Account.team_id).where(Account.organisation_id == organisation_id, Account.id == account_id)
        )
    ).first()
    if row is None:
        raise Refusal("is no account of this organisation", "account_id")
    return row[0]
