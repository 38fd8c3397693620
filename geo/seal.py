"""What geo asks of whoever keeps the keys: to seal a text, and to open it."""

from typing import Protocol
from uuid import UUID


class Seal(Protocol):
    """Seals texts of one organisation; each opens only in the table, column and row that it was sealed for."""

    def seal(self, text: str, *, table: str, column: str, row_id: UUID) -> bytes: ...

    def open(self, sealed: bytes, *, table: str, column: str, row_id: UUID) -> str: ...
