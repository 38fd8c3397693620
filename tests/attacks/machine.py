"""What people do to places, and what they then ask, over HTTP; every answer is held against the model."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

import httpx
import psycopg
from anyio.from_thread import BlockingPortal
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.attacks.model import CITIES, MANAGERS, Area, Assignment, Box, Model, Point, Site, Visit, holds
from tests.fixtures.town import SmallTown

WEST, SOUTH, STEP = 2.125, 54.625, 1 / 64
SIDE = 6
PEOPLE = st.sampled_from(sorted(CITIES))
WORKERS = st.sampled_from(["alice", "ben"])
MANAGER = st.sampled_from(["mara", "mara", "mara", "otto"])
NUMBER = st.integers(0, 1000)
POINTS = st.tuples(*[st.integers(0, 2 * SIDE).map(lambda half: half / 2)] * 2)
BOXES = st.tuples(*[st.integers(0, SIDE - 1)] * 2, *[st.integers(1, 4)] * 2).map(
    lambda drawn: (drawn[0], drawn[1], min(SIDE, drawn[0] + drawn[2]), min(SIDE, drawn[1] + drawn[3]))
)
FIRST = st.sampled_from([-9, -2, -1, 0, 0, 1, 2])
LASTING = st.sampled_from([None, None, 0, 0, 1, 2, 4])
EMPTY = ("widening", "site_move", "site_status", "visit", "site", "assignment", "work_area", "change")
K = TypeVar("K")


@dataclass
class World:
    """The real system: its app in this process, its PostgreSQL, and the day that it takes for today."""

    portal: BlockingPortal
    clients: dict[str, httpx.AsyncClient]
    owner: psycopg.Connection[Any]
    town: SmallTown
    day: date

    def ask(self, who: str, how: str, path: str, body: Any = None, version: str = "", box: str = "") -> httpx.Response:
        why = "looking after the areas" if who in MANAGERS else ""
        said = {"If-Match": version, "Lantern-Box": box, "Lantern-Purpose": why}.items()
        client, address = self.clients[who], path if path.startswith("/maps") else f"/api/v1{path}"
        return self.portal.call(lambda: client.request(how, address, json=body, headers=dict(filter(all, said))))

    def empty(self) -> None:
        self.owner.execute("; ".join(f"DELETE FROM lantern.{table}" for table in EMPTY).encode())

    def remove(self, site: UUID) -> None:
        """As if it had never been: past every policy."""
        for table, column in (
            ("site_move", "from_site_id"), ("site_move", "to_site_id"), ("site_status", "site_id"),
            ("visit", "site_id"), ("site", "id"),
        ):  # fmt: skip
            self.owner.execute(f"DELETE FROM lantern.{table} WHERE {column} = %s".encode(), [site])


def place(at: Point) -> tuple[float, float]:
    return WEST + at[0] * STEP, SOUTH + at[1] * STEP


def point(at: Point) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(place(at))}


def polygon(box: Box) -> dict[str, Any]:
    corners = [(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3]), (box[0], box[1])]
    return {"type": "Polygon", "coordinates": [[list(place(corner)) for corner in corners]]}


def ids(answer: httpx.Response, members: str = "features") -> set[UUID]:
    assert answer.status_code == 200, answer.text
    return {UUID(found["id"]) for found in answer.json()[members]}


class Places(RuleBasedStateMachine):
    """One run: two cities with nothing in them, and what happens there."""

    world: ClassVar[World]
    made: ClassVar[Callable[[], Model]] = Model

    def __init__(self) -> None:
        super().__init__()
        self.model = type(self).made()
        self.begins = self.world.day
        self.world.empty()
        self.ever: list[UUID] = [uuid4()]
        self.ever_visited: list[UUID] = [uuid4()]
        self.names: dict[UUID, str] = {}
        self.shares: dict[tuple[str, UUID], UUID] = {}

    def teardown(self) -> None:
        self.world.day = self.begins

    # What stands behind each step.

    def one_of(self, things: dict[K, Any], number: int) -> K:
        return sorted(things, key=str)[number % len(things)]

    def day(self, number: int | None) -> str | None:
        return None if number is None else (self.begins + timedelta(days=number)).isoformat()

    def version(self, who: str, path: str) -> str:
        answer = self.world.ask(who, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.headers["etag"]

    def change(self, who: str, method: str, path: str, body: Any, status: int = 200) -> None:
        version = self.version(who, "/".join(path.split("/")[:3]))
        answer = self.world.ask(who, method, path, body, version)
        assert answer.status_code == status, answer.text

    def make(self, who: str, path: str, body: dict[str, Any]) -> UUID:
        answer = self.world.ask(who, "POST", path, body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    def as_if_never(self, who: str, method: str, path: str, thing: UUID, body: Any = None) -> None:
        """The answer is that for a row that nobody ever made, to the byte."""
        there = self.world.ask(who, method, path.format(thing), _with(body, thing), '"1"')
        never = uuid4()
        nowhere = self.world.ask(who, method, path.format(never), _with(body, never), '"1"')
        assert there.status_code in (404, 422), there.text
        assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)
        assert _told(there) == _told(nowhere)

    def look(self, who: str) -> None:
        assert ids(self.world.ask(who, "GET", "/sites?limit=1000")) == self.model.search(who)

    def look_at_visits(self, who: str) -> set[UUID]:
        seen = {visit for visit in self.model.visits if self.model.sees(who, visit)}
        assert ids(self.world.ask(who, "GET", "/visits")) == seen
        return seen

    # What people do.

    @initialize(boxes=st.tuples(BOXES, BOXES, BOXES), points=st.lists(POINTS, min_size=4, max_size=4))
    def settle(self, boxes: tuple[Box, ...], points: list[Point]) -> None:
        for manager, worker, box in zip(("mara", "mara", "otto"), ("alice", "ben", None), boxes, strict=True):
            self.draw(manager, box, -9, None, None)
            if worker:
                self.assign(worker, len(self.model.areas) - 1, -9, None, False, worker)
        for who, at in zip(("mara", "alice", "ben", "otto"), points, strict=True):
            self.log_site(who, at, who)

    @rule(who=MANAGER, box=BOXES, first=FIRST, lasting=LASTING, watcher=PEOPLE)
    def draw(self, who: str, box: Box, first: int, lasting: int | None, watcher: str | None) -> None:
        first += self.model.today
        last = None if lasting is None else first + lasting
        body = {"name": "an area", "geom": polygon(box), "valid_from": self.day(first), "valid_to": self.day(last)}
        self.model.areas[self.make(who, "/work-areas", body)] = Area(CITIES[who], box, first, last)
        if watcher:
            self.look(watcher)

    @precondition(lambda self: self.model.areas)
    @rule(number=NUMBER, box=BOXES, watcher=WORKERS)
    def redraw(self, number: int, box: Box, watcher: str) -> None:
        area = self.one_of(self.model.areas, number)
        who = "mara" if self.model.areas[area].city == "doggerstad" else "otto"
        self.change(who, "PATCH", f"/work-areas/{area}", {"geom": polygon(box)})
        self.model.areas[area].box = box
        self.look(watcher)

    @precondition(lambda self: self.model.areas)
    @rule(number=NUMBER, lasting=st.integers(-1, 2), watcher=WORKERS)
    def close_area(self, number: int, lasting: int, watcher: str) -> None:
        area = self.one_of(self.model.areas, number)
        found = self.model.areas[area]
        last = max(found.first, self.model.today + lasting)
        who = "mara" if found.city == "doggerstad" else "otto"
        self.change(who, "POST", f"/work-areas/{area}/close", {"last_day": self.day(last)})
        found.last = last
        for one in self.model.assignments.values():
            if one.area == area and one.first <= last and (one.last is None or one.last > last):
                one.last = last
        self.look(watcher)

    @precondition(lambda self: self.model.areas)
    @rule(to=WORKERS, number=NUMBER, first=FIRST, lasting=LASTING, cover=st.booleans(), watcher=WORKERS)
    def assign(self, to: str, number: int, first: int, lasting: int | None, cover: bool, watcher: str) -> None:
        ours = {area: one for area, one in self.model.areas.items() if one.city == "doggerstad"}
        if not ours:
            return
        area, first = self.one_of(ours, number), first + self.model.today
        last = None if lasting is None else first + lasting
        body = {"work_area_id": str(area), "account_id": str(self.world.town.accounts[to]), "cover": cover}
        made = self.make("mara", "/assignments", body | {"starts_on": self.day(first), "ends_on": self.day(last)})
        self.model.assignments[made] = Assignment(area, to, first, last)
        self.look(watcher)

    @precondition(lambda self: self.model.assignments)
    @rule(number=NUMBER)
    def revoke(self, number: int) -> None:
        """From today on: its last day is yesterday, or its first where that is later."""
        assignment = self.one_of(self.model.assignments, number)
        found = self.model.assignments[assignment]
        last = max(found.first, self.model.today - 1)
        self.change("mara", "PATCH", f"/assignments/{assignment}", {"ends_on": self.day(last)})
        found.last = last
        self.look(found.to)

    @precondition(lambda self: self.model.areas)
    @rule(who=WORKERS, number=NUMBER)
    def share(self, who: str, number: int) -> None:
        """An area that is not theirs today is opened to them for an hour, which is longer than a run."""
        area = self.one_of(self.model.areas, number)
        found = self.model.areas[area]
        if found.city != CITIES[who] or not self.model.runs(found) or self.model.keeps_area(who, area):
            return
        if (who, area) not in self.shares:
            asked = self.make(who, "/widenings", {"work_area_id": str(area), "reason": "someone fell ill"})
            self.look(who)
            answer = self.world.ask("mara", "POST", f"/widenings/{asked}/grant", {"minutes": 60})
            assert answer.status_code == 200, answer.text
            self.shares[who, area] = asked
            found.shared_with.add(who)
        self.look(who)

    @precondition(lambda self: self.shares)
    @rule(number=NUMBER)
    def end_share(self, number: int) -> None:
        who, area = self.one_of(self.shares, number)
        answer = self.world.ask(who, "POST", f"/widenings/{self.shares.pop((who, area))}/end")
        assert answer.status_code == 200, answer.text
        self.model.areas[area].shared_with.discard(who)
        self.look(who)

    @rule(days=st.integers(1, 3), watcher=WORKERS)
    def sleep(self, days: int, watcher: str) -> None:
        self.model.today += days
        self.world.day += timedelta(days=days)
        self.look(watcher)

    @rule(who=PEOPLE, at=POINTS, watcher=PEOPLE)
    def log_site(self, who: str, at: Point, watcher: str) -> None:
        body = {"geom": point(at), "site_type": "doorway", "status": "active", "revisit_days": 366}
        name = f"place-{uuid4().hex}"
        made = self.make(who, "/sites", body | {"name": name})
        self.names[made] = name
        self.model.sites[made] = Site(CITIES[who], at, who)
        self.ever.append(made)
        self.look(watcher)

    @precondition(lambda self: self.model.sites)
    @rule(who=PEOPLE, number=NUMBER, at=POINTS, watcher=WORKERS)
    def move(self, who: str, number: int, at: Point, watcher: str) -> None:
        site = self.one_of(self.model.sites, number)
        found = self.model.sites[site]
        if not self.model.reaches(who, site):
            return self.as_if_never(who, "PATCH", "/sites/{}", site, {"geom": point(at)})
        allowed = self.model.would_reach(who, found, at)
        self.change(who, "PATCH", f"/sites/{site}", {"geom": point(at)}, 200 if allowed else 403)
        if allowed:
            found.at = at
        return self.look(watcher)

    @precondition(lambda self: self.model.sites)
    @rule(who=PEOPLE, number=NUMBER, watcher=PEOPLE)
    def close(self, who: str, number: int, watcher: str) -> None:
        site = self.one_of(self.model.sites, number)
        if not self.model.reaches(who, site):
            return self.as_if_never(who, "POST", "/sites/{}/close", site, {"cause": "gone"})
        status = 409 if self.model.sites[site].closed else 200
        self.change(who, "POST", f"/sites/{site}/close", {"cause": "gone"}, status)
        self.model.sites[site].closed = True
        return self.look(watcher)

    @precondition(lambda self: self.model.sites)
    @rule(who=MANAGER, number=NUMBER)
    def hand_over(self, who: str, number: int) -> None:
        site = self.one_of(self.model.sites, number)
        found = self.model.sites[site]
        if not self.model.reaches(who, site):
            return self.as_if_never(who, "POST", "/sites/{}/hand-over", site)
        self.change(who, "POST", f"/sites/{site}/hand-over", None)
        found.handed_over = True
        for visit in self.model.visits.values():
            visit.handed_over |= visit.site == site
        return self.look(found.by)

    @precondition(lambda self: self.model.sites)
    @rule(number=NUMBER, watcher=PEOPLE)
    def delete(self, number: int, watcher: str) -> None:
        site = self.one_of(self.model.sites, number)
        self.world.remove(site)
        del self.model.sites[site]
        self.model.visits = {one: visit for one, visit in self.model.visits.items() if visit.site != site}
        self.look(watcher)

    @precondition(lambda self: self.model.sites)
    @rule(who=PEOPLE, number=NUMBER, watcher=PEOPLE)
    def log_visit(self, who: str, number: int, watcher: str) -> None:
        site = self.one_of(self.model.sites, number)
        body = {"visited_at": datetime.now(UTC).isoformat(), "outcome": "nobody-found"}
        if not self.model.sees_site(who, site):
            return self.as_if_never(who, "POST", "/visits", site, body | {"site_id": "{}"})
        made = self.make(who, "/visits", body | {"site_id": str(site)})
        self.ever_visited.append(made)
        self.model.visits[made] = Visit(CITIES[who], self.model.sites[site].at, who, site)
        self.look_at_visits(watcher)
        return None

    @rule(who=PEOPLE, at=POINTS, watcher=PEOPLE)
    def search_a_place(self, who: str, at: Point, watcher: str) -> None:
        body = {"visited_at": datetime.now(UTC).isoformat(), "outcome": "nobody-found", "geom": point(at)}
        made = self.make(who, "/visits", body)
        self.ever_visited.append(made)
        self.model.visits[made] = Visit(CITIES[who], at, who, None)
        self.look_at_visits(watcher)

    # What people ask.

    @rule(who=PEOPLE, number=NUMBER)
    def read_one(self, who: str, number: int) -> None:
        site = self.ever[number % len(self.ever)]
        if not self.model.sees_site(who, site):
            self.as_if_never(who, "GET", "/sites/{}", site)
            return self.as_if_never(who, "GET", "/sites/{}/history", site)
        answer = self.world.ask(who, "GET", f"/sites/{site}")
        assert answer.status_code == 200, answer.text
        found = self.model.sites[site]
        assert answer.json()["geometry"] == point(found.at)
        assert (answer.json()["properties"]["status"] == "closed") == found.closed
        return None

    @rule(who=PEOPLE, box=BOXES)
    def search_box(self, who: str, box: Box) -> None:
        (west, south), (east, north) = place(box[:2]), place(box[2:])
        assert ids(self.world.ask(who, "GET", "/sites", box=f"{west},{south},{east},{north}")) == self.model.search(
            who, box
        )

    @precondition(lambda self: self.model.areas)
    @rule(who=PEOPLE, number=NUMBER)
    def search_area(self, who: str, number: int) -> None:
        area = self.one_of(self.model.areas, number)
        known = self.model.keeps_area(who, area) or self.model.is_shared(who, area)
        found = {one for one in self.model.search(who) if holds(self.model.areas[area].box, self.model.sites[one].at)}
        assert ids(self.world.ask(who, "GET", f"/sites?area={area}")) == (found if known else set())
        if known:
            assert self.version(who, f"/work-areas/{area}")
        else:
            self.as_if_never(who, "GET", "/work-areas/{}", area)

    @rule(who=PEOPLE)
    def list_ground(self, who: str) -> None:
        areas = ids(self.world.ask(who, "GET", "/work-areas"))
        model = self.model
        assert areas == {area for area in model.areas if model.keeps_area(who, area) or model.is_shared(who, area)}
        assignments = ids(self.world.ask(who, "GET", "/assignments"), "items")
        assert assignments == {one for one in model.assignments if model.knows_assignment(who, one)}

    @rule(who=PEOPLE, number=NUMBER)
    def read_visits(self, who: str, number: int) -> None:
        seen = self.look_at_visits(who)
        site = self.ever[number % len(self.ever)]
        of_site = {visit for visit in seen if self.model.visits[visit].site == site}
        assert ids(self.world.ask(who, "GET", f"/visits?site={site}")) == of_site
        visit = self.ever_visited[number % len(self.ever_visited)]
        if visit not in seen:
            self.as_if_never(who, "GET", "/visits/{}", visit)

    @rule(who=PEOPLE, what=st.sampled_from(["due", "export", "count", "map"]))
    def ask_otherwise(self, who: str, what: str) -> None:
        {"due": self._due, "export": self._export, "count": self._count, "map": self._map}[what](who)

    def _due(self, who: str) -> None:
        assert ids(self.world.ask(who, "GET", "/sites/due")) == self.model.due(who)

    def _export(self, who: str) -> None:
        answer = self.world.ask(who, "GET", "/export/sites")
        if who in MANAGERS:
            assert ids(answer) == self.model.search(who)
        else:
            assert answer.status_code == 403

    def _count(self, who: str) -> None:
        answer = self.world.ask(who, "GET", "/coverage")
        assert answer.status_code == 200, answer.text
        assert answer.json()["total"]["active_sites"] == len(self.model.active(who))
        assert answer.json()["total"]["overdue"] == len(self.model.due(who))

    def _map(self, who: str) -> None:
        answer = self.world.ask(who, "GET", "/maps/coverage?sites=overdue")
        assert answer.status_code == 200
        shown = set(re.findall("place-[0-9a-f]{32}", answer.text))
        assert shown == {self.names[site] for site in self.model.due(who)}


def _with(body: Any, thing: UUID) -> Any:
    return body and {name: str(thing) if value == "{}" else value for name, value in body.items()}


def _told(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}
