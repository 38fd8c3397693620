"""Downloads over a real connection: slow, broken off, broken, too many."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from sqlalchemy import create_engine, text

from api import streaming
from api.database import MOST_STREAMS
from tests.fixtures.look import run
from tests.fixtures.town import PURPOSE, SmallTown


@pytest.fixture
def mara_live(anyio_backend: str, live_server: str, town: SmallTown) -> Iterator[httpx.Client]:
    """Mara's client at a real server."""
    with httpx.Client(base_url=live_server, timeout=30) as made:
        answer = made.post("/api/v1/session", json=town.form("mara"))
        made.headers["Lantern-Purpose"] = PURPOSE
        assert answer.status_code == 201
        yield made


@pytest.fixture
def many(town: SmallTown, owner_url: str) -> None:
    """Enough sites that no buffer holds their export: about 25 MB."""
    run(
        owner_url,
        "INSERT INTO lantern.site (organisation_id, id, site_type, status, name, geom, revisit_days) "
        "SELECT organisation_id, gen_random_uuid(), 'doorway', 'active', repeat('x', 200), geom, 14 "
        "FROM lantern.site, generate_series(1, 20000) WHERE name <> 'silverpit site'",
    )


def test_downloads_that_are_broken_off_leave_every_connection_usable(
    mara_live: httpx.Client, many: None, owner_url: str
) -> None:
    """Three times as many as the pool holds: one lost connection each would leave none."""
    for _ in range(30):
        with mara_live.stream("GET", "/api/v1/export/sites") as answer:
            assert answer.status_code == 200
            next(answer.iter_raw())
    for _ in range(50):
        answer = mara_live.get("/api/v1/export/sites?status=closed")
        if answer.status_code == 200:
            break
    assert answer.json()["complete"] is True
    wait_until_idle(owner_url)
    assert mara_live.get("/api/v1/me").status_code == 200


def test_more_downloads_than_may_run_at_once_are_asked_to_come_again(mara_live: httpx.Client, many: None) -> None:
    with ExitStack() as downloads:
        for _ in range(MOST_STREAMS):
            downloads.enter_context(reading(mara_live))
        answer = mara_live.get("/api/v1/export/sites")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many")
        assert answer.headers["retry-after"] == "20"
        assert mara_live.get("/api/v1/me").status_code == 200


def test_a_fault_in_mid_stream_breaks_the_answer_off(mara_live: httpx.Client, many: None, owner_url: str) -> None:
    """The backend is ended while it sends: the client hears of it, and the file has no end."""
    got = []
    with mara_live.stream("GET", "/api/v1/export/sites") as answer:
        parts = answer.iter_raw()
        got.append(next(parts))
        run(owner_url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%'")
        with pytest.raises(httpx.RemoteProtocolError):
            got.extend(parts)
    file = b"".join(got)
    assert len(file) > 65536
    assert b"complete" not in file
    with pytest.raises(json.JSONDecodeError):
        json.loads(file)
    assert mara_live.get("/api/v1/export/sites?status=closed").json()["complete"] is True


@pytest.mark.parametrize(
    "done",
    ["DELETE FROM lantern.session", "UPDATE lantern.account SET roles = '{steward}'"],
    ids=["signed out", "another role"],
)
def test_a_download_breaks_off_when_the_device_is_signed_out(
    mara_live: httpx.Client, many: None, owner_url: str, done: str
) -> None:
    """After a second and a half no more comes than what is on its way."""
    got = 0
    with mara_live.stream("GET", "/api/v1/export/sites") as answer:
        parts = answer.iter_raw()
        got += len(next(parts))
        run(owner_url, done)
        time.sleep(1.5)
        with pytest.raises(httpx.RemoteProtocolError):
            got += sum(len(part) for part in parts)
    assert 0 < got < 15_000_000
    wait_until_idle(owner_url)


def test_a_download_that_lasts_longer_than_a_second_comes_whole(mara_live: httpx.Client, many: None) -> None:
    with mara_live.stream("GET", "/api/v1/export/sites") as answer:
        parts = answer.iter_raw()
        first = next(parts)
        time.sleep(2.5)
        file = json.loads(first + b"".join(parts))
    assert (file["complete"], len(file["features"]) > 60_000) == (True, True)


def test_who_takes_nothing_gives_the_place_to_the_next(
    mara_live: httpx.Client, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read further, such a file shows that it has no end."""
    monkeypatch.setattr(streaming, "PATIENCE_S", 1.0)
    with ExitStack() as downloads:
        stuck = [downloads.enter_context(reading(mara_live)) for _ in range(MOST_STREAMS)]
        assert mara_live.get("/api/v1/export/sites?status=closed").status_code == 429
        time.sleep(2)
        assert mara_live.get("/api/v1/export/sites?status=closed").json()["complete"] is True
        stuck[0].settimeout(10)
        assert b'"complete"' not in b"".join(iter(lambda: stuck[0].recv(65536), b""))


def test_a_slow_reader_costs_no_memory(mara_live: httpx.Client, many: None) -> None:
    """Nothing is read for a second, in which the server could make the 25 MB: it waits instead of gathering them."""
    mara_live.get("/api/v1/export/sites?status=closed")
    before = psutil.Process().memory_info().rss
    with reading(mara_live):
        time.sleep(1)
        grown = psutil.Process().memory_info().rss - before
    assert grown < 12 * 1024 * 1024


@contextmanager
def reading(client: httpx.Client) -> Iterator[socket.socket]:
    """A download of which nothing but the first line is read."""
    address = urlsplit(str(client.base_url))
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    with socket.create_connection((str(address.hostname), address.port or 80)) as reader:
        reader.sendall(
            f"GET /api/v1/export/sites HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookie}\r\n"
            f"Lantern-Purpose: {PURPOSE}\r\n\r\n".encode()
        )
        assert reader.recv(15) == b"HTTP/1.1 200 OK"
        yield reader


def wait_until_idle(url: str) -> None:
    """Fails after five seconds in which a transaction of the server stays open."""
    engine = create_engine(url)
    busy = text(
        "SELECT count(*) FROM pg_stat_activity, pg_sleep(0.1) WHERE datname = current_database() "
        "AND usename = 'lantern_web' AND state <> 'idle'"
    )
    with engine.connect() as connection:
        assert any(connection.scalar(busy) == 0 for _ in range(50))
    engine.dispose()
