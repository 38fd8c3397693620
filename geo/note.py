"""Notes that workers write for each other, on a site how to get there, on a visit what they found, on an alert what the
danger is: sealed at rest."""

import logging
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from geo.alert import Alert
from geo.seal import CannotOpen, Seal
from geo.site import Site
from geo.visit import Visit

log = logging.getLogger("lantern")
Noted = Site | Visit | Alert
COLUMNS: dict[type[Noted], str] = {Site: "access_note_sealed", Visit: "note_sealed", Alert: "note_sealed"}


def sealed_note(seal: Seal, table: type[Noted], row_id: UUID, text: str | None) -> bytes | None:
    if text is None:
        return None
    return seal.seal(text, table=table.__tablename__, column=COLUMNS[table], row_id=row_id)


def opened_note(seal: Seal, table: type[Noted], row_id: UUID, sealed: bytes | None) -> str | None:
    """The text of a note. None also for one that does not open: the log of the server says which, and the row that it
    belongs to, and all others, can be read without it."""
    if sealed is None:
        return None
    try:
        return seal.open(sealed, table=table.__tablename__, column=COLUMNS[table], row_id=row_id)
    except CannotOpen as fault:
        log.error("%s", fault)
        return None


def sealed_note_of(row: object) -> bytes | None:
    """The note of any row, still sealed; None for what has none."""
    found: bytes | None = getattr(row, COLUMNS[type(row)]) if isinstance(row, Noted) else None
    return found


def with_opened_note(site: RowMapping, seal: Seal | None) -> dict[str, Any]:
    """The columns of a site as they were read, with its note opened, if there is a seal, in place of the sealed one."""
    row = dict(site)
    sealed = row.pop("access_note_sealed")
    text = opened_note(seal, Site, row["id"], sealed) if seal else None
    return row | {"access_note": text, "has_access_note": sealed is not None}
