"""Files in: GeoJSON, GeoJSONSeq and CSV, as rows.

A file is read once, from its beginning, in memory that does not grow with it. Its name says what it is, or else its
first bytes; no library that guesses, and may then open other files, touches it. What strangers send is read in a
process of its own, see `geo.reading_process`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple, Protocol

from geo.file_form import CONVERT, UNPACK, FileForm
from geo.reading_csv import LONGEST_NAME, MOST_COLUMNS, csv_rows
from geo.reading_geojson import Feature, collection_features, sequence_features
from geo.record import LONGEST, Encoding, FileError, Record, Refused

HEAD = 64 * 1024
LOOKED_AT = 100
"""How many features are looked at to learn which properties there are."""

PACKED = (
    b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b", b"BZh91AY", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf", b"Rar!\x1a",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """An open file: its columns (names in the header, or of properties), its rows (once), and what `line` counts."""

    columns: tuple[str, ...]
    rows: Iterator[Record | Refused]
    counted: str = "line"


class HasColumns(Protocol):
    @property
    def columns(self) -> tuple[str, ...]: ...


class Column(NamedTuple):
    """A column that an import knows, with the names it goes by in the files of the world, the likeliest first."""

    name: str
    guesses: tuple[str, ...]
    required: bool = False


def open_source(file: BinaryIO, encoding: Encoding = Encoding.UTF_8, form: FileForm | None = None) -> Source:
    """Looks at the first bytes and begins to read; raises FileError, here or while the rows are read."""
    first = file.readline(LONGEST)
    head = first[:HEAD] + (rest := file.read(HEAD))
    file.seek(0)
    _check_is_text(head)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise FileError("The file is empty.")
    is_json = start.startswith((b"\x1e", b"{", b"["))
    if form not in (None, FileForm.JSON if is_json else FileForm.CSV):
        there = "GeoJSON, so name it .geojson" if is_json else "no GeoJSON"
        raise FileError(f"By its name this is {'CSV' if is_json else 'GeoJSON'}, but what is in it is {there}.")
    if start.startswith(b"\x1e") or _is_sequence(first, rest):
        return _of_features(sequence_features(file, encoding), "line")
    if is_json:
        return _of_features(collection_features(file, encoding), "feature")
    if b"\r" in head and b"\n" not in head:
        raise FileError("Its lines end in CR alone, as on old machines. Save it with lines that end in LF.")
    columns, rows = csv_rows(file, encoding)
    return Source(columns, rows)


def _check_is_text(head: bytes) -> None:
    if head.startswith(PACKED):
        raise FileError(UNPACK)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError("The file is in UTF-16. Save it as UTF-8.")
    if b"\0" in head or head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<", b"%PDF")):
        raise FileError(CONVERT)


def _is_sequence(first: bytes, rest: bytes) -> bool:
    """One whole object on the first line and another below it; a collection on one line is no sequence."""
    return first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def _of_features(features: Iterator[Feature | Refused], counted: str) -> Source:
    first = list(islice(features, LOOKED_AT))
    names = dict.fromkeys(name for one in first if isinstance(one, Feature) for name in one.properties)
    columns = tuple(name for name in islice(names, MOST_COLUMNS) if len(name) <= LONGEST_NAME)
    return Source(columns, (_record(one, columns) for one in chain(first, features)), counted)


def _record(found: Feature | Refused, columns: tuple[str, ...]) -> Record | Refused:
    if isinstance(found, Refused):
        return found
    return Record(found.line, [_text(found.properties.get(name)) for name in columns], found.geometry)


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
    return ""


def find_columns(source: HasColumns, wanted: Sequence[Column], named: Mapping[str, str]) -> dict[str, int]:
    """Where each wanted column stands in the file: as named by the person, else as guessed; absent ones are left out.

    Raises FileError for a name that is not there and for a required column that nothing looks like.
    """
    places = {_plain(name): place for place, name in reversed(list(enumerate(source.columns)))}
    there = f"The file has: {', '.join(source.columns)}."
    known = {column.name for column in wanted}
    if named.keys() - known:
        raise FileError(f"The option column names one of {', '.join(sorted(known))}, as in {wanted[0].name}=THEIRS.")
    found: dict[str, int] = {}
    for column in wanted:
        names = (_plain(named[column.name]),) if column.name in named else column.guesses
        place = next((places[name] for name in names if name in places), None)
        if place is not None:
            found[column.name] = place
        elif column.name in named:
            raise FileError(f"The file has no column of the name given for {column.name}.", there)
        elif column.required:
            raise FileError(
                f"Which column is the {column.name}? Name it with the option column, as in {column.name}=THEIRS.", there
            )
    return found


def _plain(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
