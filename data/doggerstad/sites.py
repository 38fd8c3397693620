"""Four hundred made-up sites, each with the history of its status."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import shapely
from shapely import Point

from data.doggerstad.people import DAYS, STREETWORKERS, Life
from data.doggerstad.projection import to_lonlat
from data.doggerstad.record import Account, BasemapFeature, Site, SiteStatus
from data.doggerstad.spot import Ground, make_spots
from data.site_types import SiteType, site_types

STATUSES = {"active": 292, "unverified": 38, "inactive": 46, "closed": 19, "do-not-list": 5}
"""How many sites have each status today."""

CAUSES = (
    "owner boarded it up",
    "cleared by the harbour",
    "building torn down",
    "cleared by the railway",
    "flooded in autumn",
)
CLEARED_BY = ("owner", "harbour authority", "railway", "municipality")
NOTES = (
    "Second gate, the one without a number.",
    "Come from the water side, the steps are loose.",
    "Ring twice, then wait.",
    "Not before ten at night.",
    "Light off when you come close.",
    "Bring hot tea, they like to talk.",
    "Two dogs, friendly.",
    "Never alone: the stairs are dark.",
    "The keeper knows us and lets us in.",
    "Speak first, from a distance.",
)


@dataclass(frozen=True)
class Spot:
    """Where a site is: its point in degrees, the work areas that hold it."""

    at: Point
    areas: tuple[UUID, ...]


@dataclass(frozen=True)
class Place:
    """A site with what the rest of the making needs: its point in metres, its areas, its use over the year."""

    site: Site
    at: Point
    areas: tuple[UUID, ...]
    indoor: bool
    liveliness: float


@dataclass(frozen=True)
class Sites:
    places: list[Place]
    statuses: list[SiteStatus]


def make_sites(life: Life, ground: Ground, streets: list[BasemapFeature]) -> Sites:
    """Sites on the ground, named after the nearest of the streets (in degrees)."""
    types = {site_type.slug: site_type for site_type in site_types()}
    spots = [(slug, point) for slug, points in make_spots(life.rng, ground).items() for point in points]
    fates = life.rng.permutation([status for status, count in STATUSES.items() for _ in range(count)])
    names = _names(spots, types, streets)
    places: list[Place] = []
    statuses: list[SiteStatus] = []
    for (slug, point), fate, name in zip(spots, fates.tolist(), names, strict=True):
        held = life.held(point)
        site, history = _site(life, types[slug], fate, name, Spot(to_lonlat(point, 7), held))
        places.append(Place(site, point, held, types[slug].indoor, float(life.rng.beta(4, 2.6))))
        statuses += history
    return Sites(places, statuses)


def _names(spots: list[tuple[str, Point]], types: dict[str, SiteType], streets: list[BasemapFeature]) -> list[str]:
    """What a worker would write: the type and the nearest street with a name."""
    named = [street for street in streets if street.name]
    tree = shapely.STRtree([street.geom for street in named])
    found = tree.nearest([to_lonlat(point) for _, point in spots])
    return [f"{types[slug].label}, {named[int(index)].name}" for (slug, _), index in zip(spots, found, strict=True)]


def _site(life: Life, site_type: SiteType, fate: str, name: str, spot: Spot) -> tuple[Site, list[SiteStatus]]:
    rng = life.rng
    age = _age(rng, fate)
    first = life.today - timedelta(days=age)
    created = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(minutes=int(rng.uniform(1080, 1439)))
    finder = _finder(life, spot, first)
    site_id = life.ids.at(created)
    history = _history(life, site_id, _steps(life, fate, created, age), finder)
    return Site(
        id=site_id,
        site_type=site_type.slug,
        status=fate,
        name=name,
        access_note=NOTES[int(rng.integers(len(NOTES)))] if rng.random() < 0.3 else None,
        geom=spot.at,
        uncertainty_m=float(rng.choice([10, 15, 25, 25, 40, 60])),
        revisit_days=_interval(rng, site_type.revisit_days),
        first_seen_on=first,
        logged_by=finder.id,
        handed_over_at=created + timedelta(days=14) if age > 30 else None,
        created_at=created,
        updated_at=history[-1].since,
        updated_by=history[-1].by_account_id,
    ), history


def _age(rng: np.random.Generator, fate: str) -> int:
    """Days since a site was first seen: the unverified are new, most are older than the year that is told."""
    if fate == "unverified":
        return int(rng.uniform(3, 60))
    return int(rng.uniform(30, DAYS - 20) if rng.random() < 0.3 else rng.uniform(DAYS, DAYS + 30))


def _interval(rng: np.random.Generator, days: int) -> int:
    """The type's interval, or half or double where the risk is another."""
    draw = rng.random()
    return days // 2 if draw < 0.3 else days * 2 if draw > 0.92 else days


def _finder(life: Life, spot: Spot, day: date) -> Account:
    if spot.areas:
        return life.people.holders(spot.areas[0], day)[0]
    return life.people.accounts[int(life.rng.integers(len(STREETWORKERS)))]


def _steps(life: Life, fate: str, created: datetime, age: int) -> list[tuple[str, datetime]]:
    """Unverified, then active, then perhaps what became of it, at growing moments that are all past."""
    rng = life.rng
    statuses = {"unverified": ["unverified"], "active": ["unverified", "active"]}.get(
        fate, ["unverified", "active", fate]
    )
    offsets = [0.0, min(14.0, age * 0.2) * rng.uniform(0.2, 1), age * rng.uniform(0.5, 0.95)]
    return [(status, created + timedelta(days=days)) for status, days in zip(statuses, offsets, strict=False)]


def _history(life: Life, site_id: UUID, steps: list[tuple[str, datetime]], finder: Account) -> list[SiteStatus]:
    rng = life.rng
    manager = next(account for account in life.people.accounts if "manager" in account.roles)
    return [
        SiteStatus(
            id=life.ids.at(since),
            site_id=site_id,
            status=status,
            since=since,
            by_account_id=(manager if status in {"closed", "do-not-list"} else finder).id,
            cause=str(rng.choice(CAUSES)) if status == "closed" else None,
            cleared_by=str(rng.choice(CLEARED_BY)) if status == "closed" else None,
            notice_days=int(rng.choice([0, 0, 1, 3, 7, 14])) if status == "closed" else None,
        )
        for status, since in steps
    ]
