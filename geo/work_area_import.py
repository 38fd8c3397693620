"""Work areas in: outlines with a name, dates of validity and a team."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.change import remember
from geo.district_import import NAMES, same_shape
from geo.import_order import Order, Reckoning
from geo.organisation import Organisation, bounds_of
from geo.reading import Column, find_columns
from geo.reading_cell import WKT, Cells
from geo.reading_process import Reading
from geo.reading_rows import each_row
from geo.schema import new_id
from geo.team import Team
from geo.work_area import WorkArea

COLUMNS = (
    Column("name", NAMES, True),
    Column("valid_from", ("valid_from", "geldig_van", "begin", "start", "wazne_od")),
    Column("valid_to", ("valid_to", "geldig_tot", "end", "wazne_do")),
    Column("team", ("team", "ploeg", "zespol", "equipe")),
    Column("wkt", WKT),
)


async def import_areas(session: AsyncSession, source: Reading, order: Order) -> Reckoning:
    """A work area is known by its name and first day; a row without a first day means the area of that name that is
    valid then (`order.valid_from`, else today), or a new one that begins then. A known one is changed where the file
    says something else, and what it was before is kept."""
    reckoning = Reckoning(source.counted)
    columns = find_columns(source, COLUMNS, order.columns)
    keeper = _Keeper(session, order, reckoning)
    await keeper.look()
    await each_row(source, columns, reckoning, keeper.keep)
    await session.flush()
    return reckoning


@dataclass(frozen=True)
class _Said:
    """What a row says; None where it says nothing."""

    name: str
    valid_from: date | None
    valid_to: date | None
    team_id: UUID | None
    shape: MultiPolygon


class _Keeper:
    def __init__(self, session: AsyncSession, order: Order, reckoning: Reckoning) -> None:
        self._session = session
        self._order = order
        self._reckoning = reckoning
        self._usual = order.valid_from or order.today
        self._seen: set[tuple[str, date]] = set()

    async def look(self) -> None:
        """Reads what is there."""
        session, organisation_id = self._session, self._order.organisation_id
        self._bounds = bounds_of(await session.get_one(Organisation, organisation_id))
        teams = await session.scalars(select(Team).where(Team.organisation_id == organisation_id))
        self._teams = {team.name.casefold(): team.id for team in teams}
        areas = select(WorkArea).where(WorkArea.organisation_id == organisation_id).with_for_update()
        self._there: dict[str, list[WorkArea]] = {}
        for area in await session.scalars(areas.order_by(WorkArea.valid_from, WorkArea.id)):
            self._there.setdefault(area.name, []).append(area)

    async def keep(self, cells: Cells) -> None:
        said = self._read(cells)
        area = next((one for one in self._there.get(said.name, ()) if self._means(said, one)), None)
        first = said.valid_from or (area.valid_from if area else self._usual)
        last = said.valid_to or (area.valid_to if area else None)
        if last and last < first:
            raise ValueError("its last day lies before its first")
        if (said.name, first) in self._seen:
            raise ValueError("its name and first day are those of a row before it")
        self._seen.add((said.name, first))
        team_id = said.team_id or (area.team_id if area else None)
        if area is None:
            self._session.add(
                WorkArea(
                    organisation_id=self._order.organisation_id,
                    id=new_id(),
                    name=said.name,
                    team_id=team_id,
                    valid_from=first,
                    valid_to=last,
                    geom=from_shape(said.shape, 4326),
                    updated_by=self._order.account_id,
                )
            )
            self._reckoning.kept += 1
        elif same_shape(area.geom, said.shape) and (area.team_id, area.valid_to) == (team_id, last):
            self._reckoning.already_there += 1
        else:
            await remember(self._session, area, "work_area", self._order.account_id)
            area.team_id, area.valid_to, area.geom = team_id, last, from_shape(said.shape, 4326)
            self._reckoning.changed += 1

    def _read(self, cells: Cells) -> _Said:
        name, team = cells.needed("name", 200), cells.text("team", 200)
        team_id = None if team is None else self._teams.get(team.casefold())
        if team is not None and team_id is None:
            raise ValueError("there is no team of that name; make it first")
        shape = cells.multipolygon(self._bounds)
        return _Said(name, cells.day("valid_from"), cells.day("valid_to"), team_id, shape)

    def _means(self, said: _Said, area: WorkArea) -> bool:
        if said.valid_from:
            return area.valid_from == said.valid_from
        return area.valid_from <= self._usual and (area.valid_to is None or area.valid_to >= self._usual)
