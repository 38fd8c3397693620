"""What geo asks of whoever keeps the keys: to seal a text, and to open it."""

from typing import Protocol, TypedDict
from uuid import UUID


class CannotOpen(Exception):
    """What is sealed does not open: it is damaged, was moved from another row, or its key is gone. It says which row,
    and nothing of what is in it."""


class Place(TypedDict):
    """Where something sealed stands."""

    table: str
    column: str
    row_id: UUID


class Seal(Protocol):
    """Seals texts of one organisation; each opens only in the table, column and row that it was sealed for."""

    def seal(self, text: str, *, table: str, column: str, row_id: UUID) -> bytes: ...

    def open(self, sealed: bytes, *, table: str, column: str, row_id: UUID) -> str:
        """Raises CannotOpen."""


class NewestSeal(Seal, Protocol):
    """A seal that says whose it is, and by the number of which key it seals."""

    @property
    def organisation_id(self) -> UUID: ...

    @property
    def newest(self) -> int: ...
