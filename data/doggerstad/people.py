"""The people of Doggerstad's service: two teams, eight streetworkers with their areas, and the four in the office."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from shapely import MultiPolygon, Point

from data.doggerstad.identity import Identities
from data.doggerstad.projection import to_lonlat
from data.doggerstad.quarter import WORK_AREAS
from data.doggerstad.record import Account, Assignment, Team, WorkArea

TEAMS = {"Oyster": "Team Oyster", "Mammoth": "Team Mammoth"}

STREETWORKERS = {
    "Alice": "Oldholm West",
    "Ben": "Station and Hazel Moor",
    "Carys": "Oldholm East",
    "Daan": "Hunters' Field and Peat End",
    "Ewa": "Amber Bank",
    "Fenna": "Kelp End",
    "Hugo": "Docks",
    "Ines": "Tern Moor and Eel Meadows",
}
"""First name → the work area that each looks after today."""

OFFICE = {"Mara": "manager", "Pim": "planner", "Dora": "desk", "Stefan": "steward"}

COVER = ("Ben", "Carys")
"""Who covers, these two weeks, for whom, who is on holiday."""

SWAP = ("Hugo", "Ines", 170)
"""These two had each other's area until so many days ago."""

DAYS = 365


@dataclass(frozen=True)
class Life:
    """What making a year of people's work needs throughout; `rng` and `ids` move on with every use."""

    rng: np.random.Generator
    ids: Identities
    people: "People"
    areas: dict[str, MultiPolygon]
    today: date

    def held(self, at: Point) -> tuple[UUID, ...]:
        """The work areas (none in the gap, two in the overlap) that hold a point in metres."""
        return tuple(area.id for area in self.people.work_areas if self.areas[area.name].covers(at))


@dataclass(frozen=True)
class People:
    teams: list[Team]
    accounts: list[Account]
    work_areas: list[WorkArea]
    assignments: list[Assignment]

    def holders(self, work_area_id: UUID, day: date) -> list[Account]:
        """Who is assigned to the area on the day: its own worker first, then cover."""
        held = [a for a in self.assignments if a.work_area_id == work_area_id and a.starts_on <= day
                and (a.ends_on is None or day <= a.ends_on)]  # fmt: skip
        return [self.account(a.account_id) for a in sorted(held, key=lambda a: a.cover)]

    def account(self, account_id: UUID) -> Account:
        return next(account for account in self.accounts if account.id == account_id)


def make_people(ids: Identities, areas: dict[str, MultiPolygon], today: date, start: datetime) -> People:
    team_ids = {key: ids.at(start) for key in TEAMS}
    teams = [Team(team_ids[key], name) for key, name in TEAMS.items()]
    accounts = [
        Account(ids.at(start), _email(name), name, ("streetworker",), team_ids[WORK_AREAS[area][0]], "en", None)
        for name, area in STREETWORKERS.items()
    ]
    accounts += [Account(ids.at(start), _email(name), name, (role,), None, "en", None) for name, role in OFFICE.items()]
    since = today - timedelta(days=DAYS + 40)
    work_areas = [
        WorkArea(ids.at(start), name, team_ids[team], to_lonlat(areas[name], 7), since, None)
        for name, (team, _) in WORK_AREAS.items()
    ]
    area_ids = {area.name: area.id for area in work_areas}
    account_ids = {account.name: account.id for account in accounts}
    assignments = [
        Assignment(ids.at(start), area_ids[area], account_ids[name], first, last, cover)
        for name, area, first, last, cover in _duties(today, since)
    ]
    return People(teams, accounts, work_areas, assignments)


def _email(name: str) -> str:
    return f"{name.lower()}@doggerstad.example"


def _duties(today: date, since: date) -> list[tuple[str, str, date, date | None, bool]]:
    one, other, ago = SWAP
    swapped = today - timedelta(days=ago)
    duties: list[tuple[str, str, date, date | None, bool]] = []
    for name, area in STREETWORKERS.items():
        if name in (one, other):
            before = STREETWORKERS[other if name == one else one]
            duties.append((name, before, since, swapped - timedelta(days=1), False))
            duties.append((name, area, swapped, None, False))
        else:
            duties.append((name, area, since, None, False))
    covers, away = COVER
    area = STREETWORKERS[away]
    duties.append((covers, area, today - timedelta(days=3), today + timedelta(days=10), True))
    duties.append(("Alice", STREETWORKERS["Ines"], today - timedelta(days=120), today - timedelta(days=107), True))
    return duties
