"""CSV in: comma, semicolon or tab, quotes as in RFC 4180, one header line."""

import csv
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from geo.record import LONGEST, Encoding, FileError, Lines, Record, Refused

MOST_COLUMNS, LONGEST_NAME = 1000, 200
DELIMITERS = (",", ";", "\t", "|")


def csv_rows(file: BinaryIO, encoding: Encoding) -> tuple[tuple[str, ...], Iterator[Record | Refused]]:
    """The names in the header, and the rows below it. Raises FileError where the header cannot be read."""
    lines = Lines(file, encoding)
    texts = iter(lines)
    head = next(texts, "")
    if lines.broken:
        raise FileError(f"The header {lines.not_readable()}.")
    delimiter = max(DELIMITERS, key=head.count)
    csv.field_size_limit(LONGEST)  # one outline in WKT is longer than the library's usual limit
    reader = csv.reader(chain([head], texts), delimiter=delimiter, strict=True)
    try:
        names = tuple(name.strip() for name in next(reader))
    except (csv.Error, StopIteration):
        raise FileError("The header line cannot be read as CSV.") from None
    if len(names) > MOST_COLUMNS or any(len(name) > LONGEST_NAME for name in names):
        raise FileError(
            f"The first row is no header: at most {MOST_COLUMNS} columns, with names of at most {LONGEST_NAME} "
            "characters, can be read."
        )
    named = [name for name in names if name]
    if len(set(named)) < len(named):
        raise FileError("Two columns have the same name.")
    return names, _rows(reader, lines, len(names))


def _rows(reader: "Iterator[list[str]]", lines: Lines, width: int) -> Iterator[Record | Refused]:
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Refused(line, "its quotes do not match")
            continue
        if lines.broken >= line:
            yield Refused(line, lines.not_readable())
        elif len(cells) == width:
            yield Record(line, cells)
        elif cells:
            yield Refused(line, f"has {len(cells)} cells where the header has {width}")
