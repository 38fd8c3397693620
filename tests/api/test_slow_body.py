"""Requests whose body comes slowly, over a real connection."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from api import incoming
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
