"""Erasure of a site, with all that hangs on it; and of what an older copy of the database brought back of sites."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, all_, and_, any_, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from geo.alert import Alert
from geo.change import Change
from geo.erasure import Again, Erasure, Gone, Key, Listed, Noun, Reason, remember_erased, remember_listed
from geo.law_request_query import refuse_held
from geo.log import Act, note
from geo.phone_delivery import PhoneDelivery
from geo.receipt import Receipt
from geo.site import Site, SiteMove, SiteStatus
from geo.visit import Visit


class Overtaken(Exception):
    """What was to go did not all go: a request by law came to hold some of it meanwhile. Nothing is done."""


@dataclass(frozen=True)
class Rows:
    """Sites and visits, by their ids."""

    sites: list[UUID]
    visits: list[UUID]

    @property
    def ids(self) -> list[UUID]:
        return [*self.sites, *self.visits]

    @property
    def keys(self) -> list[Key]:
        return [(Noun.SITE, one) for one in self.sites] + [(Noun.VISIT, one) for one in self.visits]

    @property
    def counts(self) -> Gone:
        return {Noun.SITE: len(self.sites), Noun.VISIT: len(self.visits)}


@dataclass(frozen=True)
class Kept:
    """What stays for now, and the requests by law that hold it."""

    rows: Rows
    held_by: frozenset[UUID]


async def erase_site(
    session: AsyncSession, organisation_id: UUID, site_id: UUID, reason: Reason, by: UUID | None
) -> Gone | None:
    """Erases a site, the visits to it, its alerts, its history and its moves. In a transaction of scope `erasure`.

    None: there is no such site, and then nothing is to be kept. Raises Held where an undecided request by law names it.
    """
    await remember_erased(session, organisation_id, [(Noun.SITE, site_id)], reason, by)
    await refuse_held(session, organisation_id, site_id)
    rows = Rows([site_id], await _visits(session, organisation_id, Visit.site_id == site_id))
    keys = [*rows.keys, *await _alerts(session, organisation_id, rows)]
    await remember_erased(session, organisation_id, keys, reason, by)
    gone = await _delete(session, organisation_id, rows)
    if gone is None:
        return None
    note(session, Act.ERASED, "site", gone.ids, {"reason": reason.value, "visits": len(gone.visits)})
    return gone.counts


async def erase_sites_again(session: AsyncSession, organisation_id: UUID, listed: Listed) -> Again:
    """Erases once more the sites and visits that an older copy of the database brought back. What a request by law
    holds is kept whole, and not on the list: a site with its history and visits, if it or a visit to it is held."""
    async with session.begin_nested() as tried:  # what is not on the list cannot be seen here
        await remember_listed(session, organisation_id, listed)
        theirs = select(Visit.site_id).where(Visit.organisation_id == organisation_id, Visit.site_id.is_not(None))
        around = [(Noun.SITE, one) for one in set(await session.scalars(theirs)) if one]
        await remember_erased(session, organisation_id, around, Reason.ORDER, None)
        kept = await _held(session, organisation_id, listed)
        await tried.rollback()
    stays = set(kept.rows.keys)
    await remember_listed(session, organisation_id, {key: why for key, why in listed.items() if key not in stays})
    rows = await _listed(session, organisation_id, kept.rows)
    keys = [*rows.keys, *await _alerts(session, organisation_id, rows)]
    await remember_erased(session, organisation_id, keys, Reason.ORDER, None)
    gone = await _delete(session, organisation_id, rows)
    if gone is None:
        raise Overtaken
    if gone.ids or kept.rows.ids:
        told = {"again": True, "visits": len(gone.visits), "kept": len(kept.rows.ids)}
        note(session, Act.ERASED, "site", gone.ids, told)
    return Again(gone.counts, kept.rows.counts, kept.held_by)


async def _held(session: AsyncSession, organisation_id: UUID, listed: Listed) -> Kept:
    """Of what is listed: the sites that a request holds, or of which it holds a visit, with all their visits; and the
    visits that it holds by themselves or with their site, also where the site is not listed. All of these are seen."""
    listed_sites = [one for noun, one in listed if noun is Noun.SITE]
    listed_visits = [one for noun, one in listed if noun is Noun.VISIT]
    of = Site.organisation_id == organisation_id, Site.id == _any(listed_sites)
    by_site = func.lantern.site_held_by(Site.id, Site.geom)
    own = select(Site.id, by_site).where(*of, by_site.is_not(None))
    goes = or_(Visit.id == _any(listed_visits), Visit.site_id == _any(listed_sites))
    by_visit = func.coalesce(
        func.lantern.visit_held_by(Visit.id, Visit.site_id, Visit.geom, Visit.visited_at),
        func.lantern.site_held_by(Visit.site_id, func.coalesce(Site.geom, Visit.geom)),
    )
    its_site = and_(Site.organisation_id == Visit.organisation_id, Site.id == Visit.site_id)
    theirs = select(Visit.id, Visit.site_id, by_visit).join(Site, its_site, isouter=True)
    theirs = theirs.where(Visit.organisation_id == organisation_id, goes, by_visit.is_not(None))
    held_sites = (await session.execute(own)).all()
    held_visits = (await session.execute(theirs)).all()
    sites = {one for one, _ in held_sites} | {site for _, site, _ in held_visits if site}
    here = select(Site.id).where(*of, Site.id == _any(sites))
    visits = {one for one, _, _ in held_visits} | {
        *await _visits(session, organisation_id, and_(goes, Visit.site_id == _any(sites)))
    }
    held_by = frozenset(row[-1] for row in (*held_sites, *held_visits))
    return Kept(Rows(sorted(await session.scalars(here)), sorted(visits)), held_by)


async def _listed(session: AsyncSession, organisation_id: UUID, kept: Rows) -> Rows:
    """What is on the list and still there, with the visits to its sites, but for what is kept."""

    def listed(noun: Noun) -> Any:
        return select(Erasure.id).where(Erasure.organisation_id == organisation_id, Erasure.noun == noun)

    of = (Site.organisation_id == organisation_id, Site.id.in_(listed(Noun.SITE)), Site.id != _all(kept.sites))
    sites = list(await session.scalars(select(Site.id).where(*of)))
    theirs = and_(Visit.id.in_(listed(Noun.VISIT)), Visit.id != _all(kept.visits))
    return Rows(sites, await _visits(session, organisation_id, or_(theirs, Visit.site_id == _any(sites))))


async def _visits(session: AsyncSession, organisation_id: UUID, which: ColumnElement[bool]) -> list[UUID]:
    return list(await session.scalars(select(Visit.id).where(Visit.organisation_id == organisation_id, which)))


async def _alerts(session: AsyncSession, organisation_id: UUID, rows: Rows) -> list[Key]:
    """The alerts at sites that are on the list. The database takes them with their site, and their steps with them."""
    at = (Alert.organisation_id == organisation_id, Alert.site_id == _any(rows.sites))
    return [(Noun.ALERT, one) for one in await session.scalars(select(Alert.id).where(*at))]


async def _delete(session: AsyncSession, organisation_id: UUID, rows: Rows) -> Rows | None:
    """Deletes sites and visits that are on the list, with what hangs on them. None where one of them did not go: then
    nothing may be kept of this."""
    sites = _any(rows.sites)
    for table, hangs in (
        (Change, _of_noun(Change.noun, Change.noun_id, rows)),
        (Receipt, _of_noun(Receipt.noun, Receipt.noun_id, rows)),
        (PhoneDelivery, or_(_of_noun(PhoneDelivery.kind, PhoneDelivery.noun_id, rows), PhoneDelivery.site_id == sites)),
        (SiteStatus, SiteStatus.site_id == sites),
        (SiteMove, or_(SiteMove.from_site_id == sites, SiteMove.to_site_id == sites)),
    ):
        await session.execute(
            delete(table).where(table.organisation_id == organisation_id, hangs),
            execution_options={"synchronize_session": False},
        )
    visits = await _gone(session, organisation_id, Visit, rows.visits)
    if len(visits) < len(rows.visits):
        return None
    gone = Rows(await _gone(session, organisation_id, Site, rows.sites), visits)
    return gone if len(gone.sites) == len(rows.sites) else None


async def _gone(
    session: AsyncSession, organisation_id: UUID, table: type[Site] | type[Visit], ids: list[UUID]
) -> list[UUID]:
    gone = delete(table).where(table.organisation_id == organisation_id, table.id == _any(ids)).returning(table.id)
    return list(await session.scalars(gone, execution_options={"synchronize_session": False}))


def _of_noun(noun: Any, of: Any, rows: Rows) -> ColumnElement[bool]:
    return or_(and_(noun == Noun.SITE, of == _any(rows.sites)), and_(noun == Noun.VISIT, of == _any(rows.visits)))


def _any(ids: Iterable[UUID]) -> Any:
    return any_(literal(list(ids), ARRAY(Uuid)))


def _all(ids: Iterable[UUID]) -> Any:
    return all_(literal(list(ids), ARRAY(Uuid)))
