"""The private PostgreSQL cluster: started and stopped with Lantern, reached by a socket in a private folder only."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self

import psycopg
from psycopg import sql
from sqlalchemy import URL

from api.cluster_account import ClusterError, make_home, make_place, make_socket_folder, whoever_runs
from api.cluster_process import Postmaster, initialise

ADMIN = "lantern_admin"
SERVER = "lantern_web"
DATABASE = "lantern"


class HomeInUse(ClusterError):
    """Another Lantern holds this LANTERN_HOME."""


class Cluster:
    """The cluster that lives in a LANTERN_HOME.

    `start` makes and starts it and holds the home's lock until `stop`; `join` connects to one that another process
    has started. Start it in the main thread: on Linux it ends when the thread that started it does, `kill -9` included.
    `durable=False` gives up safety against a crash for speed: for tests only.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = Path(os.path.abspath(home.expanduser()))
        self._durable = durable
        self._lock: IO[str] | None = None
        self._seat: IO[str] | None = None
        self._socket: Path | None = None
        self._postmaster: Postmaster | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether this object started the cluster and it still runs."""
        return self._postmaster is not None and self._postmaster.running

    def url(self, login: str = SERVER, database: str = DATABASE) -> str:
        """SQLAlchemy's URL of a database in the cluster, for the server's login or for the administrator's."""
        if self._socket is None:
            raise ClusterError("The cluster has not been started.")
        where = {"host": str(self._socket), "port": "5432"}
        made = URL.create("postgresql+psycopg", username=login, database=database, query=where)
        return made.render_as_string(hide_password=False)

    def start(self) -> None:
        """Starts the cluster, making it first when there is none.

        Raises HomeInUse when another process has it, ClusterError when it does not start.
        """
        make_home(self.home)
        self._lock = self._take_lock()
        try:
            account = whoever_runs(self.home)
            place = make_place(self.home, account)
            socket = make_socket_folder(place, account)
            postmaster = Postmaster(place, socket, account, durable=self._durable)
            postmaster.end_leftover()
            initialise(place, account, logins=(ADMIN, SERVER), admin=ADMIN)
            postmaster.start()
            self._socket, self._postmaster = socket, postmaster
            self._furnish()
        except BaseException:
            self.stop()
            raise

    def stop(self, *, after_guests: bool = False) -> None:
        """Stops the cluster, if this object started it, and gives the home free.

        Open connections are closed, unless `after_guests` says to wait until those who joined have left.
        """
        if self._postmaster is not None:
            if after_guests:
                fcntl.flock(self._guests(), fcntl.LOCK_EX)
            self._postmaster.stop()
        for held in (self._seat, self._lock):
            if held is not None:
                held.close()
        self._postmaster = self._lock = self._seat = self._socket = None

    def join(self, patience: float = 60.0) -> bool:
        """Takes a guest's seat in the cluster that another process runs; False when that one has just stopped.

        Waits up to `patience` seconds until the cluster answers, then raises ClusterError.
        """
        fcntl.flock(self._guests(), fcntl.LOCK_SH)
        account = whoever_runs(self.home)
        self._socket = make_socket_folder(make_place(self.home, account), account)
        deadline = time.monotonic() + patience
        while is_in_use(self.home):
            try:
                with self._connection(DATABASE):
                    return True
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise ClusterError(f"The cluster in {self.home} does not answer.") from error
                time.sleep(0.1)
        self.stop()
        return False

    def _guests(self) -> IO[str]:
        self._seat = _held(self.home / "guests")
        return self._seat

    def _take_lock(self) -> IO[str]:
        lock = _held(self.home / "lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise HomeInUse(
                f"Another Lantern (process {holder}) uses {self.home}. "
                "Stop it first, or set LANTERN_HOME and LANTERN_PORT to run a second one beside it."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return lock

    def _furnish(self) -> None:
        """Makes the server's login and the database when they are missing."""
        with self._connection("postgres") as connection:
            for exists, make in (
                ("SELECT FROM pg_roles WHERE rolname = %s", (SERVER, "CREATE ROLE {} LOGIN")),
                ("SELECT FROM pg_database WHERE datname = %s", (DATABASE, "CREATE DATABASE {}")),
            ):
                name, statement = make
                if connection.execute(exists, [name]).fetchone() is None:
                    connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    @contextmanager
    def _connection(self, database: str) -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            host=str(self._socket), port=5432, user=ADMIN, dbname=database, autocommit=True, connect_timeout=5
        ) as connection:
            yield connection


def _held(file: Path) -> IO[str]:
    """Opens a file to lock it, and keeps others from it: whoever may read a file may lock it."""
    held = file.open("a+")
    if os.fstat(held.fileno()).st_uid == os.geteuid():
        os.fchmod(held.fileno(), 0o600)
    return held


def is_in_use(home: Path) -> bool:
    """Whether a process holds the lock of this home, and with it runs the cluster."""
    try:
        with (home / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
