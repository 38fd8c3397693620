"""Where the cluster lives on the disk, and as whom it runs."""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from api.cluster import Cluster
from api.cluster_account import Account, ClusterError, make_home
from api.postgresql import find_programs
from tests.fixtures.process import postmaster_of

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="what happens to root, only root can see")


def me() -> Account:
    entry = pwd.getpwuid(os.geteuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that only its owner may enter, as root's own home is."""
    folder = Path(tempfile.mkdtemp(prefix="lantern-closed-", dir="/tmp"))
    (folder / "home").mkdir()
    yield folder
    shutil.rmtree((folder / "home" / "cluster").resolve(), ignore_errors=True)
    shutil.rmtree(folder)


def connects(cluster: Cluster) -> bool:
    engine = create_engine(cluster.url())
    with engine.connect() as connection:
        answered = connection.execute(text("SELECT true")).scalar_one()
    engine.dispose()
    return bool(answered)


@only_root
def test_for_root_the_server_runs_as_an_account_without_power(home: Path) -> None:
    with Cluster(home, durable=False):
        assert psutil.Process(postmaster_of(home)).username() == "postgres"


@only_root
def test_in_a_folder_closed_to_that_account_the_cluster_lives_elsewhere_and_the_folder_stays_closed(
    closed_folder: Path,
) -> None:
    with Cluster(closed_folder / "home", durable=False) as cluster:
        assert connects(cluster)
    place = closed_folder / "home" / "cluster"
    assert place.is_symlink()
    assert mode(place.resolve()) == 0o700
    assert mode(closed_folder) == 0o700
    with Cluster(closed_folder / "home", durable=False) as again:
        assert connects(again)


@only_root
def test_other_accounts_of_the_machine_cannot_sign_in_and_neither_can_the_one_that_runs_it(home: Path) -> None:
    with Cluster(home, durable=False):
        socket = (home / "cluster" / "socket").resolve()
        for account in ("nobody", "postgres"):
            tried = subprocess.run(
                [find_programs() / "psql", "-h", socket, "-U", "lantern_admin", "-d", "lantern", "-c", "SELECT 1"],
                user=account, extra_groups=[], cwd="/", capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert tried.returncode != 0, account


def test_a_home_with_a_path_too_long_for_a_socket_works(home: Path) -> None:
    deep = home / ("long-" * 12) / ("path-" * 12)
    with Cluster(deep, durable=False) as cluster:
        assert connects(cluster)
        socket = Path(str(psutil.Process(postmaster_of(deep)).net_connections("unix")[0].laddr))
        assert mode(socket.parent) == 0o700
        assert deep not in socket.parents
    shutil.rmtree(socket.parent)


def test_a_home_with_spaces_quotes_and_a_letter_of_another_alphabet_works(home: Path) -> None:
    with Cluster(home / 'it\'s "Łódź" at home', durable=False) as cluster:
        assert connects(cluster)


def test_a_home_with_a_comma_works_though_clients_take_it_for_two_hosts(home: Path) -> None:
    with Cluster(home / "here, there", durable=False) as cluster:
        assert connects(cluster)
        socket = Path(str(psutil.Process(postmaster_of(home / "here, there")).net_connections("unix")[0].laddr))
    shutil.rmtree(socket.parent)


def test_a_home_that_cannot_be_made_is_told(home: Path) -> None:
    (home / "file").touch()
    with pytest.raises(ClusterError, match="LANTERN_HOME"):
        make_home(home / "file" / "inside")


def test_a_new_home_is_private_and_its_parent_is_not_touched(home: Path) -> None:
    before = mode(home)
    make_home(home / "mine")
    assert mode(home / "mine") == (0o711 if os.geteuid() == 0 else 0o700)
    assert mode(home) == before


def test_a_folder_full_of_other_things_keeps_its_permissions(home: Path) -> None:
    (home / "letters").mkdir()
    home.chmod(0o750)
    make_home(home)
    assert mode(home) == 0o750


def test_a_link_where_the_socket_should_be_is_refused(home: Path) -> None:
    (home / "trap").symlink_to(home)
    with pytest.raises(ClusterError, match="Remove it"):
        me().make_private(home / "trap")


@only_root
def test_a_folder_of_somebody_else_is_refused(home: Path) -> None:
    (home / "theirs").mkdir()
    os.chown(home / "theirs", 65534, 65534)
    with pytest.raises(ClusterError, match="Remove it"):
        me().make_private(home / "theirs")
