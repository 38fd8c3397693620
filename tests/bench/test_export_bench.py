"""Exporting a million sites over HTTP, against `psql` copying out the same text."""

import asyncio
import http.client
import subprocess
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from api.key_file import KeyFile
from api.postgresql import find_programs
from geo.export import Form, copy_statement
from geo.export_wanted import Wanted, Whose
from tests.bench.million import add_sites, report
from tests.fixtures.command import Terminal
from tests.fixtures.town import PURPOSE, SmallTown

pytestmark = pytest.mark.bench
SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5
MB = 1024 * 1024


@dataclass
class Watch:
    """The most memory that a process holds while a block runs, in bytes over what it held before."""

    process: psutil.Process
    most: int = 0

    def __enter__(self) -> "Watch":
        self._worked = sum(self.process.cpu_times()[:2])
        self._before = self.process.memory_info().rss
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        assert sum(self.process.cpu_times()[:2]) > self._worked, "another process does the work"

    def _look(self) -> None:
        while not self._done.wait(0.02):
            self.most = max(self.most, self.process.memory_info().rss - self._before)


def test_a_million_sites_over_http_cost_little_more_than_psql(
    anyio_backend: str,
    town: SmallTown,
    database_url: str,
    owner_url: str,
    terminal: Terminal,
    master_key: KeyFile,
) -> None:
    running = terminal.up(home=master_key.path.parents[1], database_url=database_url)
    address = running.wait_until_ready()
    token = sign_in(address, town)
    download(address, token)
    engine = create_engine(owner_url)
    statement = same_text(owner_url, town)
    rows, there, ratio, most = [], 0, 0.0, 0
    for size in SIZES:
        add_sites(engine, town.organisation_id, there + 1, size)
        there = size
        over_http, by_psql = [], []
        with Watch(psutil.Process(running.process.pid)) as watch:
            for _ in range(ROUNDS):
                seconds, length = download(address, token)
                over_http.append(seconds)
                by_psql.append(psql(owner_url, statement))
        ratio, most = min(over_http) / min(by_psql), watch.most
        rows.append(
            [
                f"{size:,}",
                f"{length / MB:,.0f} MB",
                f"{min(over_http):.2f} s",
                f"{min(by_psql):.2f} s",
                f"{ratio:.2f}",
                f"{most / MB:.1f} MB",
            ]
        )
    engine.dispose()
    words = (
        "`GET /api/v1/export/sites` under row-level security, by a client that reads and throws away, against `psql` "
        f"writing the same GeoJSON text to nowhere as the superuser, past the policies. The best of {ROUNDS} rounds "
        "in turn. Allowed at a million: 1.5 × the time, 64 MB more memory in the server."
    )
    heading = ["sites", "GeoJSON", "over HTTP", "psql", "ratio", "more memory"]
    print("\n" + report("export", "Exporting sites", words, heading, rows))  # noqa: T201
    assert ratio <= 1.5
    assert most <= 64 * MB


def sign_in(address: str, town: SmallTown) -> str:
    with httpx.Client(base_url=address) as client:
        client.post("/api/v1/session", json=town.form("mara")).raise_for_status()
        answer = client.post("/api/v1/access-tokens", json={"name": "bench"})
        return str(answer.raise_for_status().json()["token"])


def download(address: str, token: str) -> tuple[float, int]:
    """The seconds and the bytes of one export, whose end is looked at."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=120)
    began = time.perf_counter()
    connection.request(
        "GET", "/api/v1/export/sites", headers={"Authorization": f"Bearer {token}", "Lantern-Purpose": PURPOSE}
    )
    answer = connection.getresponse()
    assert answer.status == 200
    length, last, buffer = 0, b"", bytearray(MB)
    while read := answer.readinto(buffer):
        length += read
        last = bytes(buffer[max(0, read - 100) : read])
    seconds = time.perf_counter() - began
    connection.close()
    assert b'"complete":true}' in last
    return seconds, length


def same_text(url: str, town: SmallTown) -> str:
    """The very COPY that the export runs."""

    async def composed() -> str:
        dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            whose = Whose(town.organisation_id, "Europe/London", town.today)
            return copy_statement(connection, "sites", Form.GEOJSON, whose, Wanted())

    return asyncio.run(composed())


def psql(url: str, statement: str) -> float:
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = [str(find_programs() / "psql"), dsn, "-qXc", statement]
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
