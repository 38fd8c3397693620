"""The rows of a town, with the tables' own field names. Geometries are EPSG:4326 (lon, lat), moments are UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True)
class Organisation:
    id: UUID
    slug: str
    name: str
    bounds: Polygon
    national_srid: int
    time_zone: str
    is_demo: bool
    created_at: datetime


@dataclass(frozen=True)
class BasemapFeature:
    """`layer` is water, park, street, rail, building or place; `kind` refines it."""

    layer: str
    kind: str
    name: str | None
    geom: BaseGeometry


@dataclass(frozen=True)
class District:
    id: UUID
    code: str
    name: str
    geom: MultiPolygon
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Team:
    id: UUID
    name: str


@dataclass(frozen=True)
class Account:
    id: UUID
    email: str
    name: str
    roles: tuple[str, ...]
    team_id: UUID | None
    locale: str
    left_on: date | None


@dataclass(frozen=True)
class WorkArea:
    id: UUID
    name: str
    team_id: UUID
    geom: MultiPolygon
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Assignment:
    id: UUID
    work_area_id: UUID
    account_id: UUID
    starts_on: date
    ends_on: date | None
    cover: bool


@dataclass(frozen=True)
class Site:
    id: UUID
    site_type: str
    status: str
    name: str | None
    access_note: str | None
    geom: Point
    uncertainty_m: float
    revisit_days: int
    first_seen_on: date
    logged_by: UUID
    handed_over_at: datetime | None
    created_at: datetime
    updated_at: datetime
    updated_by: UUID


@dataclass(frozen=True)
class SiteStatus:
    id: UUID
    site_id: UUID
    status: str
    since: datetime
    by_account_id: UUID
    cause: str | None
    cleared_by: str | None
    notice_days: int | None


@dataclass(frozen=True)
class Visit:
    """`geom` is where the worker was; `site_id` is empty for a search where no site is known."""

    id: UUID
    site_id: UUID | None
    account_id: UUID
    team_id: UUID
    visited_at: datetime
    outcome: str
    people_band: str | None
    note: str | None
    geom: Point
    source: str
    recorded_at: datetime
    handed_over_at: datetime | None


@dataclass(frozen=True)
class Town:
    """A whole made-up organisation. On purpose its work areas leave out `gap`, and hold `overlap` twice."""

    organisation: Organisation
    basemap: tuple[BasemapFeature, ...]
    outline: Polygon
    gap: Polygon
    overlap: Polygon
    districts: tuple[District, ...]
    teams: tuple[Team, ...]
    accounts: tuple[Account, ...]
    work_areas: tuple[WorkArea, ...]
    assignments: tuple[Assignment, ...]
    sites: tuple[Site, ...]
    site_statuses: tuple[SiteStatus, ...]
    visits: tuple[Visit, ...]
