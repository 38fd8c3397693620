"""A year of visits: who went where on which night, and what they found.

Winter brings more rounds, fuller buildings and emptier parks.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
from shapely import Point

from data.doggerstad.people import DAYS, STREETWORKERS, Life
from data.doggerstad.projection import to_lonlat
from data.doggerstad.record import Account, SiteStatus, Visit
from data.doggerstad.sites import Place, Sites
from data.doggerstad.spot import Ground, make_spots

OUTCOMES = ("met", "nobody-found", "signs-of-use", "not-reached", "contact-refused")
BANDS = ("1", "2-5", "6-10", "11-20")

DILIGENCE = {
    "Alice": 1.0, "Ben": 1.1, "Carys": 0.95, "Daan": 1.2, "Ewa": 1.05, "Fenna": 1.4, "Hugo": 2.0, "Ines": 1.15,
}  # fmt: skip
"""How long each lets the interval grow; Hugo's docks are wide, and much there is overdue."""

DAYS_OFF = {
    "Alice": (5, 6), "Ben": (0, 6), "Carys": (2, 5), "Daan": (1, 6), "Ewa": (4, 6), "Fenna": (0, 5), "Hugo": (3, 6),
    "Ines": (5, 6),
}  # fmt: skip
"""The weekdays on which each does not go out, Monday is 0."""

REMARKS = (
    "Asked for a blanket.",
    "Sleeping bag given.",
    "Wants to see a doctor.",
    "Moved a little further in.",
    "Asked about shelter.",
    "Left a card.",
    "Two new faces.",
)


def winter(day: date) -> float:
    """How much of a winter's night it is, from 0 in late July to 1 in late January."""
    return float(0.5 + 0.5 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 25) / 365.25))


def make_visits(life: Life, sites: Sites, ground: Ground) -> list[Visit]:
    """All visits of the year before today, in order of time."""
    history: dict[int, list[SiteStatus]] = {}
    for step in sites.statuses:
        history.setdefault(step.site_id.int, []).append(step)
    visits = [visit for place in sites.places for visit in _rounds(life, place, history[place.site.id.int])]
    visits += _searches(life, ground)
    return sorted(visits, key=lambda visit: (visit.visited_at, visit.id))


def _rounds(life: Life, place: Place, history: list[SiteStatus]) -> list[Visit]:
    """From the first night on, again and again when the interval is over; the last night is yesterday's."""
    visits = []
    day = max(place.site.first_seen_on, life.today - timedelta(days=DAYS - int(life.rng.integers(0, 12))))
    while day < life.today:
        status = next((step.status for step in reversed(history) if step.since.date() <= day), history[0].status)
        worker = _worker(life, place, day)
        night = _next_night(worker, day)
        if night >= life.today or status in {"closed", "do-not-list"}:
            break
        visits.append(_visit(life, worker, place, status, night))
        day = night + timedelta(days=_gap(life, place, worker, status, night))
    return visits


def _worker(life: Life, place: Place, day: date) -> Account:
    if not place.areas:
        return life.people.accounts[int(life.rng.integers(len(STREETWORKERS)))]
    area = place.areas[int(life.rng.integers(len(place.areas)))]
    return life.people.holders(area, day)[-1]


def _next_night(worker: Account, day: date) -> date:
    while day.weekday() in DAYS_OFF[worker.name]:
        day += timedelta(days=1)
    return day


def _gap(life: Life, place: Place, worker: Account, status: str, night: date) -> int:
    """Days until the next round: in winter sooner, at a quiet place later, where no one is assigned hardly ever."""
    pace = DILIGENCE[worker.name] * (1.1 - 0.45 * winter(night)) * life.rng.lognormal(0.02, 0.42)
    pace *= (1 if place.areas else 6) * (3 if status == "inactive" else 1)
    return max(1, round(place.site.revisit_days * pace))


def _visit(life: Life, worker: Account, place: Place, status: str, night: date) -> Visit:
    cold = winter(night)
    there = place.liveliness * ((0.62 + 0.5 * cold) if place.indoor else (1.12 - 0.5 * cold))
    there = min(there * (0.15 if status == "inactive" else 1), 0.9)
    chances = np.array([there, (1 - there) * 0.68, (1 - there) * 0.24, 0.035, there * 0.09])
    outcome = OUTCOMES[int(np.searchsorted(np.cumsum(chances / chances.sum()), life.rng.random()))]
    east, north = life.rng.normal(0, min(place.site.uncertainty_m, 25) / 3, 2)
    moment = _when(life.rng, place.site.site_type, night)
    return _row(life, Call(worker, place, Point(place.at.x + east, place.at.y + north), moment, outcome))


@dataclass(frozen=True)
class Call:
    """One call at a place, or at a point (metres) where no site is known."""

    worker: Account
    place: Place | None
    at: Point
    moment: datetime
    outcome: str


def _row(life: Life, call: Call) -> Visit:
    worker, place, moment, rng = call.worker, call.place, call.moment, life.rng
    assert worker.team_id is not None
    areas = place.areas if place else life.held(call.at)
    return Visit(
        id=life.ids.at(moment),
        site_id=place.site.id if place else None,
        account_id=worker.id,
        team_id=worker.team_id,
        visited_at=moment,
        outcome=call.outcome,
        people_band=_band(rng, call.outcome, place),
        note=str(rng.choice(REMARKS)) if call.outcome == "met" and rng.random() < 0.08 else None,
        geom=to_lonlat(call.at, 7),
        source="demo",
        recorded_at=moment + timedelta(minutes=int(rng.uniform(1, 40))),
        handed_over_at=_handed_over(life, worker, areas, moment),
    )


def _band(rng: np.random.Generator, outcome: str, place: Place | None) -> str | None:
    if outcome == "nobody-found":
        return "0"
    if outcome not in {"met", "contact-refused"} or place is None:
        return None
    crowd = {"encampment": 5, "squat": 3, "station": 3, "daytime-place": 3, "tent": 1.6, "vacant-building": 2}
    return BANDS[min(3, int(rng.gamma(1.2, crowd.get(place.site.site_type, 0.8) * 0.7)))]


def _when(rng: np.random.Generator, site_type: str, night: date) -> datetime:
    """Late evening and the small hours; cafés and buses by day."""
    start = datetime(night.year, night.month, night.day, tzinfo=UTC)
    if site_type in {"daytime-place", "public-transport"}:
        hour = rng.uniform(9, 17)
    else:
        hour = rng.normal(21.4, 1.1) if rng.random() < 0.75 else rng.normal(5.6, 0.6)
    return start + timedelta(minutes=int(np.clip(hour, 4, 23.2) * 60))


def _searches(life: Life, ground: Ground) -> list[Visit]:
    """Part of a shift looks for what is not known yet, and mostly finds nobody."""
    spots = [point for _ in range(2) for points in make_spots(life.rng, ground).values() for point in points]
    visits = []
    for point in spots:
        night = life.today - timedelta(days=int(life.rng.integers(1, DAYS)))
        held = life.held(point)
        if not held or life.rng.random() > 0.55 + 0.45 * winter(night):
            continue
        worker = life.people.holders(held[-1], night)[-1]
        if night.weekday() in DAYS_OFF[worker.name]:
            continue
        outcome = str(life.rng.choice(["nobody-found", "signs-of-use", "not-reached"], p=[0.83, 0.12, 0.05]))
        visits.append(_row(life, Call(worker, None, point, _when(life.rng, "street", night), outcome)))
    return visits


def _handed_over(life: Life, worker: Account, areas: tuple[UUID, ...], moment: datetime) -> datetime | None:
    """What was logged in an area that the worker no longer holds went to who holds it now, at the change."""
    if any(worker.id == holder.id for area in areas for holder in life.people.holders(area, life.today)):
        return None
    ends = [
        datetime(duty.ends_on.year, duty.ends_on.month, duty.ends_on.day, 12, tzinfo=UTC) + timedelta(days=1)
        for duty in life.people.assignments
        if duty.account_id == worker.id and duty.work_area_id in areas and duty.ends_on and duty.ends_on < life.today
    ]
    return min((end for end in ends if end > moment), default=moment + timedelta(hours=1))
