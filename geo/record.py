"""What a file holds, row by row, and what is said of a file or row that is not taken."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import BinaryIO, NamedTuple

LONGEST = 16 * 1024 * 1024
"""The most bytes of one line or feature."""


class FileError(Exception):
    """The file as a whole cannot be read: `what` is wrong and what to do; the message adds names from the file."""

    def __init__(self, what: str, names: str = "") -> None:
        super().__init__(f"{what} {names}".strip())
        self.what = what
        self.names = names


class Encoding(StrEnum):
    """Encodings in which a line ends where its bytes say."""

    UTF_8 = "utf-8"
    WINDOWS_1250 = "windows-1250"
    WINDOWS_1252 = "windows-1252"
    ISO_8859_1 = "iso-8859-1"
    ISO_8859_2 = "iso-8859-2"
    ISO_8859_15 = "iso-8859-15"


class Record(NamedTuple):
    """A row: its cells in the order of the file's columns, and the geometry of a feature (a GeoJSON object).

    `line` is where the row begins in the file; in a FeatureCollection it is the number of the feature. Both from 1.
    """

    line: int
    cells: Sequence[str]
    geometry: object = None


class Refused(NamedTuple):
    """A row that is not taken, and why. The reason holds nothing of what the row says about a place."""

    line: int
    reason: str


class Lines:
    """The lines of a file as text, numbered from 1, each at most LONGEST bytes long.

    `broken` is the number of the last line that is not in the encoding; such a line comes with marks in place of what
    cannot be read. Raises FileError where a line is too long.
    """

    def __init__(self, file: BinaryIO, encoding: Encoding) -> None:
        self._file = file
        self._encoding = encoding.value
        self.number = 0
        self.broken = 0

    def __iter__(self) -> Iterator[str]:
        file, encoding = self._file, self._encoding
        while line := file.readline(LONGEST):
            self.number += 1
            if len(line) == LONGEST:
                raise FileError(f"Line {self.number} is longer than {LONGEST // 1024 // 1024} MB.")
            if self.number == 1 and encoding == "utf-8":
                line = line.removeprefix(b"\xef\xbb\xbf")
            try:
                yield line.decode(encoding)
            except UnicodeDecodeError:
                self.broken = self.number
                yield line.decode(encoding, errors="replace")

    def not_readable(self) -> str:
        """What to say of a row on a line that is not in the encoding."""
        return f"is not {self._encoding.upper()}; say what it is with the option encoding, windows-1250 for instance"
