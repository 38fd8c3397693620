"""What an export holds: the rows of a noun under the filters of its list, and a few more."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, any_, func, or_, select

from geo.site import Site
from geo.site_query import SitesWanted
from geo.site_query import conditions as site_conditions
from geo.viewport import Box
from geo.visit import Visit
from geo.visit_query import VisitsWanted
from geo.visit_query import conditions as visit_conditions
from geo.work_area import WorkArea
from geo.work_area_query import on_day

FILTERS = {
    "sites": {"box", "area", "team", "first_day", "last_day", "statuses", "types"},
    "visits": {"box", "area", "team", "first_day", "last_day", "outcomes", "types"},
    "areas": {"box", "area", "team", "first_day", "last_day"},
    "coverage": {"team", "first_day", "last_day", "types"},
}


@dataclass(frozen=True)
class Whose:
    """An organisation, the day on its wall, and where its days begin."""

    organisation_id: UUID
    time_zone: str
    today: date

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.time_zone))


@dataclass(frozen=True)
class Wanted:
    """What is asked for; nothing given means all.

    Days count both ends: of a site the day it was first seen, of a visit the day it was made, of a work area any day
    that it is valid. `team` picks the visits made as that team, its work areas, and the sites in those of today;
    `sites`, ids of sites, these and the visits to them; `visits`, ids of visits, these alone.
    """

    box: Box | None = None
    area: UUID | None = None
    team: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None
    statuses: Sequence[str] = ()
    types: Sequence[str] = ()
    outcomes: Sequence[str] = ()
    sites: Sequence[UUID] | None = None
    visits: Sequence[UUID] | None = None

    def given(self) -> set[str]:
        """The names of the filters that are set."""
        return {field.name for field in fields(self) if getattr(self, field.name)}


def sites(whose: Whose, wanted: Wanted) -> Select[Any]:
    asked = SitesWanted(wanted.box, wanted.area, wanted.statuses, wanted.types, wanted.first_day, wanted.last_day)
    found = select(Site).where(*site_conditions(whose.organisation_id, asked))
    if wanted.team:
        found = found.where(_in_areas_of(wanted.team, whose))
    if wanted.sites is not None:
        found = found.where(Site.id.in_(wanted.sites))
    return found


def visits(whose: Whose, wanted: Wanted) -> Select[Any]:
    asked = VisitsWanted(
        box=wanted.box,
        area=wanted.area,
        start=whose.midnight(wanted.first_day) if wanted.first_day else None,
        end=whose.midnight(wanted.last_day + timedelta(days=1)) if wanted.last_day else None,
        outcomes=wanted.outcomes,
        team=wanted.team,
    )
    found = select(Visit).where(*visit_conditions(whose.organisation_id, asked))
    if wanted.types:
        of_type = select(Site.id).where(
            Site.organisation_id == whose.organisation_id, Site.id == Visit.site_id, Site.site_type.in_(wanted.types)
        )
        found = found.where(of_type.exists())
    if wanted.sites is not None:
        found = found.where(Visit.site_id.in_(wanted.sites))
    if wanted.visits is not None:
        found = found.where(Visit.id.in_(wanted.visits))
    return found


def areas(whose: Whose, wanted: Wanted) -> Select[Any]:
    found = select(WorkArea).where(WorkArea.organisation_id == whose.organisation_id)
    if wanted.box:
        box = wanted.box
        envelope = func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, 4326)
        found = found.where(func.ST_Intersects(WorkArea.geom, envelope))
    if wanted.area:
        found = found.where(WorkArea.id == wanted.area)
    if wanted.team:
        found = found.where(WorkArea.team_id == wanted.team)
    if wanted.first_day:
        found = found.where(or_(WorkArea.valid_to.is_(None), WorkArea.valid_to >= wanted.first_day))
    if wanted.last_day:
        found = found.where(WorkArea.valid_from <= wanted.last_day)
    return found


def _in_areas_of(team: UUID, whose: Whose) -> ColumnElement[bool]:
    area = select(WorkArea.id).where(
        WorkArea.organisation_id == whose.organisation_id,
        WorkArea.team_id == team,
        on_day(whose.today, WorkArea.valid_from.expression, WorkArea.valid_to.expression),
        Site.cell_1km == any_(WorkArea.cells_1km),
        func.ST_Covers(WorkArea.geom, Site.geom),
    )
    return area.exists()
