"""What is too much before anything is looked at: JSON nested deep, headers without end, forms of many parts."""

import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api.nesting import DEEPEST, depth
from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.town import SmallTown

WHAT = f"is nested deeper than {DEEPEST} levels"
HEADERS = 64 * 1024


def nested(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels - 1):
        made = [made]
    return made


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("1", 0), ("[]", 1), ('{"a": [[1], [2]]}', 3), ('["[[[["]', 1), (r'["\"[[[\\", [1]]', 2), ("]]][", 0),
        ("[[[", 3), ('["[', 1), ("", 0),
    ],
)  # fmt: skip
def test_levels_are_counted_outside_of_texts(text: str, levels: int) -> None:
    assert depth(text.encode()) == levels


@pytest.mark.anyio
async def test_json_is_taken_to_a_depth_and_refused_below_it(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    for levels in (DEEPEST - 2, DEEPEST - 1):  # the body itself, its shape, and below it
        body = {"geom": {"type": "Point", "coordinates": nested(levels - 1)}, "site_type": "tent"}
        answer = await mara.post("/api/v1/sites", json=body)
        assert answer.status_code == 422
        assert WHAT not in answer.text
    for levels in (DEEPEST, 500, 200_000):
        body_text = f'{{"geom": {{"type": "Point", "coordinates": {"[" * levels}{"]" * levels}}}}}'
        answer = await mara.post("/api/v1/sites", content=body_text, headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}
        if levels < 1000:
            assert answer.json()["errors"] == [{"where": "body", "what": WHAT}]


@pytest.mark.anyio
async def test_texts_without_end_and_rows_of_marks_hold_nobody_up(
    anyone: httpx.AsyncClient, client: Client, town: SmallTown
) -> None:
    """Each of these took seconds to minutes once; the limit of the test is the time that all tests have."""
    for kind in ("text/plain", "application/json"):
        body = b'\\"' * 250_000
        answer = await anyone.post("/api/v1/session", content=body, headers={"Content-Type": kind})
        assert answer.status_code in {400, 422}
    assert [depth(shape * 250_000) for shape in (b'\\"', b'"\\', b'[\\"')] == [0, 0, 1]
    site = {"geom": {"type": "Point", "coordinates": [2.32, 54.77]}, "site_type": "tent"}
    marked = await (await client("alice")).post("/api/v1/sites", json=site | {"name": "a" + "\u0316\u0301" * 200_000})
    assert marked.status_code == 422
    assert marked.json()["errors"] == [{"where": "body.name", "what": "has too many marks on one letter"}]
    many = {"email": "alice@doggerstad.example", "password": "wrong"} | {f"field{n}": 1 for n in range(50_000)}
    assert (await anyone.post("/api/v1/session", json=many)).status_code == 422


@pytest.mark.anyio
async def test_brackets_in_a_note_are_text(client: Client, town: SmallTown) -> None:
    alice = await client("alice")
    body = {"name": "[" * 40, "site_type": "tent", "geom": {"type": "Point", "coordinates": [2.32, 54.77]}}
    assert (await alice.post("/api/v1/sites", json=body)).status_code == 201


def test_headers_end_somewhere(terminal: Terminal, home: object) -> None:
    running = terminal.up("--no-demo", home=home)
    where = urlsplit(running.wait_until_ready())

    def ask(*headers: bytes) -> bytes:
        with socket.create_connection((str(where.hostname), where.port), timeout=10) as line:
            try:
                line.sendall(b"GET /healthz HTTP/1.1\r\nHost: lantern.test\r\n" + b"".join(headers) + b"\r\n")
                return line.recv(65536)
            except ConnectionError:
                return b"cut off"

    assert ask(b"X-Long: " + b"a" * (HEADERS - 1000) + b"\r\n").startswith(b"HTTP/1.1 200 ")
    for many in ([b"X-Long: " + b"a" * 2 * HEADERS + b"\r\n"], [b"X-%d: a\r\n" % n for n in range(50_000)]):
        answer = ask(*many)
        assert answer == b"cut off" or answer.startswith(b"HTTP/1.1 400 ")
    assert ask().startswith(b"HTTP/1.1 200 ")


@pytest.mark.anyio
async def test_a_form_of_many_fields_is_refused(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    for number, status in ((100, 422), (101, 400)):
        fields = {f"field{n}": "a" for n in range(number)}
        assert (await mara.post("/accounts", data=fields, headers={"Accept": "text/html"})).status_code == status
