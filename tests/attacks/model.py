"""Who reaches which places on which day, told a second time. Places lie on a small grid; both ends of all count."""

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
    shared_with: set[str] = field(default_factory=set)


@dataclass
class Assignment:
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

    def keeps_area(self, who: str, area: UUID) -> bool:
        mine = any(one.area == area and one.to == who and self.runs(one) for one in self.assignments.values())
        return self.areas[area].city == CITIES[who] and (who in MANAGERS or (mine and self.runs(self.areas[area])))

    def is_shared(self, who: str, area: UUID) -> bool:
        return who in self.areas[area].shared_with and self.runs(self.areas[area])

    def knows_assignment(self, who: str, assignment: UUID) -> bool:
        return who == (to := self.assignments[assignment].to) or (who in MANAGERS and CITIES[who] == CITIES[to])

    def stands_on_own_ground(self, who: str, at: Point) -> bool:
        return any(self.keeps_area(who, area) and holds(self.areas[area].box, at) for area in self.areas)

    def would_reach(self, who: str, site: Site, at: Point) -> bool:
        own = site.by == who and not site.handed_over
        return CITIES[who] == site.city and (who in MANAGERS or own or self.stands_on_own_ground(who, at))

    def reaches(self, who: str, site: UUID) -> bool:
        return site in self.sites and self.would_reach(who, self.sites[site], self.sites[site].at)

    def sees_site(self, who: str, site: UUID) -> bool:
        found, shared = self.sites.get(site), [self.areas[one].box for one in self.areas if self.is_shared(who, one)]
        opened = found is not None and found.city == CITIES[who] and any(holds(box, found.at) for box in shared)
        return self.reaches(who, site) or opened

    def sees(self, who: str, visit: UUID) -> bool:
        found = self.visits[visit]
        there = self.sees_site(who, found.site) if found.site else self.stands_on_own_ground(who, found.at)
        return CITIES[who] == found.city and (who in MANAGERS or there or (found.by == who and not found.handed_over))

    def search(self, who: str, box: Box | None = None) -> set[UUID]:
        seen = (one for one in self.sites if self.sees_site(who, one))
        return {one for one in seen if not box or holds(box, self.sites[one].at)}

    def active(self, who: str) -> set[UUID]:
        return {one for one in self.search(who) if not self.sites[one].closed}

    def due(self, who: str) -> set[UUID]:
        return self.active(who) - {visit.site for visit in self.visits.values() if visit.site}
