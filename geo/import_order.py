"""What a person orders with an import, and the account given when it is over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from geo.record import Encoding, Refused
from geo.seal import Seal

LISTED = 1000
"""The most refused rows that are listed; the others are counted."""


@dataclass(frozen=True)
class Order:
    """`columns` names the file's columns by ours, `kinds` a site type for a kind in the file. `valid_from` is the first
    day of what the file gives no day for. `distance_m` (metres) is how near rows of one kind lie that are one site.
    `seal` seals notes. `file_name` says what the file is. `tell` hears which step begins, `heard` how many bytes of the
    file were read."""

    organisation_id: UUID
    today: date
    seal: Seal
    account_id: UUID | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    encoding: Encoding = Encoding.UTF_8
    distance_m: float = 25.0
    valid_from: date | None = None
    dry_run: bool = False
    keep_going: bool = False
    file_name: str = ""
    tell: Callable[[str], None] = lambda step: None
    heard: Callable[[int], None] = lambda at: None


@dataclass
class Reckoning:
    """Rows read, and what became of each: kept (new), changed, already there, or refused. `sites` counts the new
    sites. `written` is false when nothing was: after a dry run, or where a row was refused and that stops the import.
    """

    counted: str
    read: int = 0
    kept: int = 0
    changed: int = 0
    already_there: int = 0
    refused: int = 0
    sites: int = 0
    written: bool = False
    refusals: list[Refused] = field(default_factory=list)

    def refuse(self, refused: Refused) -> None:
        self.refused += 1
        if len(self.refusals) < LISTED:
            self.refusals.append(refused)

    def as_json(self) -> dict[str, Any]:
        """For the API: the numbers, and the refused rows by line."""
        numbers = {name: value for name, value in vars(self).items() if name != "refusals"}
        return numbers | {"refusals": [{"line": line, "reason": reason} for line, reason in self.refusals]}
