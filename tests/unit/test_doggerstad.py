"""Doggerstad, the made-up town."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import mean

import pytest
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from data.doggerstad.people import COVER, STREETWORKERS
from data.doggerstad.silverpit import make_silverpit
from data.doggerstad.spot import COUNTS, IN_GAP
from data.doggerstad.town import Town, make_town
from data.doggerstad.visits import winter
from data.site_types import site_types

TODAY = date(2026, 11, 22)
GEOD = Geod(ellps="GRS80")


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town(today=TODAY)


def km2(shape: BaseGeometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shape)[0]) / 1e6


def test_the_same_seed_and_day_make_the_same_town(town: Town) -> None:
    assert make_town(today=TODAY) == town


def test_another_seed_makes_another_town(town: Town) -> None:
    other = make_town(7, TODAY)
    assert other.outline != town.outline
    assert {site.id for site in other.sites}.isdisjoint(site.id for site in town.sites)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_seed_makes_a_whole_town(seed: int) -> None:
    town = make_town(seed, TODAY)
    assert shapely.coverage_is_valid([district.geom for district in town.districts])
    assert min(km2(district.geom) for district in town.districts) > 0.8
    assert km2(town.gap) >= 0.2
    assert km2(town.overlap) >= 0.05
    assert all(feature.geom.is_valid and not feature.geom.is_empty for feature in town.basemap)


def test_the_town_has_the_size_and_the_numbers_that_were_promised(town: Town) -> None:
    assert 28 < km2(town.outline) < 33
    assert len(town.districts) == 10
    assert len(town.teams) == 2
    assert len(town.work_areas) == 8
    assert len(town.sites) == 400
    assert Counter(site.site_type for site in town.sites) == COUNTS
    assert 9000 <= len(town.visits) <= 12000
    assert {site.site_type for site in town.sites} == {site_type.slug for site_type in site_types()}


def test_it_stands_where_there_is_only_sea(town: Town) -> None:
    west, south, east, north = town.organisation.bounds.bounds
    assert 2.2 < west < east < 2.4
    assert 54.7 < south < north < 54.8
    assert town.organisation.bounds.covers(town.outline)


def test_districts_tile_the_town_without_gap_or_overlap(town: Town) -> None:
    shapes = [district.geom for district in town.districts]
    assert all(shape.is_valid for shape in shapes)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).equals(town.outline)
    assert len(town.outline.interiors) == 0
    assert sum(km2(shape) for shape in shapes) == pytest.approx(km2(town.outline), rel=1e-9)


def test_work_areas_leave_one_gap_and_one_overlap_as_documented(town: Town) -> None:
    shapes = [area.geom for area in town.work_areas]
    assert all(shape.is_valid for shape in shapes)
    left_out = town.outline.difference(shapely.union_all(shapes))
    twice = shapely.union_all([a.intersection(b) for i, a in enumerate(shapes) for b in shapes[i + 1 :]])
    assert km2(town.gap) >= 0.2
    assert km2(town.overlap) >= 0.05
    assert km2(left_out.symmetric_difference(town.gap)) < 1e-5
    assert km2(twice.symmetric_difference(town.overlap)) < 1e-5


def test_sites_lie_in_the_town_where_their_type_can_be(town: Town) -> None:
    for site in town.sites:
        assert town.outline.contains(site.geom)
    water = shapely.union_all([feature.geom for feature in town.basemap if feature.layer == "water"])
    gardens = shapely.union_all([feature.geom for feature in town.basemap if feature.kind == "allotments"])
    parks = shapely.union_all([feature.geom for feature in town.basemap if feature.kind == "park"])
    station = shapely.union_all([f.geom for f in town.basemap if f.kind in {"station", "platform"}])
    grounds = {"boat": water, "allotment-hut": gardens, "park": parks, "station": station}
    for site_type, ground in grounds.items():
        away = [site for site in town.sites if site.site_type == site_type and site.geom.distance(ground) > 2e-5]
        assert away == [], site_type
    dry = [site for site in town.sites if site.site_type not in {"boat", "bridge", "park", "tent"}]
    assert sum(water.buffer(-2e-5).contains(site.geom) for site in dry) == 0


def test_nobody_is_assigned_to_some_sites_and_two_workers_to_others(town: Town) -> None:
    assert sum(town.gap.contains(site.geom) for site in town.sites) >= sum(IN_GAP.values())
    assert sum(town.overlap.contains(site.geom) for site in town.sites) >= 3


def test_statuses_agree_with_their_history(town: Town) -> None:
    for site in town.sites:
        history = [step for step in town.site_statuses if step.site_id == site.id]
        assert [step.since for step in history] == sorted(step.since for step in history)
        assert history[-1].status == site.status
        assert history[0].status == "unverified"
        assert history[-1].since.date() <= TODAY
        assert (history[-1].cause is not None) == (site.status == "closed")
    found = {site.status for site in town.sites}
    assert found == {"unverified", "active", "inactive", "closed", "do-not-list"}


def test_visits_refer_to_sites_and_people_and_lie_in_the_past_year(town: Town) -> None:
    sites = {site.id: site for site in town.sites}
    teams = {account.id: account.team_id for account in town.accounts if "streetworker" in account.roles}
    now = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    for visit in town.visits:
        assert visit.team_id == teams[visit.account_id]
        assert now - timedelta(days=366) < visit.visited_at < visit.recorded_at < now
        assert visit.handed_over_at is None or visit.visited_at < visit.handed_over_at < now + timedelta(hours=1)
        if visit.site_id is not None:
            assert visit.visited_at.date() >= sites[visit.site_id].first_seen_on
            assert visit.geom.distance(sites[visit.site_id].geom) < 0.001
        if visit.outcome == "nobody-found":
            assert visit.people_band == "0"
    assert len({visit.id for visit in town.visits}) == len(town.visits)
    assert sum(visit.site_id is None for visit in town.visits) > 200


def test_workers_visit_the_areas_that_they_hold_on_the_day(town: Town) -> None:
    areas = {area.id: area.geom for area in town.work_areas}
    own = 0
    for visit in town.visits[::7]:
        day = visit.visited_at.date()
        held = [
            areas[duty.work_area_id].buffer(0.0008)
            for duty in town.assignments
            if duty.account_id == visit.account_id and duty.starts_on <= day and (duty.ends_on or day) >= day
        ]
        own += any(area.covers(visit.geom) for area in held)
    assert own / len(town.visits[::7]) > 0.98


def test_winter_brings_more_visits_and_more_people_indoors(town: Town) -> None:
    indoor = {site_type.slug for site_type in site_types() if site_type.indoor}
    types = {site.id: site.site_type for site in town.sites}
    seasons: dict[str, list[bool]] = {"winter": [], "summer": []}
    for visit in town.visits:
        cold = winter(visit.visited_at.date())
        if visit.site_id is not None and visit.outcome == "met" and not 0.25 < cold < 0.75:
            seasons["winter" if cold > 0.5 else "summer"].append(types[visit.site_id] in indoor)
    assert mean(seasons["winter"]) > mean(seasons["summer"]) + 0.05
    by_season = Counter(winter(visit.visited_at.date()) > 0.5 for visit in town.visits)
    assert by_season[True] > 1.15 * by_season[False]


def test_some_active_sites_are_overdue_and_more_are_seen(town: Town) -> None:
    last = {visit.site_id: visit.visited_at.date() for visit in town.visits if visit.outcome != "not-reached"}
    active = [site for site in town.sites if site.status == "active"]
    seen = [site for site in active if site.id in last and (TODAY - last[site.id]).days <= site.revisit_days]
    assert 0.6 < len(seen) / len(active) < 0.92
    outcomes = Counter(visit.outcome for visit in town.visits)
    assert outcomes["nobody-found"] / len(town.visits) > 0.25
    assert set(outcomes) == {"met", "nobody-found", "signs-of-use", "not-reached", "contact-refused"}


def test_everyone_has_an_area_today_and_one_covers_for_another(town: Town) -> None:
    names = {account.id: account.name for account in town.accounts}
    today = [duty for duty in town.assignments if duty.starts_on <= TODAY <= (duty.ends_on or TODAY)]
    assert {names[duty.account_id] for duty in today if not duty.cover} == set(STREETWORKERS)
    assert {duty.work_area_id for duty in today} == {area.id for area in town.work_areas}
    assert [names[duty.account_id] for duty in today if duty.cover] == [COVER[0]]
    assert {account.email for account in town.accounts} >= {
        f"{name}@doggerstad.example" for name in ("alice", "ben", "mara", "pim", "dora", "stefan")
    }


def test_ids_are_uuids_of_version_7_that_carry_their_time(town: Town) -> None:
    for visit in town.visits[::50]:
        assert visit.id.version == 7
        assert visit.id.variant == "specified in RFC 4122"
        assert visit.id.int >> 80 == int(visit.visited_at.timestamp() * 1000)


def test_the_basemap_is_whole_and_light(town: Town) -> None:
    assert {feature.layer for feature in town.basemap} == {"water", "park", "street", "rail", "building", "place"}
    kinds = {feature.kind for feature in town.basemap if feature.layer == "street"}
    assert kinds >= {"main", "ring", "secondary", "residential", "alley", "quay", "path"}
    features = [
        {
            "type": "Feature",
            "properties": {"layer": feature.layer, "kind": feature.kind, "name": feature.name},
            "geometry": json.loads(shapely.to_geojson(feature.geom)),
        }
        for feature in town.basemap
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))
    assert len(text) < 710_000


def test_silverpit_is_another_organisation() -> None:
    silverpit = make_silverpit(TODAY)
    assert silverpit == make_silverpit(TODAY)
    assert silverpit.organisation.slug == "silverpit"
    assert not silverpit.organisation.is_demo
    assert [account.email for account in silverpit.accounts] == ["otto@silverpit.example"]
    assert all(silverpit.outline.contains(site.geom) for site in silverpit.sites)
