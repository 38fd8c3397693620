"""GeoJSON in (RFC 7946), and GeoJSONSeq (RFC 8142, also one feature a line): one feature at a time."""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from geo.record import LONGEST, Encoding, FileError, Lines, Refused

CHUNK = 256 * 1024
WHITESPACE = " \t\r\n"
BLANK = re.compile(f"[{WHITESPACE}]*")
LON_LAT = ("CRS84", "EPSG::4326", "EPSG:4326")
KEPT = ("type", "crs", "properties", "geometry")
NOT_JSON = "The file is not JSON that can be read."


class Feature(NamedTuple):
    line: int
    properties: dict[str, Any]
    geometry: object


def feature(line: int, value: object) -> Feature | Refused:
    if not isinstance(value, dict) or value.get("type") != "Feature":
        return Refused(line, "is not a GeoJSON Feature")
    properties = value.get("properties") or {}
    if not isinstance(properties, dict):
        return Refused(line, "its properties are not an object")
    return Feature(line, properties, value.get("geometry"))


def sequence_features(file: BinaryIO, encoding: Encoding) -> Iterator[Feature | Refused]:
    """One feature a line, with or without record separators."""
    lines = Lines(file, encoding)
    for text in lines:
        record = text.strip("\x1e" + WHITESPACE)
        if lines.broken == lines.number:
            yield Refused(lines.number, lines.not_readable())
        elif record:
            try:
                yield feature(lines.number, json.loads(record))
            except (ValueError, RecursionError):
                yield Refused(lines.number, "is not JSON that can be read")


def collection_features(file: BinaryIO, encoding: Encoding) -> Iterator[Feature | Refused]:
    """The features of a FeatureCollection (or one lone Feature), while the file is read."""
    text = _Text(file, encoding)
    members: dict[str, Any] = {}
    text.expect("{")
    while not text.found("}"):
        if members:
            text.expect(",")
        name = text.value()
        text.expect(":")
        if name == "features":
            members[name] = True
            yield from _features(text)
        else:
            value = text.value()
            members[str(name)[:20]] = value if name in KEPT else None
            _check_crs(members)
    text.expect("")
    if "features" not in members:
        if members.get("type") != "Feature":
            raise FileError("The file is JSON, but no GeoJSON FeatureCollection.")
        yield feature(1, members)


def _features(text: "_Text") -> Iterator[Feature | Refused]:
    text.expect("[")
    number = 0
    while not text.found("]"):
        if number:
            text.expect(",")
        number += 1
        yield feature(number, text.value())


def _check_crs(members: dict[str, Any]) -> None:
    crs = members.get("crs")
    if crs is None:
        return
    name = crs.get("properties", {}).get("name", "") if isinstance(crs, dict) else ""
    if not str(name).endswith(LON_LAT):
        raise FileError("The file is in another coordinate system. GeoJSON is longitude and latitude (WGS 84).")


class _Text:
    """A JSON text of any length, of which one value at a time is held. Raises FileError where it is none."""

    def __init__(self, file: BinaryIO, encoding: Encoding) -> None:
        self._file = file
        self._encoding = encoding
        self._decode = getincrementaldecoder("utf-8-sig" if encoding is Encoding.UTF_8 else encoding.value)().decode
        self._held, self._at, self._ended = "", 0, False
        self._parse = json.JSONDecoder().raw_decode

    def expect(self, sign: str) -> None:
        if not self.found(sign):
            raise FileError("The file ends before its GeoJSON does." if self._at == len(self._held) else NOT_JSON)

    def found(self, sign: str) -> bool:
        """Whether this sign comes next (an empty one: the end); it is passed over."""
        self._skip()
        if self._held[self._at : self._at + 1] != sign:
            return False
        self._at += len(sign)
        return True

    def value(self) -> Any:
        self._skip()
        while True:
            try:
                value, end = self._parse(self._held, self._at)
                if end < len(self._held) or self._ended:  # a number may go on in the next chunk
                    self._at = end
                    return value
            except (ValueError, RecursionError):
                if self._ended or len(self._held) - self._at > LONGEST:
                    raise FileError(NOT_JSON) from None
            self._more(max(CHUNK, len(self._held) - self._at))

    def _skip(self) -> None:
        while True:
            self._at += len(BLANK.match(self._held, self._at)[0])  # type: ignore[index]
            if self._at < len(self._held) or self._ended:
                return
            self._more(CHUNK)

    def _more(self, size: int) -> None:
        chunk = self._file.read(size)
        try:
            self._held = self._held[self._at :] + self._decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise FileError(
                f"The file is not {self._encoding.upper()}. "
                "Say what it is with the option encoding, windows-1250 for instance."
            ) from None
        self._at, self._ended = 0, not chunk
