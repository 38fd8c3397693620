"""Requests whose body comes slowly, over a real connection."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from api import incoming
from tests.fixtures.look import look
from tests.fixtures.town import SmallTown

BODY = b'{"email": "alice@doggerstad.example", "password": "wrong"}'
HEAD = (
    b"POST /api/v1/session HTTP/1.1\r\nHost: lantern.test\r\nContent-Type: application/json\r\n"
    + f"Content-Length: {len(BODY)}\r\n\r\n".encode()
)


@pytest.fixture
def line(
    anyio_backend: str, live_server: str, town: SmallTown, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    monkeypatch.setattr(incoming, "PATIENCE_S", 1.0)
    where = urlsplit(live_server)
    with socket.create_connection((str(where.hostname), where.port), timeout=20) as made:
        yield made


def test_a_body_that_stops_is_refused_and_the_line_closed(line: socket.socket) -> None:
    line.sendall(HEAD + BODY[:5])
    answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"/problems/too-slow" in answer
    assert b"connection: close" in answer.lower()


def test_a_body_in_drops_does_not_go_on_for_ever(line: socket.socket) -> None:
    """Each drop on its own would be in time."""
    line.sendall(HEAD)
    with suppress(BrokenPipeError):
        for sign in BODY[:6]:
            line.sendall(bytes([sign]))
            time.sleep(0.3)
    assert line.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_a_body_in_two_pieces_is_taken(line: socket.socket) -> None:
    line.sendall(HEAD + BODY[:5])
    time.sleep(0.3)
    line.sendall(BODY[5:])
    assert line.recv(65536).startswith(b"HTTP/1.1 401 ")


class Held:
    """A form that stops after its first piece, until it is let go."""

    def __init__(self, content: bytes) -> None:
        self._content, self.goes_on = content, asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content[:4]
        await self.goes_on.wait()
        yield self._content[4:]


FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


@asynccontextmanager
async def signed_in(address: str, town: SmallTown, person: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=8) as made:
        assert (await made.post("/api/v1/session", json=town.form(person))).status_code == 201
        yield made


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("person", "path", "kind", "content"),
    [
        ("alice", "/account/tokens", FORM, b"name=kept"),
        ("mara", "/api/v1/imports/districts", {"Content-Type": "text/csv"}, b"name,wkt\n"),
    ],
)
async def test_a_body_does_not_outlive_the_session_it_was_begun_in(
    live_server: str, town: SmallTown, owner_url: str, person: str, path: str, kind: dict[str, str], content: bytes
) -> None:
    async with signed_in(live_server, town, person) as phone, signed_in(live_server, town, person) as owner:
        body = Held(content)
        held = asyncio.create_task(phone.post(path, content=body, headers=kind))
        await asyncio.sleep(1)
        assert (await owner.delete("/api/v1/sessions")).status_code == 204
        body.goes_on.set()
        assert (await held).status_code == 401
    assert look(owner_url, "SELECT count(*) FROM lantern.access_token WHERE name = 'kept'") == [(0,)]


@pytest.mark.anyio
async def test_forms_that_are_on_their_way_hold_no_connection(live_server: str, town: SmallTown) -> None:
    async with signed_in(live_server, town, "ben") as ben, signed_in(live_server, town, "alice") as alice:
        body = Held(b"reason=none")
        held = [asyncio.create_task(ben.post("/widenings", content=body, headers=FORM)) for _ in range(12)]
        await asyncio.sleep(1)
        assert (await alice.get("/api/v1/me")).status_code == 200
        body.goes_on.set()
        assert {answer.status_code for answer in await asyncio.gather(*held)} == {422}
