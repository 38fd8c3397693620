"""Every route for every role, towards what is one's own and towards what is not: denied is as if it were not there."""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, text

from geo.release_series import Series, latest_closed
from tests.attacks.doors import DOORS, EVERYONE, HASTY, MARA, NOBODY, Door
from tests.fixtures.client import Client
from tests.fixtures.kept import Kept
from tests.fixtures.route import routes_of
from tests.fixtures.wide_town import NEVER, WideTown

pytestmark = pytest.mark.anyio
ANY_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAMED = re.compile(r"\{(\w+)\}")


async def test_every_route_is_listed(app: FastAPI) -> None:
    there, listed = {f"{method} {path}" for method, path in routes_of(app)}, {door.what for door in DOORS}
    assert len(there) > 100
    assert there - listed == set(), "add a line for each to tests/attacks/doors.py: who may pass, and what they bring"
    assert listed - there == set(), "these are gone: take their lines out of tests/attacks/doors.py"


@dataclass
class Tried:
    """One person at one door, towards one row. `faults` tell what was wrong."""

    town: WideTown
    anyone: httpx.AsyncClient
    cookies: dict[str, dict[str, str]]
    faults: list[str] = field(default_factory=list)
    asked: int = 0

    async def ask(self, person: str, door: Door, target: str, accept: str = "*/*") -> httpx.Response:
        row_id = str(self.town.ids[door.row][target]) if door.row else ""
        path = NAMED.sub(lambda found: self._fill(door.plain.get(found[1], row_id), row_id), door.at or door.path)
        headers = {"Accept": accept, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies[person].items())}
        if door.version:
            headers["If-Match"] = '"1"'
        brought: dict[str, Any] = {}
        if door.body is not None:
            brought["json"] = json.loads(self._fill(json.dumps(door.body), row_id))
        if door.form is not None:
            brought["data"] = {name: self._fill(value, row_id) for name, value in door.form.items()}
        if door.file is not None and path.startswith("/api/"):
            brought["content"], headers["Content-Type"] = door.file, "text/csv"
        elif door.file is not None:
            brought["files"] = {"file": ("log.csv", door.file, "text/csv")}
        query = self._fill(door.query, row_id)
        self.anyone.cookies.clear()
        answer = await self.anyone.request(
            door.method, f"{path}?{query}" if query else path, headers=headers, **brought
        )
        self.asked += 1
        said = answer.text + str(answer.headers)
        who = MARA if person == HASTY else person
        self.expect(answer.status_code < 500, door, person, target, f"answers {answer.status_code}")
        for secret in self.town.secrets_from(who):
            self.expect(secret not in said, door, person, target, f"tells “{secret}”")
        return answer

    def _fill(self, text: str, row_id: str) -> str:
        known = {name: str(self.town.ids["area"][name]) for name in ("north", "south")}
        known |= {"alice": str(self.town.ids["account"]["alice"]), "kept": str(self.town.ids["site"]["kept"])}
        known["quarter"] = latest_closed(Series.DISTRICTS, self.town.small.today).name
        return NAMED.sub(lambda found: known.get(found[1], row_id), text)

    def expect(self, true: bool, door: Door, person: str, target: str, what: str) -> None:
        if not true:
            self.faults.append(f"{door.what} {door.query} as {person} towards {door.row} {target}: {what}")

    def reaches(self, person: str, door: Door, target: str) -> bool:
        who = MARA if person == HASTY else person
        if person not in door.may or (person == HASTY and door.exact):
            return False
        return door.row is None or who in self.town.reached[door.row][target]

    async def denied(self, door: Door, person: str) -> None:
        """What a person does not reach answers as what is not there, to the last byte."""
        page = door.method == "GET" and not door.path.startswith("/api/")
        for accept in ("*/*", "text/html") if page else ("*/*",):
            none = await self.ask(person, door, NEVER, accept)
            if person not in door.may and accept == "*/*":
                fits = none.status_code == 401 if person == NOBODY else none.status_code == 403
                self.expect(fits, door, person, NEVER, f"answers {none.status_code}, not 401 or 403")
            elif accept == "*/*" and person == HASTY and door.exact:
                self.expect("purpose-required" in none.text, door, person, NEVER, "asks for no purpose")
            elif accept == "*/*" and door.row and "{" in door.path and not door.plain:
                self.expect(none.status_code == 404, door, person, NEVER, f"answers {none.status_code}, not 404")
            for target in self.town.ids[door.row] if door.row else ():
                if target != NEVER and not self.reaches(person, door, target):
                    answer = await self.ask(person, door, target, accept)
                    same = plain(answer, self._ids(door, target)) == plain(none, self._ids(door, NEVER))
                    told = f"is told apart from what is not there: {answer.status_code} {answer.text[:200]}"
                    self.expect(same, door, person, target, told)

    def _ids(self, door: Door, target: str) -> str:
        return str(self.town.ids[door.row][target]) if door.row else ""

    async def allowed(self, door: Door, person: str, target: str, logged: "Logged") -> None:
        answer = await self.ask(person, door, target)
        who, status = MARA if person == HASTY else person, answer.status_code
        if door.menders and who not in self.town.reached[door.menders][target]:
            self.expect(status == 403, door, person, target, f"lets them change it: {status}")
        elif person in door.instead:
            self.expect(status == door.instead[person], door, person, target, f"answers {status}: {answer.text[:200]}")
        else:
            self.expect(status < 400, door, person, target, f"answers {status}: {answer.text[:200]}")
            if door.exact:
                self.expect(logged.moved(), door, person, target, "is not in the log")


class Logged:
    def __init__(self, connection: Connection) -> None:
        self._connection, self._before = connection, 0

    def moved(self) -> bool:
        before, self._before = self._before, self._connection.scalar(text("SELECT sum(seq) FROM lantern.log_head")) or 0
        return self._before > before


def plain(answer: httpx.Response, row_id: str) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without what was asked for; a page also without the ids that it makes for its forms."""
    body, headers = answer.text, [(name, value) for name, value in answer.headers.items() if name != "date"]
    if row_id:
        body, headers = body.replace(row_id, "<id>"), [(name, value.replace(row_id, "<id>")) for name, value in headers]
    if answer.headers.get("content-type", "").startswith("text/html"):
        body = ANY_ID.sub("<id>", body)
    return answer.status_code, body, headers


@pytest.fixture
async def tried(client: Client, wide_town: WideTown, anyone: httpx.AsyncClient) -> Tried:
    cookies: dict[str, dict[str, str]] = {NOBODY: {}}
    for person in EVERYONE - {NOBODY}:
        signed_in = await client(MARA, purpose="") if person == HASTY else await client(person)
        cookies[person] = dict(signed_in.cookies)
    return Tried(wide_town, anyone, cookies)


async def test_what_is_not_for_someone_is_for_them_as_if_it_were_not_there(tried: Tried, superuser: Connection) -> None:
    kept, logged = Kept(superuser), Logged(superuser)
    for door in DOORS:
        for person in sorted(EVERYONE):
            if door.row or not tried.reaches(person, door, NEVER):
                await tried.denied(door, person)
        changed = kept.put_back()
        tried.expect(not changed, door, "who may not", "anything", f"changed {changed}")
        for person in sorted(door.may):
            targets = tried.town.ids[door.row] if door.row else [NEVER]
            for target in targets:
                if tried.reaches(person, door, target):
                    logged.moved()
                    await tried.allowed(door, person, target, logged)
                    if door.method != "GET":
                        kept.put_back()
        changed = kept.put_back()
        tried.expect(not changed, door, "who may", "anything", f"changed {changed} by reading")
    assert tried.faults == [], "\n".join(tried.faults)
    assert tried.asked > 4000


async def test_an_id_that_stands_for_something_is_taken_alike_for_who_sees_it_and_who_does_not(tried: Tried) -> None:
    """A delivery under an id that is in use cannot be kept, so it is refused. That says that the id, 74 random bits, is
    in use in one's own city, and nothing of what stands there."""
    made = [door for door in DOORS if door.method == "PUT" and door.plain]
    assert len(made) == 2
    for door in made:
        kind = "site" if "site_id" in door.plain else "visit"
        again = replace(door, row=kind, plain={})
        for person in ("alice", "ben", "mara", "otto"):
            own = [
                name for name in tried.town.ids[kind] if name != NEVER and (name == "silverpit") == (person == "otto")
            ]
            taken = {
                (answer.status_code, answer.text) for answer in [await tried.ask(person, again, name) for name in own]
            }
            assert len(taken) == 1, taken
            assert taken.pop()[0] == 409
    assert tried.faults == []
