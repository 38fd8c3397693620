"""The processes of the private cluster: initdb and the postmaster."""

import ctypes
import os
import platform
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from api.cluster_account import Account, ClusterError
from api.postgresql import find_programs

PATIENCE = 60.0  # seconds
LOG_FULL = 1_000_000  # bytes
PR_SET_PDEATHSIG = 1
ON_LINUX = platform.system() == "Linux"

# The log tells of starts, stops and crashes, never of statements: those may hold places.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_temp_files": "-1",
    "log_lock_waits": "off",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
    "shared_buffers": "256MB",
    "max_connections": "60",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum": "on",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


def initialise(place: Path, account: Account, logins: tuple[str, ...], admin: str) -> None:
    """Makes the data folder when there is none, and lets whoever runs Lantern sign in by the socket, as `logins`."""
    data = place / "data"
    if not data.exists():
        half_made = place / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        made = subprocess.run(
            [find_programs() / "initdb", "--pgdata", half_made, "--username", admin, "--encoding", "UTF8",
             "--locale", _locale(), "--auth-local", "peer", "--auth-host", "reject"],
            capture_output=True, text=True, check=False, cwd="/", env=_environment(), **account.as_process,
        )  # fmt: skip
        if made.returncode:
            raise ClusterError(f"initdb could not make {data}:\n{made.stderr.strip()}")
        half_made.rename(data)
    me = pwd.getpwuid(os.geteuid()).pw_name
    allowed = "".join(f'lantern "{me}" {login}\n' for login in logins)
    for name, text in (("pg_hba.conf", "local all all peer map=lantern\n"), ("pg_ident.conf", allowed)):
        with _open_own(data / name, account, os.O_TRUNC) as file:
            file.write(text.encode())


class Postmaster:
    """The server process of the cluster in `place`, listening in the folder `socket`, run by `account`."""

    def __init__(self, place: Path, socket: Path, account: Account, *, durable: bool) -> None:
        self._place = place
        self._data = place / "data"
        self._socket = socket
        self._account = account
        self._settings = SETTINGS | ({} if durable else CARELESS) | {"unix_socket_directories": _quoted(socket)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def end_leftover(self) -> None:
        """Ends a server that a killed Lantern left behind; forgets a process id that is no such server's any more."""
        pid = self._pid()
        if pid is None:
            return
        for kind in (signal.SIGINT, signal.SIGQUIT):
            if self._is_ours(pid):
                os.kill(pid, kind)
                _until(lambda: not self._is_ours(pid), PATIENCE / 2)
        if self._is_ours(pid):
            raise ClusterError(f"The server that an earlier Lantern left behind (process {pid}) does not end.")
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def start(self) -> None:
        """Starts the server and returns when it answers; it recovers from a crash by itself."""
        if not self._launch():
            # Workers of a killed server may hold its memory for a moment: once more, when they are gone.
            time.sleep(2)
            if not self._launch():
                raise ClusterError(f"PostgreSQL did not start. Its last words, from {self._log}:\n{self._last_words()}")

    def stop(self) -> None:
        """Closes open connections and stops the server; after half a minute without grace."""
        if self._process is None:
            return
        for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(kind)
            try:
                self._process.wait(PATIENCE / 2)
                return
            except subprocess.TimeoutExpired:
                continue

    @property
    def _log(self) -> Path:
        return self._place / "postgresql.log"

    def _launch(self) -> bool:
        if self._log.exists() and self._log.stat().st_size > LOG_FULL:
            self._log.rename(self._log.with_suffix(".log.1"))
        programs = find_programs(int((self._data / "PG_VERSION").read_text()))
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with _open_own(self._log, self._account, os.O_APPEND) as log:
            self._process = subprocess.Popen(
                [programs / "postgres", "-D", self._data, *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_environment(), start_new_session=True,
                preexec_fn=_end_with_parent(),  # noqa: PLW1509 – started in the main thread, before there are others
                **self._account.as_process,
            )  # fmt: skip
        return _until(lambda: self._ready() or not self.running, PATIENCE) and self.running

    def _ready(self) -> bool:
        lines = self._pid_file()
        return (
            self._process is not None
            and len(lines) > 7
            and lines[0] == str(self._process.pid)
            and lines[7].startswith("ready")
        )

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _pid(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _is_ours(self, pid: int) -> bool:
        """Whether this process is a server of this data folder; one that has ended and was not waited for is none."""
        if ON_LINUX:
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                return False
            return words[0].endswith(b"/postgres") and os.fsencode(self._data) in words
        said = subprocess.run(["/bin/ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return f"/postgres -D {self._data} " in said.stdout

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-8:])


def _end_with_parent() -> Callable[[], None] | None:
    """What the new process runs before it becomes PostgreSQL: on Linux it asks to be stopped when Lantern is killed."""
    if not ON_LINUX:
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _environment() -> dict[str, str]:
    """PostgreSQL's environment: nothing of ours that changes what it does (PGDATA, PGPORT, locales)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": _locale()}


def _quoted(folder: Path) -> str:
    """One entry in a setting that is a list."""
    return '"' + str(folder).replace('"', '""') + '"'


def _locale() -> str:
    return "C.UTF-8" if ON_LINUX else "en_US.UTF-8"


def _open_own(file: Path, account: Account, how: int) -> IO[bytes]:
    """Opens a file for writing as the account's own. Root follows no link here: the folder is another account's."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how, 0o600)
    os.fchown(opened, account.uid, account.gid)
    return os.fdopen(opened, "wb")


def _until(true: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
