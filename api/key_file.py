"""The master key, in a file outside the database: where it lies, who may read it, how it is made and replaced."""

import contextlib
import hashlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from api.settings import Settings

SIZE = 32
FINGERPRINT = 4


class KeyRefused(Exception):
    """The master key cannot be used; the message tells a person why and what to do, and never holds a key."""


class KeyMissing(KeyRefused):
    """There is no master key where it should be."""


class KeyWrong(KeyRefused):
    """The master key is another one than that by which the keys in the database were wrapped."""


@dataclass(frozen=True)
class MasterKey:
    """256 bits; `fingerprint` tells one from another and gives nothing away."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> bytes:
        return hashlib.sha256(b"lantern master key\x00" + self.secret).digest()[:FINGERPRINT]


@dataclass(frozen=True)
class KeyFile:
    """A file with 64 hexadecimal digits. `path` plus `.next` is there only while the master key is being replaced.

    `own`: it lies in LANTERN_HOME, and Lantern may make it. Otherwise it is whoever set LANTERN_KEY_FILE that does.
    """

    path: Path
    own: bool = True

    @classmethod
    def of(cls, settings: Settings) -> "KeyFile":
        if settings.key_file is not None:
            return cls(settings.key_file, own=False)
        return cls(settings.home / "keys" / "master")

    @property
    def next(self) -> Path:
        return self.path.with_name(f"{self.path.name}.next")

    def keys(self) -> list[MasterKey]:
        """The newest first: what is wrapped now is wrapped by that one. Raises KeyMissing, KeyRefused."""
        found = [key for path in (self.next, self.path) if (key := self._read(path)) is not None]
        if not found:
            raise KeyMissing(
                f"The master key is missing: there is no {self.path}. Put it back from where you keep its copy; "
                "without it the notes in this database cannot be read. docs/how-to/keys.md tells more."
            )
        return found

    def exists(self) -> bool:
        return self.path.exists() or self.next.exists()

    def make(self) -> None:
        """Makes a master key; one that is there already stays. Raises KeyRefused."""
        if not self.own:
            raise KeyMissing(
                f"LANTERN_KEY_FILE names {self.path}, which is not there. Make it, with as many hexadecimal digits as "
                f"`openssl rand -hex {SIZE}` writes, readable by the account that runs Lantern alone."
            )
        self._write(self.path)

    def begin_next(self) -> None:
        """Makes the master key that is to follow, unless an earlier beginning left one."""
        self._write(self.next)

    def finish_next(self) -> None:
        """The next master key takes the place of the one before, which is gone then."""
        os.replace(self.next, self.path)
        _settle(self.path.parent)

    def _read(self, path: Path) -> MasterKey | None:
        try:
            with path.open("rb") as file:
                self._refuse_open_door(path, os.fstat(file.fileno()).st_mode)
                text = file.read(1024)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyRefused(f"The master key in {path} cannot be read: {error.strerror}.") from None
        with contextlib.suppress(ValueError):
            secret = bytes.fromhex(text.decode("ascii").strip())
            if len(secret) == SIZE:
                return MasterKey(secret)
        raise KeyRefused(f"{path} holds no master key: it has to be {SIZE * 2} hexadecimal digits and nothing else.")

    def _refuse_open_door(self, path: Path, mode: int) -> None:
        """A file of ours is its owner's alone; one from outside may be shared with a group, never with all."""
        if stat.S_IMODE(mode) & (0o077 if self.own else 0o007):
            right = "600" if self.own else "640"
            raise KeyRefused(f"Others may read the master key in {path}. Take that from them: chmod {right} {path}")

    def _write(self, path: Path) -> None:
        """All of the file or nothing, and never over one that is there."""
        if path.exists():
            return
        try:
            if self.own:
                path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.parent.mkdir(mode=0o700, exist_ok=True)
                path.parent.chmod(0o700)
            handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # readable by its owner alone
            with os.fdopen(handle, "w") as file:
                file.write(f"{secrets.token_hex(SIZE)}\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
            os.unlink(name)
            _settle(path.parent)
        except OSError as error:
            raise KeyRefused(f"The master key cannot be written to {path}: {error.strerror}.") from None


def _settle(folder: Path) -> None:
    """Makes sure that the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
