"""Versions: a row's version is its ETag, and a change states in If-Match the version it saw."""

import re
from typing import Annotated, Protocol

from fastapi import Header

from api.problem import STALE_VERSION, VERSION_REQUIRED, Problem

TAG = re.compile(r'(W/)?"([0-9]{1,9})"')
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag you saw.", max_length=200)]


class HasVersion(Protocol):
    @property
    def version(self) -> int: ...


def etag(row: HasVersion) -> str:
    return f'"{row.version}"'


def check_version(row: HasVersion, if_match: str | None) -> None:
    """Raises `version-required` where none is stated (`*` states none), and `stale-version` where it is another.

    Comparison is strong (RFC 9110, 13.1.1): a weak tag never fits.
    """
    if if_match is None or if_match.strip() == "*":
        raise Problem(VERSION_REQUIRED)
    if not any(not weak and int(version) == row.version for weak, version in TAG.findall(if_match)):
        raise Problem(STALE_VERSION)
