"""Erasure: something is taken out for good. Its id stays on a list, and nothing else of it. Here also: of a site, with
all that hangs on it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ScalarSelect, and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.change import Change
from geo.law_request_query import refuse_held
from geo.log import Act, note
from geo.receipt import Receipt
from geo.refusal import Refusal
from geo.schema import OfOrganisation, Row, to, to_organisation
from geo.site import Site, SiteMove, SiteStatus
from geo.visit import Visit


class Noun(StrEnum):
    """What can be erased. A visit goes with its site."""

    SITE = "site"
    VISIT = "visit"
    ACCOUNT = "account"


class Reason(StrEnum):
    """Why; no free text, which could tell of the place or the person. `left`: a person's data is needed no more."""

    ASKED = "asked"
    MISTAKE = "mistake"
    DANGER = "danger"
    ORDER = "order"
    LEFT = "left"


Gone = dict[Noun, int]
"""How many of each were erased."""
Listed = dict[UUID, tuple[Noun, Reason]]
"""Ids that stand for something that was erased."""


class Erasure(OfOrganisation, Row):
    """A tombstone: `id` is that of the row that was erased."""

    __tablename__ = "erasure"
    __table_args__ = (
        to_organisation(),
        to("account", "erased_by"),
        CheckConstraint("noun in ('site', 'visit', 'account')", name="noun"),
        CheckConstraint(
            "reason in ('asked', 'mistake', 'danger', 'order') or (reason = 'left' and noun = 'account')", name="reason"
        ),
    )

    noun: Mapped[str]
    reason: Mapped[str]
    erased_at: Mapped[datetime] = mapped_column(server_default=func.now())
    erased_by: Mapped[UUID | None]


async def erase_site(
    session: AsyncSession, organisation_id: UUID, site_id: UUID, reason: Reason, by: UUID | None
) -> Gone | None:
    """Erases a site, the visits to it, its history and its moves. In a transaction of scope `erasure`.

    None: there is no such site, and then nothing is to be kept. Raises Held where an undecided request by law names it.
    """
    await remember_erased(session, organisation_id, {site_id: Noun.SITE}, reason, by)
    await refuse_held(session, organisation_id, site_id)
    theirs = select(Visit.id).where(Visit.organisation_id == organisation_id, Visit.site_id == site_id)
    visits = list(await session.scalars(theirs))
    await remember_erased(session, organisation_id, dict.fromkeys(visits, Noun.VISIT), reason, by)
    gone = await _delete(session, organisation_id)
    note(session, Act.ERASED, "site", [site_id, *visits], {"reason": reason.value, "visits": len(visits)})
    return {Noun.SITE: 1, Noun.VISIT: len(visits)} if site_id in gone else None


async def erase_sites_again(session: AsyncSession, organisation_id: UUID, listed: Listed) -> Gone:
    """Erases once more the sites and visits that an older copy of the database brought back."""
    await remember_listed(session, organisation_id, listed)
    theirs = or_(
        Visit.id.in_(_listed(organisation_id, Noun.VISIT)), Visit.site_id.in_(_listed(organisation_id, Noun.SITE))
    )
    visits = list(await session.scalars(select(Visit.id).where(Visit.organisation_id == organisation_id, theirs)))
    await remember_erased(session, organisation_id, dict.fromkeys(visits, Noun.VISIT), Reason.ORDER, None)
    sites = await _delete(session, organisation_id)
    note(session, Act.ERASED, "site", [*sites, *visits], {"again": True, "visits": len(visits)})
    return {Noun.SITE: len(sites), Noun.VISIT: len(visits)}


async def remember_listed(session: AsyncSession, organisation_id: UUID, listed: Listed) -> None:
    """Puts on the list what stands on one that was kept elsewhere."""
    for reason in Reason:
        rows = {one: noun for one, (noun, why) in listed.items() if why is reason}
        await remember_erased(session, organisation_id, rows, reason, None)


async def remember_erased(
    session: AsyncSession, organisation_id: UUID, rows: dict[UUID, Noun], reason: Reason, by: UUID | None
) -> None:
    """Puts ids on the list of what was erased. Raises Refusal where one stands there for something else: clients choose
    ids, and what is not on the list would stay, or come back."""
    of = {"organisation_id": organisation_id, "reason": reason.value, "erased_by": by}
    values: list[dict[str, Any]] = [of | {"id": one, "noun": noun.value} for one, noun in rows.items()]
    if not values:
        return
    await session.execute(insert(Erasure).on_conflict_do_nothing(), values)
    listed = select(Erasure.id, Erasure.noun).where(Erasure.organisation_id == organisation_id, Erasure.id.in_(rows))
    if any(rows[one] != noun for one, noun in (await session.execute(listed)).all()):
        raise Refusal("was the id of something else, which was erased", "id")


async def was_erased(session: AsyncSession, organisation_id: UUID, ids: Iterable[UUID]) -> set[UUID]:
    """Which of these ids stand for something that was erased."""
    found = select(Erasure.id).where(Erasure.organisation_id == organisation_id, Erasure.id.in_(list(ids)))
    return set(await session.scalars(found))


async def list_erasures(session: AsyncSession, organisation_id: UUID, noun: Noun | None = None) -> list[Erasure]:
    """What was erased, the latest first."""
    rows = select(Erasure).where(Erasure.organisation_id == organisation_id)
    rows = rows.where(Erasure.noun == noun) if noun else rows
    return list(await session.scalars(rows.order_by(Erasure.erased_at.desc(), Erasure.id.desc())))


def _listed(organisation_id: UUID, noun: Noun) -> ScalarSelect[UUID]:
    listed = select(Erasure.id).where(Erasure.organisation_id == organisation_id, Erasure.noun == noun)
    return listed.scalar_subquery()


async def _delete(session: AsyncSession, organisation_id: UUID) -> list[UUID]:
    """Deletes the sites and visits on the list that are still there, with what hangs on them; the ids of the sites. An
    id counts for its noun alone: clients choose ids, and a visit may have that of another's site."""
    sites, visits = _listed(organisation_id, Noun.SITE), _listed(organisation_id, Noun.VISIT)
    for table, hangs in (
        (Change, _of_noun(Change.noun, Change.noun_id, sites, visits)),
        (Receipt, _of_noun(Receipt.noun, Receipt.noun_id, sites, visits)),
        (Visit, or_(Visit.id.in_(visits), Visit.site_id.in_(sites))),
        (SiteStatus, SiteStatus.site_id.in_(sites)),
        (SiteMove, or_(SiteMove.from_site_id.in_(sites), SiteMove.to_site_id.in_(sites))),
    ):
        await session.execute(
            delete(table).where(table.organisation_id == organisation_id, hangs),
            execution_options={"synchronize_session": False},
        )
    gone = delete(Site).where(Site.organisation_id == organisation_id, Site.id.in_(sites)).returning(Site.id)
    return list(await session.scalars(gone, execution_options={"synchronize_session": False}))


def _of_noun(noun: Any, of: Any, sites: ScalarSelect[UUID], visits: ScalarSelect[UUID]) -> ColumnElement[bool]:
    return or_(and_(noun == Noun.SITE, of.in_(sites)), and_(noun == Noun.VISIT, of.in_(visits)))
