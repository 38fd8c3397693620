"""Sites in: a register of places that a city keeps already."""

from datetime import UTC, datetime, time
from uuid import UUID

from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.erasure import Noun, was_erased
from geo.import_order import Order, Reckoning
from geo.imported_id import imported_id
from geo.note import sealed_note
from geo.organisation import Organisation, bounds_of
from geo.reading import Column, find_columns
from geo.reading_cell import LAT, LON, WKT, Cells
from geo.reading_process import Reading
from geo.reading_rows import each_row
from geo.record import FileError
from geo.site import Site, SiteStatus, Status
from geo.site_type import SiteType

COLUMNS = (
    Column("site_type", ("site_type", "kind", "type", "soort", "rodzaj"), True),
    Column("id", ("id", "uuid", "site_id")),
    Column("name", ("name", "naam", "nazwa", "nom", "label")),
    Column("status", ("status",)),
    Column("access_note", ("access_note", "access", "note", "notes")),
    Column("uncertainty_m", ("uncertainty_m", "uncertainty", "accuracy")),
    Column("revisit_days", ("revisit_days",)),
    Column("first_seen_on", ("first_seen_on", "first_seen", "since")),
    Column("lon", LON),
    Column("lat", LAT),
    Column("wkt", WKT),
)
WAITING = 1000
UNCERTAIN_M = 25.0


async def import_sites(session: AsyncSession, source: Reading, order: Order) -> Reckoning:
    """A site is known by its id (a UUID) where the file has one, else by its type, name and place. A known one stays as
    it is: sites change where people look after them, not by a file."""
    reckoning = Reckoning(source.counted)
    keeper = _Keeper(session, order, find_columns(source, COLUMNS, order.columns))
    await keeper.look()
    await each_row(source, keeper.columns, reckoning, keeper.keep)
    await keeper.store()
    reckoning.kept = reckoning.sites = keeper.made
    reckoning.already_there = reckoning.read - reckoning.refused - keeper.made
    return reckoning


class _Keeper:
    def __init__(self, session: AsyncSession, order: Order, columns: dict[str, int]) -> None:
        self.columns = columns
        self.made = 0
        self._session = session
        self._order = order
        self._waiting: dict[UUID, tuple[Site, datetime]] = {}

    async def look(self) -> None:
        session, organisation_id = self._session, self._order.organisation_id
        self._bounds = bounds_of(await session.get_one(Organisation, organisation_id))
        types = list(await session.scalars(select(SiteType).where(SiteType.organisation_id == organisation_id)))
        self._types = {kind.slug: kind for kind in types}
        if set(self._order.kinds.values()) - self._types.keys():
            there = ", ".join(self._types)
            raise FileError(f"The option kind names a site type that is not there. There are: {there}.")
        kinds = {kind.strip().casefold(): self._types[slug] for kind, slug in self._order.kinds.items()}
        self._kinds = self._types | kinds

    async def keep(self, cells: Cells) -> None:
        site, since = self._read(cells)
        self._waiting.setdefault(site.id, (site, since))
        if len(self._waiting) >= WAITING:
            await self.store()

    async def store(self) -> None:
        """Writes what waits and is not there yet, each with the first step of its history."""
        organisation_id = self._order.organisation_id
        known = select(Site.id).where(Site.organisation_id == organisation_id, Site.id.in_(self._waiting))
        for site_id in await self._session.scalars(known):
            del self._waiting[site_id]
        for site_id in await was_erased(self._session, organisation_id, Noun.SITE, self._waiting):
            del self._waiting[site_id]
        self._session.add_all(site for site, _ in self._waiting.values())
        await self._session.flush()
        for site, since in self._waiting.values():
            step = {"status": site.status, "since": since, "by_account_id": self._order.account_id}
            self._session.add(SiteStatus(organisation_id=organisation_id, site_id=site.id, **step))
        await self._session.flush()
        self.made += len(self._waiting)
        self._waiting.clear()

    def _read(self, cells: Cells) -> tuple[Site, datetime]:
        kind = self._kinds.get(cells.needed("site_type", 100).casefold())
        if kind is None:
            raise ValueError("its kind is no site type; map it with the option kind, as in KIND=TYPE")
        status = cells.text("status", 40) or Status.ACTIVE
        if status not in set(Status):
            raise ValueError(f"its status is none of {', '.join(Status)}")
        place = cells.point(self._bounds)
        days, uncertainty = cells.number("revisit_days", 1, 366), cells.number("uncertainty_m", 0, 5000)
        first = cells.day("first_seen_on")
        since = datetime.combine(first or self._order.today, time(12), UTC)
        site_id, note = self._id(cells, kind.slug, place), cells.text("access_note", 2000, lines=True)
        site = Site(
            organisation_id=self._order.organisation_id,
            id=site_id,
            site_type=kind.slug,
            status=status,
            name=cells.text("name", 200),
            access_note_sealed=sealed_note(self._order.seal, Site, site_id, note),
            geom=from_shape(place, 4326),
            uncertainty_m=UNCERTAIN_M if uncertainty is None else uncertainty,
            revisit_days=kind.revisit_days if days is None else int(days),
            first_seen_on=first,
            updated_by=self._order.account_id,
        )
        return site, since

    def _id(self, cells: Cells, kind: str, place: Point) -> UUID:
        given = cells.text("id", 100)
        try:
            return UUID(given)
        except (TypeError, ValueError):
            content = "\n".join(
                ["site", kind, given or "", cells.text("name", 200) or "", repr(place.x), repr(place.y)]
            )
            return UUID(imported_id(self._order.organisation_id, 0, content.encode()))
