"""What holds for the server as a whole: odd methods and lengths, what lies beside the pages, where it leads people."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.fixtures.client import Client
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio
TO = b"POST /api/v1/session HTTP/1.1\r\nHost: lantern\r\nContent-Type: application/json\r\n"


async def test_no_answer_repeats_a_request(anyone: httpx.AsyncClient) -> None:
    for path in ("/", "/sign-in", "/api/v1/sites", "/static/lantern.css"):
        answer = await anyone.request("TRACE", path, headers={"Cookie": "lantern_session=mine"})
        assert answer.status_code == 405
        assert "mine" not in answer.text


async def test_neither_folders_nor_what_lies_beside_them_are_shown(anyone: httpx.AsyncClient) -> None:
    paths = ("/static/", "/static/built/", "/static/../app.py", "/static/%2e%2e/app.py", "/.git/config", "/web/app.py")
    assert [(await anyone.get(path)).status_code for path in paths] == [404] * len(paths)
    assert (await anyone.get("/static/lantern.css")).status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/healthz", "text/plain; charset=utf-8"),
        ("/sign-in", "text/html; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/static/lantern.css", "text/css; charset=utf-8"),
        ("/static/lantern.svg", "image/svg+xml"),
        ("/nowhere", "application/problem+json"),
    ],
)
async def test_what_comes_says_what_it_is_and_which_characters(anyone: httpx.AsyncClient, path: str, kind: str) -> None:
    assert (await anyone.get(path)).headers["content-type"] == kind


@pytest.mark.parametrize(
    ("wish", "way"),
    [
        ("/phone/visit?site=1", "/phone/visit?site=1"),
        ("https://evil.example/phone", "/phone"),
        ("//evil.example/phone", "/phone"),
        ("/\\evil.example", "/phone"),
        ("/\t/evil.example", "/phone"),
        ("javascript:alert(1)", "/phone"),
        ("evil.example", "/phone"),
    ],
)
async def test_who_signs_in_is_led_to_a_page_of_ours_and_nowhere_else(
    anyone: httpx.AsyncClient, town: SmallTown, wish: str, way: str
) -> None:
    answer = await anyone.post("/sign-in", data=town.form("alice") | {"next": wish})
    assert (answer.status_code, answer.headers["location"]) == (303, way)


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 30\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
    ],
)
async def test_a_request_of_two_lengths_is_refused_and_nothing_after_it_is_read(
    live_server: str, town: SmallTown, lengths: bytes
) -> None:
    said = _said(live_server, TO + lengths + b"\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: lantern\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1") == 1


async def test_control_a_request_of_one_length_is_read_and_so_is_the_next(live_server: str, town: SmallTown) -> None:
    said = _said(
        live_server,
        TO + b"Content-Length: 2\r\n\r\n{}GET /healthz HTTP/1.1\r\nHost: lantern\r\nConnection: close\r\n\r\n",
    )
    assert said.startswith(b"HTTP/1.1 422 ")
    assert said.count(b"HTTP/1.1") == 2


def _said(address: str, request: bytes) -> bytes:
    """All that the server says until it hangs up, or for two seconds."""
    at = urlsplit(address)
    assert at.hostname
    assert at.port
    said = b""
    with socket.create_connection((at.hostname, at.port), timeout=2) as connection:
        connection.sendall(request)
        try:
            while part := connection.recv(65536):
                said += part
        except TimeoutError:
            return said
    return said


async def test_a_password_counts_exactly_as_it_was_typed(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    alice, email = await client("alice"), town.email("alice")
    typed = " " + "long enough " * 21 + " ."  # 255 signs, with blanks before
    assert len(typed) == 255
    form = {"current": PASSWORD, "new": f"{typed} ", "again": f"{typed} "}
    assert (await alice.post("/account/password", data=form)).status_code == 303
    for wrong in (typed, f"{typed} ".strip(), f"{typed}  ", f"{typed} more"):
        assert (await anyone.post("/sign-in", data={"email": email, "password": wrong})).status_code == 401, wrong
    assert (await anyone.post("/sign-in", data={"email": email, "password": f"{typed} "})).status_code == 303


async def test_a_first_password_counts_exactly_as_it_was_typed(client: Client, anyone: httpx.AsyncClient) -> None:
    mara, new = await client("mara"), {"email": "new@doggerstad.example", "password": " blanks at both ends "}
    made = await mara.post("/accounts", data=new | {"name": "A colleague", "role": "streetworker"})
    assert made.status_code == 303
    assert (await anyone.post("/sign-in", data=new | {"password": new["password"].strip()})).status_code == 401
    assert (await anyone.post("/sign-in", data=new)).status_code == 303
