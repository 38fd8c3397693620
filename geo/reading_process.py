"""Files in, read by a process of their own that can do nothing but read; its word is checked, not trusted.

The file is that process's standard input, open already: it is given no path. See `geo.reading_lock` for what it may do,
and `geo.reading_child` for what it says.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from io import UnsupportedOperation
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TypeGuard, TypeVar

from anyio import fail_after, to_thread

from geo.file_form import FileForm
from geo.record import Encoding, FileError, Record, Refused

PATIENCE_S = 60.0
"""How long the process may take over each of its lines."""

LONGEST_LINE = 3 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS, LONGEST_WORDS, LONGEST_NAMES = 1000, 1000, 400, 4000
SECONDS, SECONDS_PER_MB = 60, 2
TOO_MUCH = (
    "Reading this file takes too much memory or time, so it was broken off. See whether it is what it should be; if it "
    "is, cut it into smaller files."
)
START = "import sys; sys.path.append(sys.argv.pop(1)); from geo.reading_child import main; main()"
ROOT = Path(__file__).parents[1]
Rows = list[Record | Refused]
T = TypeVar("T")


class Reading:
    """A file that is being read: its columns (names in the header, or of properties), what `line` counts, and its rows,
    once. `heard` is told how many bytes were read."""

    def __init__(self, process: "subprocess.Popen[bytes]", heard: Callable[[int], None]) -> None:
        self.columns: tuple[str, ...] = ()
        self.counted = "line"
        self._process = process
        self._heard = heard

    async def begin(self) -> None:
        """Hears the columns; raises FileError."""
        self.columns, self.counted = await self._hear(_heading)

    async def batches(self) -> AsyncIterator[Rows]:
        """The rows, some at a time; raises FileError."""
        width = len(self.columns)
        while True:
            at, rows = await self._hear(lambda said: _batch(said, width))
            if not rows:
                return
            self._heard(at)
            yield rows

    async def _hear(self, check: Callable[[dict[str, Any]], T]) -> T:
        try:
            with fail_after(PATIENCE_S):
                return await to_thread.run_sync(lambda: check(self._said()), abandon_on_cancel=True)
        except TimeoutError:
            raise FileError(TOO_MUCH) from None

    def _said(self) -> dict[str, Any]:
        """The next line. Whatever is wrong with it, the process is not what it was: it died, or worse."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline(LONGEST_LINE)
        try:
            said = json.loads(line) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise FileError(TOO_MUCH)
        if "wrong" in said:
            what, names = said["wrong"], said.get("names")
            if _is_plain(what) and isinstance(names, str):
                raise FileError(what, names[:LONGEST_NAMES])
            raise FileError(TOO_MUCH)
        return said


@asynccontextmanager
async def reading(
    file: BinaryIO, encoding: Encoding, form: FileForm | None = None, heard: Callable[[int], None] = lambda at: None
) -> AsyncIterator[Reading]:
    """Begins to read a file, and ends the process afterwards whatever became of it; raises FileError."""
    with _on_disk(file) as opened, _started(opened, encoding, form) as process:
        try:
            made = Reading(process, heard)
            await made.begin()
            yield made
        finally:
            process.kill()


def _started(file: BinaryIO, encoding: Encoding, form: FileForm | None) -> "subprocess.Popen[bytes]":
    seconds = SECONDS + SECONDS_PER_MB * (os.fstat(file.fileno()).st_size // 1024 // 1024)
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", START, str(ROOT), encoding.value, form or "", str(seconds)],
        stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/", start_new_session=True,
    )  # fmt: skip


@contextmanager
def _on_disk(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file itself, from its beginning; a copy without a name where it lies in memory only."""
    file.seek(0)
    try:
        file.fileno()
    except UnsupportedOperation:
        with TemporaryFile() as copy:
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            yield copy
    else:
        yield file


def _heading(said: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    columns, counted = said.get("columns"), said.get("counted")
    if not _are_texts(columns) or len(columns) > MOST_COLUMNS or counted not in ("line", "feature"):
        raise FileError(TOO_MUCH)
    return tuple(columns), counted


def _batch(said: dict[str, Any], width: int) -> tuple[int, Rows]:
    """How far the file was read, and rows; none at its end."""
    rows, at = said.get("rows"), said.get("at")
    if said.get("end") is True:
        return 0, []
    if type(rows) is not list or not 0 < len(rows) <= MOST_ROWS or type(at) is not int:
        raise FileError(TOO_MUCH)
    return at, [_row(row, width) for row in rows]


def _row(row: Any, width: int) -> Record | Refused:
    if type(row) is list and row and type(row[0]) is int:
        if len(row) == 3:
            line, cells, geometry = row
            if _are_texts(cells) and len(cells) == width and (geometry is None or type(geometry) is dict):
                return Record(line, cells, geometry)
        elif len(row) == 2 and _is_plain(row[1]):
            return Refused(row[0], row[1])
    raise FileError(TOO_MUCH)


def _are_texts(found: Any) -> TypeGuard[list[str]]:
    return type(found) is list and set(map(type, found)) <= {str}


def _is_plain(words: Any) -> TypeGuard[str]:
    return isinstance(words, str) and len(words) <= LONGEST_WORDS and words.isprintable()
