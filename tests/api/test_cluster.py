"""The private cluster: who reaches it, what it survives, when it stops."""

import os
import signal
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from api.cluster import ADMIN, SERVER, Cluster, HomeInUse
from tests.fixtures.process import ends, kill, postmaster_of

Hold = Callable[[Path], subprocess.Popen[str]]


def ask(url: str, statement: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        engine.dispose()


def keep_a_mark(home: Path) -> None:
    cluster = Cluster(home)
    assert cluster.join()
    ask(cluster.url(ADMIN), "CREATE TABLE mark AS SELECT 'kept'::text AS word")
    cluster.stop()


def read_the_mark(home: Path) -> object:
    with Cluster(home) as cluster:
        return ask(cluster.url(ADMIN), "SELECT word FROM mark")


def test_it_listens_on_a_socket_in_a_private_folder_and_nowhere_else(home: Path) -> None:
    with Cluster(home, durable=False) as cluster:
        server = psutil.Process(postmaster_of(home))
        assert [each.laddr for each in server.net_connections("inet")] == []
        sockets = [Path(str(each.laddr)) for each in server.net_connections("unix") if each.laddr]
        assert len(sockets) == 1
        assert stat.S_IMODE(sockets[0].parent.stat().st_mode) == 0o700
        assert ask(cluster.url(), "SELECT current_setting('listen_addresses')") == ""


def test_the_server_signs_in_with_a_login_that_rules_nothing(home: Path) -> None:
    with Cluster(home, durable=False) as cluster:
        assert ask(cluster.url(), "SELECT current_user::text") == SERVER
        assert ask(cluster.url(), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_what_is_kept_is_there_at_the_next_start(home: Path, holder: Hold) -> None:
    process = holder(home)
    keep_a_mark(home)
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert read_the_mark(home) == "kept"


def test_two_homes_run_side_by_side(home: Path) -> None:
    with Cluster(home / "one", durable=False) as one, Cluster(home / "two", durable=False) as two:
        assert one.running
        assert two.running
        assert ask(one.url(ADMIN), "SHOW data_directory") != ask(two.url(ADMIN), "SHOW data_directory")


def test_a_second_start_in_the_same_home_says_who_holds_it(home: Path, holder: Hold) -> None:
    process = holder(home)
    with pytest.raises(HomeInUse, match=str(process.pid)):
        Cluster(home).start()


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="only Linux tells a process that its parent was killed")
def test_kill_9_of_lantern_ends_its_server_too(home: Path, holder: Hold) -> None:
    process = holder(home)
    server = postmaster_of(home)
    kill(process)
    assert ends(server)


def test_after_kill_9_of_lantern_the_next_start_has_all_that_was_kept(home: Path, holder: Hold) -> None:
    process = holder(home)
    keep_a_mark(home)
    kill(process)
    assert read_the_mark(home) == "kept"


def test_after_kill_9_of_the_server_the_next_start_recovers(home: Path, holder: Hold) -> None:
    process = holder(home)
    keep_a_mark(home)
    os.kill(postmaster_of(home), signal.SIGKILL)
    kill(process)
    assert read_the_mark(home) == "kept"


def test_a_server_that_was_left_behind_is_taken_over(home: Path) -> None:
    first = Cluster(home, durable=False)
    first.start()
    left = postmaster_of(home)
    assert first._lock is not None
    first._lock.close()  # as if Lantern were gone, and its server were not
    with Cluster(home, durable=False) as second:
        assert second.running
        assert postmaster_of(home) != left
        first.stop()


def test_a_process_id_that_now_belongs_to_another_program_is_left_alone(home: Path) -> None:
    with Cluster(home, durable=False):
        pass
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        data = home / "cluster" / "data"
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n0\n5432\n\n\n\nready\n")
        with Cluster(home, durable=False) as cluster:
            assert cluster.running
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_guest_works_in_a_cluster_that_another_process_runs_and_leaves_it_running(home: Path, holder: Hold) -> None:
    holder(home)
    guest = Cluster(home)
    assert guest.join()
    assert ask(guest.url(), "SELECT 1") == 1
    guest.stop()
    assert not ends(postmaster_of(home), patience=0.5)


def test_who_ran_the_cluster_waits_for_its_guests_when_asked_to(home: Path) -> None:
    owner, guest = Cluster(home, durable=False), Cluster(home, durable=False)
    owner.start()
    assert guest.join()
    leaving = threading.Thread(target=owner.stop, kwargs={"after_guests": True})
    leaving.start()
    leaving.join(0.5)
    assert leaving.is_alive()
    assert ask(guest.url(), "SELECT 1") == 1
    guest.stop()
    leaving.join(20)
    assert not leaving.is_alive()


def test_the_log_holds_no_statement_and_no_place(home: Path) -> None:
    with Cluster(home, durable=False) as cluster:
        with pytest.raises(Exception, match="invalid input syntax"):
            ask(cluster.url(), "SELECT '3.7212 51.0541'::integer")
        log = (home / "cluster" / "postgresql.log").read_text()
    assert "ready to accept connections" in log
    assert "51.0541" not in log


def test_nobody_else_may_lock_a_home(home: Path) -> None:
    home.mkdir(mode=0o755, exist_ok=True)
    (home / "lock").touch(mode=0o644)
    with Cluster(home, durable=False) as cluster:
        guest = Cluster(home)
        assert guest.join()
        guest.stop()
        assert cluster.running
        for name in ("lock", "guests"):
            assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
