"""The process that reads a file: it locks itself in, then writes the rows of its standard input as lines of JSON.

The first line names the columns, each further one holds some rows and how far the file was read, and the last says that
it was the last. It runs without any package but the standard library, and is started by `geo.reading_process`.
"""

import codecs
import json
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from geo.file_form import FileForm
from geo.reading import open_source
from geo.reading_lock import lock_in
from geo.record import Encoding, FileError, Record, Refused

LARGEST_ROW = 2 * 1024 * 1024
"""The most characters of one row as JSON; an outline of as many points as there may be has half of it."""

BATCH_CHARACTERS, BATCH_ROWS = 128 * 1024, 1000
DEEPEST = 4
"""How deep lists are nested in the coordinates of a MultiPolygon."""

encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def main() -> None:
    """Arguments: the encoding, the form (empty where the first bytes say it), and how many seconds it may take."""
    encoding, form, seconds = Encoding(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    for codec in (encoding.value, "utf-8-sig"):
        codecs.lookup(codec)  # nothing can be imported any more later
    lock_in(seconds)
    file, pipe = sys.stdin.buffer, sys.stdout.buffer
    status = 0
    try:
        for line in _lines(file, encoding, FileForm(form) if form else None):
            pipe.write(line.encode("utf-8", "surrogatepass") + b"\n")
            pipe.flush()
    except OSError:
        status = 1
    except MemoryError:
        status = 2
    os._exit(status)


def _lines(file: BinaryIO, encoding: Encoding, form: FileForm | None) -> Iterator[str]:
    try:
        source = open_source(file, encoding, form)
        yield encode({"columns": source.columns, "counted": source.counted})
        yield from _batches(file, source.rows)
        yield encode({"end": True})
    except FileError as error:
        yield encode({"wrong": error.what, "names": error.names})


def _batches(file: BinaryIO, rows: Iterator[Record | Refused]) -> Iterator[str]:
    waiting: list[str] = []
    size = 0
    for row in rows:
        text = _told(row)
        waiting.append(text)
        size += len(text)
        if size >= BATCH_CHARACTERS or len(waiting) >= BATCH_ROWS:
            yield _batch(file, waiting)
            waiting, size = [], 0
    if waiting:
        yield _batch(file, waiting)


def _batch(file: BinaryIO, waiting: list[str]) -> str:
    return f'{{"at":{file.tell()},"rows":[{",".join(waiting)}]}}'


def _told(row: Record | Refused) -> str:
    if isinstance(row, Refused):
        return encode(row)
    geometry = None if row.geometry is None else plain(row.geometry)
    if geometry is not None and deeper(geometry["coordinates"], DEEPEST):
        return encode(Refused(row.line, "its coordinates are nested too deep"))
    text = encode([row.line, row.cells, geometry])
    if len(text) > LARGEST_ROW:
        return encode(Refused(row.line, f"is longer than {LARGEST_ROW // 1024 // 1024} MB"))
    return text


def plain(geometry: Any) -> dict[str, Any]:
    """A geometry without what no rule looks at."""
    found = geometry if isinstance(geometry, dict) else {}
    kind = found.get("type")
    return {
        "type": kind if isinstance(kind, str) and len(kind) < 40 else None,
        "coordinates": found.get("coordinates"),
        "crs": found.get("crs") and True,
    }


def deeper(value: Any, levels: int) -> bool:
    """Whether more lists or objects are nested than that many levels."""
    if not isinstance(value, list | dict):
        return False
    if levels == 0 or isinstance(value, dict):
        return True
    return any(deeper(each, levels - 1) for each in value if isinstance(each, list | dict))
