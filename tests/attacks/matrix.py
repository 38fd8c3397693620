"""The matrix: every person at every door, towards every row that stands behind it. What they do not reach answers, to
the last byte, as what is not there, and changes nothing; what they do reach opens, and is written down."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import Connection, text

from geo.release_series import Series, latest_closed
from tests.attacks.door import EVERYONE, HASTY, MARA, NOBODY, Door
from tests.attacks.doors import API
from tests.fixtures.kept import Kept
from tests.fixtures.wide_town import NEVER, WideTown

ANY_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAMED = re.compile(r"\{([\w ]+)\}")
UNWRITTEN = {
    "POST /theme": "a cookie of the browser's",
    "POST /language": "a cookie of the browser's",
    "POST /sign-in/code": "a code that is wrong opens nothing; a wrong one is noted when it is counted",
    "POST /purpose/end": "ends nothing where no purpose is open; else it is written down",
    f"DELETE {API}/session/purpose": "likewise",
    f"POST {API}/session/passkey/challenge": "asks for a number, and changes nothing",
    f"POST {API}/passkeys/challenge": "likewise",
    f"POST {API}/second-factor/authenticator": "nothing counts until it is confirmed, which is written down",
    "POST /account/second-factor/begin": "likewise",
    f"PATCH {API}/sessions/{{session_id}}": "what one calls one's own device",
    "POST /account/devices/{session_id}/name": "likewise",
    f"PATCH {API}/passkeys/{{passkey_id}}": "what one calls one's own passkey",
    "POST /account/passkeys/{passkey_id}/name": "likewise",
}
"""Doors that are no reading and write nothing into the log, and why."""


@dataclass
class Tried:
    """Asks as anyone, and gathers what was wrong in `faults`. `shown`: the headers by which each person is known;
    `by_token`: these hold access tokens."""

    town: WideTown
    anyone: httpx.AsyncClient
    shown: dict[str, dict[str, str]]
    faults: list[str] = field(default_factory=list)
    asked: int = 0
    by_token: bool = False

    async def ask(self, person: str, door: Door, target: str, accept: str = "*/*") -> httpx.Response:
        row_id = self.id_of(door, target)
        path = NAMED.sub(lambda found: self._fill(door.plain.get(found[1], row_id), row_id), door.at or door.path)
        headers = {"Accept": accept} | self.shown[person]
        if door.version:
            headers["If-Match"] = '"1"'
        if door.box:
            headers["Lantern-Box"] = door.box
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
        self.expect(answer.status_code < 500, door, person, target, f"answers {answer.status_code}")
        for secret in self.town.secrets_from(_name(person)):
            self.expect(secret not in said, door, person, target, f"tells “{secret}”")
        return answer

    def _fill(self, said: str, row_id: str) -> str:
        known = {name: str(self.town.ids["area"][name]) for name in ("north", "south")}
        known |= {"alice": str(self.town.ids["account"]["alice"]), "kept": str(self.town.ids["site"]["kept"])}
        known["hers"] = str(self.town.ids["visit"]["quay"])
        known["quarter"] = latest_closed(Series.DISTRICTS, self.town.small.today).name
        return NAMED.sub(lambda found: known.get(found[1], row_id), said)

    def id_of(self, door: Door, target: str) -> str:
        return str(self.town.ids[door.row][target]) if door.row else ""

    def expect(self, true: bool, door: Door, person: str, target: str, what: str) -> None:
        if not true:
            self.faults.append(f"{door.what} {door.query} as {person} towards {door.row} {target}: {what}")

    def reaches(self, person: str, door: Door, target: str) -> bool:
        if person not in door.may or (person == HASTY and door.exact):
            return False
        return door.row is None or _name(person) in self.town.reached[door.row][target]


@dataclass
class Matrix:
    """Goes through doors. `brief`: of the rows that one does not reach a single one each, another one every time; and
    of those who may pass a single one a door."""

    tried: Tried
    superuser: Connection
    brief: bool = False
    _turn: int = 0

    async def go(self, doors: Iterable[Door]) -> list[str]:
        """The faults found."""
        kept, logged = Kept(self.superuser), Logged(self.superuser)
        for door in doors:
            for person in sorted(EVERYONE):
                if door.row or not self.tried.reaches(person, door, NEVER):
                    await self._denied(door, person)
            changed = kept.put_back()
            self.tried.expect(not changed, door, "who may not", "anything", f"changed {changed}")
            for person, target in self._some(self._allowed(door)):
                logged.moved()
                await self._opens(door, person, target, logged)
                if door.method != "GET":
                    kept.put_back()
            changed = kept.put_back()
            self.tried.expect(not changed, door, "who may", "anything", f"changed {changed} by reading")
        kept.end()
        return self.tried.faults

    def _some(self, cells: list[Any]) -> list[Any]:
        if not self.brief or not cells:
            return cells
        self._turn += 1
        return [cells[self._turn % len(cells)]]

    def _allowed(self, door: Door) -> list[tuple[str, str]]:
        targets = self.tried.town.ids[door.row] if door.row else [NEVER]
        return [(who, row) for who in sorted(door.may) for row in targets if self.tried.reaches(who, door, row)]

    def _behind(self, door: Door, person: str) -> list[str]:
        """The rows that a person does not reach by a door."""
        there = [target for target in self.tried.town.ids[door.row] if target != NEVER] if door.row else []
        return [target for target in there if not self.tried.reaches(person, door, target)]

    async def _denied(self, door: Door, person: str) -> None:
        page = door.method == "GET" and not door.path.startswith("/api/")
        for accept in ("*/*", "text/html") if page and not self.brief else ("*/*",):
            none = await self.tried.ask(person, door, NEVER, accept)
            if accept == "*/*":
                self._refusal(door, person, none)
            turned_away = self.brief and person not in door.may  # by their role, before any row is looked for
            for target in [] if turned_away and self._skips() else self._some(self._behind(door, person)):
                answer = await self.tried.ask(person, door, target, accept)
                same = plain(answer, self.tried.id_of(door, target)) == plain(none, self.tried.id_of(door, NEVER))
                told = f"is told apart from what is not there: {answer.status_code} {answer.text[:200]}"
                self.tried.expect(same, door, person, target, told)

    def _skips(self) -> bool:
        self._turn += 1
        return self._turn % 3 > 0

    def _refusal(self, door: Door, person: str, answer: httpx.Response) -> None:
        def expect(true: bool, what: str) -> None:
            self.tried.expect(true, door, person, NEVER, f"{what}: {answer.status_code}")

        if person == NOBODY and person not in door.may:
            expect(answer.status_code == 401, "is not asked to sign in")
        elif person not in door.may:
            expect(answer.status_code == 403, "is not refused for the role")
        elif self._bars(door):
            expect("session-required" in answer.text, "is opened by a token")
        elif person == HASTY and door.exact:
            expect("purpose-required" in answer.text, "is asked for no purpose")
        elif door.row and "{" in door.path and not door.plain:
            expect(answer.status_code == 404, "is not told that it is not there")

    def _bars(self, door: Door) -> bool:
        return door.in_person and self.tried.by_token

    async def _opens(self, door: Door, person: str, target: str, logged: "Logged") -> None:
        def expect(true: bool, what: str) -> None:
            self.tried.expect(true, door, person, target, what)

        answer = await self.tried.ask(person, door, target)
        status = answer.status_code
        if self._bars(door):
            expect("session-required" in answer.text, f"is opened by a token: {status}")
        elif door.menders and _name(person) not in self.tried.town.reached[door.menders][target]:
            expect(status == 403, f"lets them change it: {status}")
        elif person in door.instead:
            expect(status == door.instead[person], f"answers {status}: {answer.text[:200]}")
        else:
            expect(status < 400, f"answers {status}: {answer.text[:200]}")
            silent = door.method in {"GET", "HEAD"} or door.what in UNWRITTEN
            expect((silent and not door.exact) or logged.moved(), "is not in the log")


class Logged:
    """Has the log grown since this was last asked?"""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._before = connection, 0

    def moved(self) -> bool:
        said = text("SELECT count(*) FROM lantern.log_entry WHERE act NOT IN ('refused', 'made-to-wait')")
        before, self._before = self._before, self._connection.scalar(said) or 0
        return self._before > before


def _name(person: str) -> str:
    return MARA if person == HASTY else person


def plain(answer: httpx.Response, row_id: str) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without what was asked for; a page also without the ids that it makes for its forms."""
    body, headers = answer.text, [(name, value) for name, value in answer.headers.items() if name != "date"]
    if row_id:
        body, headers = body.replace(row_id, "<id>"), [(name, value.replace(row_id, "<id>")) for name, value in headers]
    if answer.headers.get("content-type", "").startswith("text/html"):
        body = ANY_ID.sub("<id>", body)
    return answer.status_code, body, headers
