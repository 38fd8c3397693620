"""Finds the PostgreSQL programs on this machine: 15 or newer, with PostGIS beside them.

Only the standard library is used: the set-up runs this file before anything is installed
(`python3 api/postgresql.py` prints the folder of the programs, or ends with 1).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = 15
FOLDERS = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
    ("/usr", "pgsql-*/bin"),
)


class PostgresqlMissing(Exception):
    """No PostgreSQL 15 or newer with PostGIS was found on this machine."""


def find_programs(major: int | None = None) -> Path:
    """The folder of `postgres` and `initdb`: of the newest version with PostGIS, or of a given major version."""
    found = {version: folder for folder in _folders() if (version := _major(folder)) and _has_postgis(folder)}
    usable = sorted(version for version in found if version >= OLDEST and major in (None, version))
    if not usable:
        raise PostgresqlMissing(
            f"This database was made by PostgreSQL {major}, which is not here any more, or not with PostGIS. "
            "Install it again, or move the data with pg_dump where it is."
            if major
            else f"PostgreSQL {OLDEST} or newer with PostGIS is not on this machine. `make run` installs it."
        )
    return found[usable[-1]]


def _folders() -> list[Path]:
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for root, pattern in FOLDERS:
        folders += sorted(Path(root).glob(pattern))
    return [folder for folder in folders if os.access(folder / "postgres", os.X_OK) and (folder / "initdb").exists()]


def _major(folder: Path) -> int | None:
    said = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)(?:\.\d+|devel|beta|rc)", said)
    return int(number.group(1)) if number else None


def _has_postgis(folder: Path) -> bool:
    asked = folder / "pg_config"
    if not asked.exists():
        return False
    share = subprocess.run([str(asked), "--sharedir"], capture_output=True, text=True, check=False).stdout.strip()
    return (Path(share) / "extension" / "postgis.control").exists()


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_programs()}\n")
    except PostgresqlMissing as missing:
        sys.exit(str(missing))
