"""Which account of the operating system runs the private cluster, and where on the disk that account may live."""

import hashlib
import os
import pwd
import re
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

ROOTS_CLUSTERS = Path("/var/lib/lantern")
UNPRIVILEGED = "postgres"
SOCKET_FILE = ".s.PGSQL.5432"
LONGEST_SOCKET = 103  # bytes: 107 on Linux, 103 on macOS


class ClusterError(Exception):
    """The private cluster cannot be used; the message tells a person why and what to do."""


class AsProcess(TypedDict):
    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True)
class Account:
    """An account of the operating system that owns the cluster's files and runs its processes."""

    name: str
    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def as_process(self) -> AsProcess:
        """The arguments of `subprocess` that start a program as this account."""
        if self.is_me:
            return {"user": None, "group": None, "extra_groups": None}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_enter(self, folder: Path) -> bool:
        """Whether this account may pass through the folder and all above it, asked of the system itself."""
        if self.is_me:
            return os.access(folder, os.X_OK)
        asked = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$0/."', str(folder)], cwd="/", check=False, **self.as_process
        )
        return asked.returncode == 0

    def make_private(self, folder: Path) -> Path:
        """Makes the folder, or takes it over when it is this account's own: mode 0700, no link, nobody else's."""
        try:
            folder.mkdir(mode=0o700)
            os.chown(folder, self.uid, self.gid)
        except FileExistsError:
            pass
        except OSError as error:
            raise ClusterError(f"{folder} cannot be made: {error.strerror}.") from None
        seen = folder.lstat()
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != self.uid:
            raise ClusterError(f"{folder} is not a folder of the account {self.name}. Remove it, then start again.")
        folder.chmod(0o700)
        return folder


def whoever_runs(home: Path) -> Account:
    """The account for this home: its cluster's owner when there is one, else who asks, and `postgres` for root.

    PostgreSQL refuses to run as root.
    """
    place = home / "cluster"
    uid = place.stat().st_uid if place.exists() else os.geteuid()
    if uid == 0:
        try:
            entry = pwd.getpwnam(UNPRIVILEGED)
        except KeyError:
            raise ClusterError(
                f"PostgreSQL does not run as root, and there is no account {UNPRIVILEGED!r} to run it as. "
                "Install PostgreSQL from the system's packages, or start Lantern as an ordinary user."
            ) from None
    else:
        entry = pwd.getpwuid(uid)
    if os.geteuid() not in (0, entry.pw_uid):
        raise ClusterError(f"The cluster in {home} belongs to {entry.pw_name}. Start Lantern as that user.")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def make_home(home: Path) -> Path:
    """Makes LANTERN_HOME: private to its owner, except that root's lets others pass to folders they own inside."""
    new = not home.exists()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ClusterError(f"{home} cannot be made: {error.strerror}. Set LANTERN_HOME to a folder of yours.") from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise ClusterError(f"You may not write to {home}. Set LANTERN_HOME to a folder of your own.")
    ours = new or (home / "lock").exists() or not any(home.iterdir())
    if ours and home.stat().st_uid == os.geteuid():
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return home


def make_place(home: Path, account: Account) -> Path:
    """Makes `home/cluster`, where the cluster lives; a link when the account may not reach the home itself."""
    place = home / "cluster"
    if place.is_symlink():
        return account.make_private(place.resolve())
    if account.may_enter(home):
        return account.make_private(place)
    if not ROOTS_CLUSTERS.exists():
        ROOTS_CLUSTERS.mkdir(parents=True)
        ROOTS_CLUSTERS.chmod(0o711)
    elsewhere = account.make_private(ROOTS_CLUSTERS / _short_name(home))
    place.symlink_to(elsewhere)
    return elsewhere


def make_socket_folder(place: Path, account: Account) -> Path:
    """Makes the private folder of the socket: in the cluster's place, or near the root when that path will not do."""
    inside = place / "socket"
    if _usable(inside):
        return account.make_private(inside)
    runtime = os.environ.get("XDG_RUNTIME_DIR", "") if account.is_me else ""
    for root in (runtime, tempfile.gettempdir(), "/tmp"):  # noqa: S108 – a folder of ours inside it, ownership checked
        folder = Path(root) / f"lantern-{account.uid}-{_fingerprint(place)}"
        if root and _usable(folder) and os.path.isdir(root) and account.may_enter(Path(root)):
            return account.make_private(folder)
    raise ClusterError(f"No folder with a short enough path for the socket of {place} was found.")


def _usable(folder: Path) -> bool:
    """Whether a client can name a socket in this folder: a short path, and no comma, which parts several hosts."""
    return len(os.fsencode(folder / SOCKET_FILE)) <= LONGEST_SOCKET and "," not in str(folder)


def _short_name(home: Path) -> str:
    return f"{re.sub('[^A-Za-z0-9]+', '-', home.name).strip('-')[:20]}-{_fingerprint(home)}"


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]
