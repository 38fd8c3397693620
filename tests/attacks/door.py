"""One door, and the people who try it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ALICE, BEN, MARA, PIM, DORA, STEFAN, OTTO = "alice", "ben", "mara", "pim", "dora", "stefan", "otto"
NOBODY = "nobody"
HASTY = "hasty"  # Mara, who has not said why she looks at exact places
EVERYONE = frozenset({NOBODY, ALICE, BEN, MARA, HASTY, PIM, DORA, STEFAN, OTTO})
SIGNED_IN = EVERYONE - {NOBODY}
WORKERS = frozenset({ALICE, BEN})
MANAGERS = frozenset({MARA, HASTY, OTTO})
REACHING = WORKERS | MANAGERS
KEEPING = MANAGERS | {STEFAN}
PLANNING = KEEPING | {PIM}
COLLEAGUES = REACHING | {STEFAN}
KNOWING = COLLEAGUES | {DORA}


@dataclass(frozen=True)
class Door:
    """`what` is method and path as the app names them. A word in braces stands for the id of a row, in the path, the
    query, a form or a body: one kind of row a door, `row`. `exact`: for managers with a purpose alone. `menders`: the
    kind that says who may change what others may only read. `instead`: the status of those who may pass and find the
    way barred for a reason of their own. `in_person`: an access token does not open it. `plain`: other parameters of
    the path; `at`: a path below what is mounted; `box`: the header that says which box."""

    what: str
    may: frozenset[str]
    row: str | None = None
    query: str = ""
    body: Any = None
    form: Mapping[str, str] | None = None
    file: str | None = None
    version: bool = False
    exact: bool = False
    in_person: bool = False
    menders: str | None = None
    instead: Mapping[str, int] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    at: str = ""
    box: str = ""

    @property
    def method(self) -> str:
        return self.what.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.what.partition(" ")[2]
