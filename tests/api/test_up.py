"""`lantern up` and `lantern migrate`: real processes on real homes."""

import os
import pwd
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from api.cluster import ADMIN, Cluster
from tests.fixtures.command import Terminal
from tests.fixtures.process import ends, postmaster_of

DEMO = """INSERT INTO lantern.organisation (id, slug, name, bounds, is_demo)
VALUES (gen_random_uuid(), 'made-up', 'Made up', ST_MakeEnvelope(2, 54, 3, 55, 4326), true)"""


def execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def health(address: str) -> int:
    return httpx.get(f"{address}/healthz").status_code


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_once_it_answers_and_a_signal_stops_it_with_its_cluster(
    home: Path, terminal: Terminal, kind: signal.Signals
) -> None:
    lantern = terminal.up("--no-demo", home=home)
    assert health(lantern.wait_until_ready()) == 200
    server = postmaster_of(home)
    assert lantern.end(kind) == 0
    assert ends(server)


def test_an_empty_database_gets_the_demo_and_its_sign_ins_are_told_at_every_start(
    home: Path, terminal: Terminal
) -> None:
    for _ in range(2):
        lantern = terminal.up(home=home)
        address = lantern.wait_until_ready()
        said = "".join(lantern.said)
        for person in ("alice", "ben", "mara", "pim", "dora", "stefan"):
            assert f"{person}@doggerstad.example" in said
        password = said.split("password of all is: ")[1].splitlines()[0]
        email = "mara@doggerstad.example"
        session = httpx.post(f"{address}/api/v1/session", json={"email": email, "password": password})
        assert session.status_code in (200, 201)
        lantern.end()


def test_after_kill_9_the_next_start_serves_again(home: Path, terminal: Terminal) -> None:
    first = terminal.up("--no-demo", home=home)
    first.wait_until_ready()
    first.end(signal.SIGKILL)
    assert health(terminal.up("--no-demo", home=home).wait_until_ready()) == 200


def test_two_run_side_by_side_on_homes_and_ports_of_their_own(home: Path, terminal: Terminal) -> None:
    pair = [terminal.up("--no-demo", home=home / name) for name in ("one", "two")]
    addresses = {lantern.wait_until_ready() for lantern in pair}
    assert len(addresses) == 2
    assert [health(address) for address in addresses] == [200, 200]


def test_a_second_one_on_the_same_home_is_refused_with_the_way_out(home: Path, terminal: Terminal) -> None:
    first = terminal.up("--no-demo", home=home)
    first.wait_until_ready()
    second = terminal.run("up", home=home, port=0)
    assert second.returncode == 1
    assert f"process {first.process.pid}" in second.stderr
    assert "LANTERN_HOME" in second.stderr


def test_a_port_in_use_is_told_before_anything_is_made(home: Path, terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = terminal.run("up", home=home, port=port)
    assert refused.returncode == 1
    assert str(port) in refused.stderr
    assert "LANTERN_PORT" in refused.stderr
    assert list(home.iterdir()) == []


def test_a_demo_is_not_shown_to_other_machines(home: Path, terminal: Terminal) -> None:
    terminal.run("migrate", home=home)
    with Cluster(home) as cluster:
        execute(cluster.url(ADMIN), DEMO)
    refused = terminal.run("up", home=home, port=0, host="0.0.0.0")
    assert refused.returncode == 1
    assert "made-up" in refused.stderr
    assert "127.0.0.1" in refused.stderr


@pytest.fixture
def outside(home: Path) -> Iterator[tuple[str, str]]:
    """A database that somebody else administers: the addresses of a login that migrates and of one that serves.

    Made as docs/start.md says: neither login is a superuser.
    """
    with Cluster(home / "outside", durable=False) as elsewhere:
        admin = elsewhere.url(ADMIN, "postgres")
        for statement in (
            "CREATE ROLE lantern_migrator LOGIN CREATEROLE",
            "CREATE ROLE lantern_server LOGIN",
            "CREATE DATABASE city OWNER lantern_migrator",
        ):
            execute(admin, statement)
        execute(elsewhere.url(ADMIN, "city"), "CREATE EXTENSION postgis")
        with (home / "outside" / "cluster" / "data" / "pg_ident.conf").open("a") as known:
            for login in ("lantern_migrator", "lantern_server"):
                known.write(f'lantern "{pwd.getpwuid(os.geteuid()).pw_name}" {login}\n')
        execute(admin, "SELECT pg_reload_conf()")
        urls = [elsewhere.url(login, "city") for login in ("lantern_migrator", "lantern_server")]
        migrator, server = (url.replace("+psycopg", "") for url in urls)
        yield migrator, server


def test_an_outside_database_is_migrated_by_one_login_and_served_by_another_and_neither_is_a_superuser(
    home: Path, outside: tuple[str, str], terminal: Terminal
) -> None:
    migrator, server = outside
    early = terminal.run("up", home=home / "unused", database_url=server, port=0)
    assert early.returncode == 1
    assert "lantern migrate" in early.stderr
    migrated = terminal.run("migrate", "--server-login", "lantern_server", home=home / "unused", database_url=migrator)
    assert migrated.returncode == 0, migrated.stderr
    lantern = terminal.up(home=home / "unused", database_url=server)
    assert health(lantern.wait_until_ready()) == 200
    assert [path.name for path in (home / "unused").iterdir()] == ["keys"]


def test_a_database_of_a_newer_lantern_is_left_as_it_is(home: Path, terminal: Terminal) -> None:
    assert terminal.run("migrate", home=home).returncode == 0
    with Cluster(home) as cluster:
        execute(cluster.url(ADMIN), "UPDATE public.lantern_version SET version_num = '9999'")
    refused = terminal.run("up", home=home, port=0)
    assert refused.returncode == 1
    assert "newer version" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_database_that_does_not_answer_is_told_without_its_password(home: Path, terminal: Terminal) -> None:
    url = "postgresql://lantern:hemmelig@127.0.0.1:9/lantern"
    for words in (["up"], ["migrate"]):
        refused = terminal.run(*words, home=home, database_url=url, port=0)
        assert refused.returncode == 1
        assert "does not answer" in refused.stderr
        assert "hemmelig" not in refused.stderr + refused.stdout


@pytest.mark.parametrize(
    ("setting", "value"), [("port", "eighty"), ("port", "70000"), ("database_url", "mysql://u:hemmelig@h/d")]
)
def test_a_setting_that_makes_no_sense_is_named_and_not_repeated(
    home: Path, terminal: Terminal, setting: str, value: str
) -> None:
    refused = terminal.run("up", **{"home": home, setting: value})
    assert refused.returncode == 1
    assert f"LANTERN_{setting.upper()}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "hemmelig" not in refused.stderr
