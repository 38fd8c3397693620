"""A real server is sent marked places, notes, names and secrets; then its words and its files are searched for them."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pyotp
import pytest

from tests.fixtures.command import Running, Terminal
from tests.fixtures.mark import marked_files, marks_in, spellings_of, spellings_of_degrees

SITE, VISIT, FALSE, BOX = (
    (2.3171937, 54.7713971),
    (2.3182953, 54.7726849),
    (7.3393751, 51.7748193),
    (2.3169371, 54.7791733),
)
WEST, SOUTH, EAST, NORTH = *BOX, 2.3391739, 54.7893719
NUMBERS = (*SITE, *VISIT, *FALSE, WEST, SOUTH, EAST, NORTH)
NAME, NOTE = "Zwanenmerk bij de sluis", "Achter het blauwe merkhek, code 4417 é"
EMAIL, WHO = "mara.merk@doggerstad.example", "Mara Merkwaardig"
PASSWORD, WRONG = "een merkwaardig lang wachtwoord", "een merkwaardig fout wachtwoord"
OWN = "een merkwaardig eigen wachtwoord"
TEXTS = (NAME, NOTE, EMAIL, WHO, PASSWORD, WRONG, OWN)
API = "/api/v1"
CLOSED = [[2.3, 54.7], [2.31, 54.7], [2.31, 54.71], [2.3, 54.7]]


def at(place: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(place)}


class Marked:
    """A manager with a second factor at a real server; `secrets` are what the server gave out meanwhile."""

    def __init__(self, running: Running, home: Path) -> None:
        self.address, self.home = running.wait_until_ready(), home
        self.client = httpx.Client(base_url=self.address, timeout=60)
        self.secrets: list[str] = []
        self.answers: dict[str, int] = {}

    def ask(self, method: str, path: str, **brought: Any) -> httpx.Response:
        answer = self.client.request(method, path, **brought)
        self.answers[f"{len(self.answers)} {method} {path[:60]}"] = answer.status_code
        return answer

    def sign_in(self) -> None:
        given = {"email": EMAIL, "password": PASSWORD}
        self.ask("POST", f"{API}/session", json=given | {"password": WRONG})
        assert self.ask("POST", f"{API}/session", json=given).status_code == 201
        chosen = self.ask("POST", f"{API}/me/password", json={"current": PASSWORD, "new": OWN})
        assert chosen.status_code == 204, chosen.text
        made = self.ask("POST", f"{API}/second-factor/authenticator", json={"password": OWN}).json()
        code = pyotp.TOTP(made["secret"]).now()
        confirmed = self.ask("POST", f"{API}/second-factor/authenticator/confirm", json={"code": code})
        token = self.ask("POST", f"{API}/access-tokens", json={"name": "QGIS"})
        self.ask("PUT", f"{API}/session/purpose", json={"purpose": f"wegens {NAME}"})
        self.secrets += [made["secret"], *confirmed.json()["recovery_codes"], token.json()["token"]]
        self.secrets += [cookie.value for cookie in self.client.cookies.jar if cookie.value and len(cookie.value) > 20]
        assert len(self.secrets) >= 13

    def spellings(self) -> set[bytes]:
        numbers = (spellings_of_degrees(number) for number in NUMBERS)
        return set().union(*numbers, *map(spellings_of, (*TEXTS, *self.secrets)))


Begin = Callable[..., tuple[Running, Marked]]


@pytest.fixture
def marked(home: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Makes a city and its manager, and starts the server; its temporary files lie in a folder of the home."""
    folder = home / "temporary"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)

    def begin(first: str = "") -> tuple[Running, Marked]:
        for words in (
            ["organisation", "create", "--slug", "merk", "--name", "Merkstad", "--bounds", "2,54,3,55"],
            ["account", "create", "-o", "merk", "--email", EMAIL, "--name", WHO, "--role", "manager",
             "--role", "streetworker", "--password", PASSWORD],
        ):  # fmt: skip
            made = terminal.run(*words, home=home)
            assert made.returncode == 0, made.stderr
        monkeypatch.setenv("TMPDIR", str(folder))
        running = terminal.up("--no-demo", home=home, first=first)
        begun.append(Marked(running, home))
        return running, begun[-1]

    begun: list[Marked] = []
    yield begin
    for each in begun:
        each.client.close()


def rightly(marked: Marked) -> tuple[str, str]:
    """Good requests: a site, visits, lists, exports, an import, a form."""
    site = {"geom": at(SITE), "site_type": "tent", "name": NAME, "access_note": NOTE}
    made = marked.ask("POST", f"{API}/sites", json=site)
    assert made.status_code == 201, made.text
    site_id = made.json()["id"]
    visit = {"visited_at": "2026-03-01T20:00:00Z", "outcome": "met", "geom": at(VISIT), "note": NOTE}
    logged = marked.ask("POST", f"{API}/visits", json=visit)
    assert logged.status_code == 201, logged.text
    box = {"Lantern-Box": f"{WEST},{SOUTH},{EAST},{NORTH}"}
    for path in ("sites", "visits", "export/sites", "export/visits?format=csv", "export/areas"):
        assert marked.ask("GET", f"{API}/{path}", headers=box).status_code == 200
    for path in ("/office", "/maps/coverage?sites=overdue", "/maps/heat", "/phone", "/phone/visit", "/account"):
        assert marked.ask("GET", path).status_code == 200, path
    rows = f"lon,lat,kind,name\n{VISIT[0]},{VISIT[1]},tent,{NAME}\n"
    brought = marked.ask("POST", f"{API}/imports/sites", content=rows.encode(), headers={"Content-Type": "text/csv"})
    assert brought.status_code == 200, brought.text
    changed = marked.ask("PATCH", f"{API}/sites/{site_id}", json={"name": NAME.upper()}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    return site_id, logged.json()["id"]


def wrong_bodies(site_id: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Requests by JSON that have to be refused, with marks in them."""
    site = {"geom": at(SITE), "site_type": "tent", "name": NAME, "access_note": NOTE}
    change: dict[str, Any]
    for geom in (
        at(FALSE), at((SITE[1], SITE[0])), {"type": "Point", "coordinates": [str(SITE[0]), SITE[1]]},
        {"type": "Point", "coordinates": [*SITE, SITE[0]]}, {"type": "Point", "coordinates": [list(SITE)]},
        {"type": "LineString", "coordinates": [SITE, VISIT]}, f"POINT({SITE[0]} {SITE[1]})", [*SITE], SITE[0], None,
    ):  # fmt: skip
        yield "POST", f"{API}/sites", {"json": site | {"geom": geom}}
    for change in ({"site_type": NAME}, {"name": NOTE * 99}, {"name": f"{NAME}\x1b"}, {NAME: NAME}, {"status": NAME},
                   {"uncertainty_m": SITE[0] * -1}, {"first_seen_on": NAME}, {"id": str(SITE)}):  # fmt: skip
        yield "POST", f"{API}/sites", {"json": site | change}
    yield "PUT", f"{API}/sites/{site_id}", {"json": site | {"name": "taken"}}
    yield "PATCH", f"{API}/sites/{site_id}", {"json": {"name": NAME}, "headers": {"If-Match": f'"{SITE[0]}"'}}
    yield "POST", f"{API}/sites/{site_id}/close", {"json": {"cause": NOTE, "moved_to": [FRESH]}, "headers": IF}
    for ring in ([SITE, VISIT, SITE], [SITE, VISIT, FALSE, SITE], [SITE, VISIT, SITE, VISIT, SITE], [*CLOSED, SITE]):
        shape = {"type": "Polygon", "coordinates": [ring]}
        yield "POST", f"{API}/work-areas", {"json": {"name": NAME, "geom": shape, "valid_from": "2026-01-01"}}
    visit = {"visited_at": "2026-03-01T20:00:00Z", "outcome": "met", "geom": at(VISIT), "note": NOTE}
    for change in ({"visited_at": NAME}, {"outcome": NOTE}, {"site_id": FRESH}, {"geom": at(FALSE)},
                   {"people_band": NOTE}, {"account_id": FRESH}, {"note": NOTE * 200}):  # fmt: skip
        yield "POST", f"{API}/visits", {"json": visit | change}
    account = {"email": EMAIL, "name": WHO, "roles": ["desk"], "password": PASSWORD}
    for change in ({}, {"email": NAME}, {"roles": [NAME]}, {"password": "merk"}, {"team_id": FRESH}):  # fmt: skip
        yield "POST", f"{API}/accounts", {"json": account | change}
    yield "POST", f"{API}/me/password", {"json": {"current": WRONG, "new": PASSWORD}}
    yield "POST", f"{API}/teams", {"json": {"name": NAME, "id": site_id, "geom": at(SITE)}}


FRESH, IF = "01990000-0000-7000-8000-000000000009", {"If-Match": '"2"'}
SECRETLY = {"Authorization": f"Bearer lantern_{PASSWORD.replace(' ', '')}"}


def wrong_otherwise(site_id: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Likewise by addresses, headers, forms and files."""
    place = f"{SITE[0]},{SITE[1]}"
    for path in (
        f"sites/{place}", f"sites?bbox={place},{place}", f"sites?after={NAME}", f"sites?{NAME}={NOTE}",
        f"visits?site={place}", f"none/{place}/{NAME}", f"coverage?from={place}", f"districts?code={NAME}",
        f"sites/{SITE[0]}", f"none/{SITE[0]}/{NAME}",
    ):  # fmt: skip
        yield "GET", f"{API}/{path}", {}
    for path in (
        f"/phone?lon={SITE[0]}",
        f"/{place}",
        f"/static/{place}.js",
        f"/static/{SITE[0]}.js",
        f"/phone/visit?site={NAME}",
        f"/sign-in?next=/{NAME}",
    ):
        yield "GET", path, {"headers": {"Accept": "text/html"}}
    for box in (f"{place}", f"{place},{place}", f"{WEST},{SOUTH},{NAME},{NORTH}", f"{SOUTH},{WEST},{NORTH},{EAST},1"):
        yield "GET", f"{API}/sites", {"headers": {"Lantern-Box": box}}
    yield "GET", f"{API}/sites", {"headers": {f"Lantern-{PASSWORD.replace(' ', '')}": place}}
    yield "GET", f"{API}/sites", {"headers": SECRETLY}
    yield "DELETE", f"{API}/sites/{site_id}?at={place}", {}
    yield "DELETE", f"{API}/sites/{site_id}?on={SITE[0]}", {}
    for body in (
        f'{{"geom": [{place}], "name": "{NAME}"',
        f"[{place}" * 20_000,
        f'{{"geom": {place}}}',
        NOTE.encode("utf-16"),
    ):
        yield "POST", f"{API}/sites", {"content": body, "headers": {"Content-Type": "application/json"}}
    plain = {"headers": {"Content-Type": "text/plain"}}
    yield "POST", f"{API}/sites", {"content": json.dumps({"geom": at(SITE)})} | plain
    yield "POST", f"{API}/sites", {"content": f'{{"name": "{NOTE * 40_000}"}}'.encode()}  # 413


def wrong_forms_and_files() -> Iterator[tuple[str, str, dict[str, Any]]]:
    place = f"{SITE[0]},{SITE[1]}"
    form = {
        "id": FRESH, "new_site_id": FRESH, "place": "new", "outcome": "met", "visited_at": NAME,
        "lon": str(FALSE[0]), "lat": str(FALSE[1]), "site_type": NAME, "name": NAME, "note": NOTE,
    }  # fmt: skip
    for change in ({}, {"visited_at": "2026-03-01T20:00"}, {"visited_at": "2026-03-01T20:00", "site_type": "tent"}):
        yield "POST", "/phone/visit", {"data": form | change, "headers": {"Accept": "text/html"}}
    yield "POST", "/sign-in", {"data": {"email": EMAIL, "password": WRONG, "next": f"/phone?lon={SITE[0]}"}}
    for name, text in (
        ("a.csv", f"lon,lat,kind\n{FALSE[0]},{FALSE[1]},{NAME}\n{NAME},{SITE[1]},tent\n"),
        ("a.geojson", json.dumps({"type": "Feature", "geometry": at(FALSE), "properties": {"name": NAME}})),
        ("a.geojson", f'{{"type": "FeatureCollection", "features": [{{"geometry": [{place}'),
        (f"{NAME}.zip", f"PK\x03\x04{NOTE}"), (f"{place}.xlsx", NOTE), ("a.csv", f"\0{NAME}\n{place}\n"),
    ):  # fmt: skip
        for noun in ("sites", "observations", "areas"):
            yield "POST", f"{API}/imports/{noun}", {"files": {"file": (name, text.encode(), "text/csv")}}
        yield "POST", "/import/sites", {"files": {"file": (name, text.encode(), "text/csv")}}
    yield (
        "POST",
        f"{API}/imports/sites?column={NAME}",
        {"content": NOTE.encode(), "headers": {"Content-Type": "text/csv"}},
    )
    yield (
        "POST",
        f"{API}/imports/sites",
        {"content": NOTE.encode(), "headers": {"Content-Type": NAME.replace(" ", "/", 1)}},
    )


def wrong_on_the_wire(address: str) -> None:
    """What no client library would send: broken heads, broken chunks, a body that stops half-way, and one too slow."""
    where = (urlsplit(address).hostname, urlsplit(address).port)
    head = f"POST {API}/sites HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for said in (
        f"GET /{SITE[0]} {NAME}\r\n\r\n", f"{NAME}: {SITE}\r\n\r\n", f"GET / HTTP/1.1\r\n{NAME} {NOTE}\r\n\r\n",
        f"{head}Transfer-Encoding: chunked\r\n\r\n{SITE[0]}\r\n{NOTE}\r\n",
        f"{head}Content-Length: {SITE[0]}\r\n\r\n{NOTE}",
        f"{head}Content-Length: 5000\r\n\r\n" + json.dumps({"geom": at(SITE), "name": NAME}),
        f"GET / HTTP/1.1\r\nHost: x\r\nCookie: {PASSWORD * 4000}\r\n\r\n",
    ):  # fmt: skip
        with socket.create_connection(where, timeout=10) as wire:
            wire.sendall(said.encode())
            wire.settimeout(0.3)
            with suppress(OSError):
                wire.recv(1000)
    with socket.create_connection(where, timeout=20) as wire:
        wire.sendall(f'{head}Content-Length: 5000\r\n\r\n{{"geom": [{SITE}'.encode())
        assert b" 408 " in wire.recv(1000)


def wrongly(marked: Marked, site_id: str) -> None:
    for method, path, brought in (*wrong_bodies(site_id), *wrong_otherwise(site_id), *wrong_forms_and_files()):
        answer = marked.ask(method, path, **brought)
        assert answer.status_code < 500, (method, path, brought)
    wrong_on_the_wire(marked.address)


def failing_statements(marked: Marked, site_id: str) -> None:
    """Statements that PostgreSQL gives up: past their time, behind a lock, and a connection that is ended."""
    code = FAILING.format(home=str(marked.home))
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline() == "held\n"
    found: list[int] = []
    change = {"json": {"name": NAME, "geom": at(VISIT)}, "headers": {"If-Match": '"2"'}}
    asking = threading.Thread(
        target=lambda: found.append(marked.ask("PATCH", f"{API}/sites/{site_id}", **change).status_code)
    )
    asking.start()
    assert holder.stdout.readline() == "ended\n"
    asking.join(30)
    holder.communicate("\n")
    assert found == [503]


FAILING = """
import sys, time
from pathlib import Path
from sqlalchemy import create_engine, text
from api.cluster import ADMIN, Cluster
from sqlalchemy.pool import NullPool

cluster = Cluster(Path("{home}"))
assert cluster.join()
engine = create_engine(cluster.url(ADMIN), poolclass=NullPool)
with engine.connect() as holding, engine.connect() as looking:
    holding.execute(text("SELECT 1 FROM lantern.site FOR UPDATE"))
    print("held", flush=True)
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename <> current_user"
    while not (pids := looking.scalars(text(waiting)).all()):
        looking.rollback()
        time.sleep(0.05)
    for pid in pids:
        looking.execute(text("SELECT pg_cancel_backend(:pid)"), dict(pid=pid))
    looking.commit()
    print("ended", flush=True)
    sys.stdin.readline()
"""


def searched(running: Running, marked: Marked) -> dict[str, set[bytes]]:
    """Where the marks are: in the words of the server, after it has ended, or in its files, before and after."""
    spellings = marked.spellings()
    found = marked_files(marked.home, spellings)
    assert any(path.endswith("postgresql.log") for path in map(str, marked.home.rglob("*.log")))
    running.end()
    said = "".join(running.said).encode()
    return found | marked_files(marked.home, spellings) | {"said": marks_in(said, spellings)}


def test_no_word_and_no_file_of_a_running_server_holds_what_was_sent(
    marked: Begin,
) -> None:
    running, sent = marked("tests.attacks.hurried")
    sent.sign_in()
    site_id, _ = rightly(sent)
    wrongly(sent, site_id)
    failing_statements(sent, site_id)
    statuses = set(sent.answers.values())
    assert {200, 201, 401, 404, 405, 409, 413, 415, 422, 503} <= statuses, sent.answers
    assert searched(running, sent) == {"said": set()}, "".join(running.said)


def test_a_fault_of_ours_is_told_by_its_kind_and_never_by_what_was_sent(
    marked: Begin,
) -> None:
    running, sent = marked("tests.attacks.leak_raised")
    sent.sign_in()
    answer = sent.ask("POST", f"{API}/sites", json={"geom": at(SITE), "site_type": "tent", "name": NAME})
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert searched(running, sent) == {"said": set()}
    said = "".join(running.said)
    assert "builtins.ValueError" in said
    assert "builtins.KeyError" in said
    assert "leak_raised.py" in said


def test_control_a_line_that_tells_a_place_is_found(marked: Begin) -> None:
    running, sent = marked("tests.attacks.leak_logged")
    sent.sign_in()
    (sent.home / "cluster" / "data" / "pg_stat_tmp" / "kept.tmp").write_text(json.dumps(NOTE))
    (sent.home / "temporary" / "upload").write_bytes(b"x" * 5 + spelled(SITE[1]))
    rightly(sent)
    found = searched(running, sent)
    assert f"{SITE[0]}".encode() in found["said"]
    assert sum(path.endswith(("kept.tmp", "upload")) for path in found) == 2


def spelled(number: float) -> bytes:
    return next(each for each in spellings_of_degrees(number) if len(each) == 8)
