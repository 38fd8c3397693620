"""Who reaches which places on which day, told a second time: what Lantern is held against. Points and boxes are on a
small grid: (x, y) and (west, south, east, north); days are numbers, and both ends of anything count."""

from dataclasses import dataclass, field
from uuid import UUID

Point = tuple[float, float]
Box = tuple[float, float, float, float]
CITIES = {"alice": "doggerstad", "ben": "doggerstad", "mara": "doggerstad", "otto": "silverpit"}
MANAGERS = {"mara", "otto"}


@dataclass
class Site:
    city: str
    at: Point
    by: str
    closed: bool = False
    handed_over: bool = False


@dataclass
class Visit:
    city: str
    at: Point
    by: str
    site: UUID | None
    handed_over: bool = False


@dataclass
class Area:
    city: str
    box: Box
    first: int
    last: int | None


@dataclass
class Assignment:
    city: str
    area: UUID
    to: str
    first: int
    last: int | None


def holds(box: Box, at: Point) -> bool:
    return box[0] <= at[0] <= box[2] and box[1] <= at[1] <= box[3]


@dataclass
class Model:
    today: int = 0
    sites: dict[UUID, Site] = field(default_factory=dict)
    visits: dict[UUID, Visit] = field(default_factory=dict)
    areas: dict[UUID, Area] = field(default_factory=dict)
    assignments: dict[UUID, Assignment] = field(default_factory=dict)

    def runs(self, thing: Area | Assignment) -> bool:
        return thing.first <= self.today and (thing.last is None or self.today <= thing.last)

    def manages(self, who: str, city: str) -> bool:
        return who in MANAGERS and CITIES[who] == city

    def knows_area(self, who: str, area: UUID) -> bool:
        found = self.areas.get(area)
        mine = [one for one in self.assignments.values() if one.area == area and one.to == who and self.runs(one)]
        return found is not None and (self.manages(who, found.city) or (bool(mine) and self.runs(found)))

    def knows_assignment(self, who: str, assignment: UUID) -> bool:
        found = self.assignments.get(assignment)
        return found is not None and (self.manages(who, found.city) or found.to == who)

    def stands_on_own_ground(self, who: str, at: Point) -> bool:
        return any(self.knows_area(who, area) and holds(self.areas[area].box, at) for area in self.areas)

    def would_reach(self, who: str, site: Site, at: Point) -> bool:
        own = site.by == who and not site.handed_over
        return CITIES[who] == site.city and (who in MANAGERS or own or self.stands_on_own_ground(who, at))

    def reaches(self, who: str, site: UUID | None) -> bool:
        return site in self.sites and self.would_reach(who, self.sites[site], self.sites[site].at)

    def sees(self, who: str, visit: UUID) -> bool:
        found = self.visits.get(visit)
        if found is None or found.city != CITIES[who]:
            return False
        there = self.reaches(who, found.site) if found.site else self.stands_on_own_ground(who, found.at)
        return who in MANAGERS or there or (found.by == who and not found.handed_over)

    def search(self, who: str, box: Box | None = None) -> set[UUID]:
        return {one for one, site in self.sites.items() if self.reaches(who, one) and (not box or holds(box, site.at))}

    def active(self, who: str) -> set[UUID]:
        return {one for one in self.search(who) if not self.sites[one].closed}

    def due(self, who: str) -> set[UUID]:
        return self.active(who) - {visit.site for visit in self.visits.values() if visit.site}
