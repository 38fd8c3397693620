"""Doggerstad whole: the land, the streets, the people and a year of their work, from one seed."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import shapely
from shapely import Polygon, box

from data.doggerstad.basemap import Drawing, make_basemap
from data.doggerstad.building import make_buildings, make_landmarks
from data.doggerstad.identity import Identities
from data.doggerstad.land import Scene, make_land
from data.doggerstad.parts import largest
from data.doggerstad.path import make_paths
from data.doggerstad.people import DAYS, Life, make_people
from data.doggerstad.projection import NATIONAL_SRID, to_lonlat
from data.doggerstad.quarter import DISTRICTS, Quarters, make_quarters
from data.doggerstad.record import (
    Account,
    Assignment,
    BasemapFeature,
    District,
    Organisation,
    Site,
    SiteStatus,
    Team,
    Town,
    Visit,
    WorkArea,
)
from data.doggerstad.road import Road, make_roads
from data.doggerstad.sites import make_sites
from data.doggerstad.spot import Ground
from data.doggerstad.street import make_streets
from data.doggerstad.terrain import make_terrain
from data.doggerstad.visits import make_visits
from data.doggerstad.water import FRAME, make_water

__all__ = [
    "Account",
    "Assignment",
    "BasemapFeature",
    "District",
    "Organisation",
    "Site",
    "SiteStatus",
    "Team",
    "Town",
    "Visit",
    "WorkArea",
    "make_town",
]

MARKET = Polygon([(-62, -22), (88, -34), (98, 92), (-48, 84)])
"""The Old Market, in metres."""


def make_town(seed: int = 54, today: date | None = None) -> Town:
    """The town as it is on `today` (by default the machine's date): the same for the same seed and day, ids too."""
    today = today or date.today()
    drawing, living, naming = (np.random.default_rng([seed, part]) for part in (1, 2, 3))
    scene = _scene(drawing)
    through = make_roads(scene.terrain, scene.water)
    quarters = make_quarters(scene.water, scene.land, through)
    picture = _picture(scene, through, quarters)
    basemap = make_basemap(picture)
    ids = Identities(naming)
    start = datetime(today.year, today.month, today.day, 9, tzinfo=UTC) - timedelta(days=DAYS + 40)
    organisation = _organisation(ids, start)
    people = make_people(ids, quarters.work_areas, today, start)
    life = Life(living, ids, people, quarters.work_areas, today)
    ground = Ground(scene, quarters.gap, picture.roads, picture.buildings)
    named = [feature for feature in basemap if feature.layer == "street" and feature.kind not in {"path", "lane"}]
    sites = make_sites(life, ground, named)
    districts = _districts(ids, quarters, start)
    return Town(
        organisation=organisation,
        basemap=tuple(basemap),
        outline=largest(shapely.union_all([district.geom for district in districts])),
        gap=to_lonlat(quarters.gap, 7),
        overlap=to_lonlat(quarters.overlap, 7),
        districts=tuple(districts),
        teams=tuple(people.teams),
        accounts=tuple(people.accounts),
        work_areas=tuple(people.work_areas),
        assignments=tuple(people.assignments),
        sites=tuple(place.site for place in sites.places),
        site_statuses=tuple(sites.statuses),
        visits=tuple(make_visits(life, sites, ground)),
    )


def _scene(rng: np.random.Generator) -> Scene:
    terrain = make_terrain(rng)
    water = make_water(terrain)
    return Scene(rng, terrain, water, make_land(rng, terrain, water))


def _picture(scene: Scene, through: list[Road], quarters: Quarters) -> Drawing:
    landmarks = make_landmarks(scene.water, through)
    clear = shapely.union_all([MARKET, *(landmark.geom.buffer(9) for landmark in landmarks)])
    streets = make_streets(scene, through, clear)
    buildings = make_buildings(scene, streets, landmarks)
    roads = streets.roads + make_paths(scene)
    return Drawing(scene, roads, buildings, streets.squares, MARKET, quarters.districts)


def _organisation(ids: Identities, start: datetime) -> Organisation:
    sheet = shapely.box(*to_lonlat(box(*FRAME)).bounds)
    return Organisation(
        ids.at(start), "doggerstad", "Doggerstad", sheet, NATIONAL_SRID, "Europe/Amsterdam", True, start
    )


def _districts(ids: Identities, quarters: Quarters, start: datetime) -> list[District]:
    return [
        District(ids.at(start), code, name, to_lonlat(quarters.districts[code], 7), start.date(), None)
        for code, (name, _) in DISTRICTS.items()
    ]
