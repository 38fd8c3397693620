"""Carries what is there already into columns that hold it sealed, and back (0006)."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Connection, Row, text


class Seal(Protocol):
    def seal(self, text: str, *, table: str, column: str, row_id: UUID) -> bytes: ...

    def open(self, sealed: bytes, *, table: str, column: str, row_id: UUID) -> str: ...


SealOf = Callable[[Connection, UUID], Seal]
"""The keys of an organisation, whose first is made when there is none."""


class KeysNeeded(Exception):
    """The database holds notes, and this migration was given no keys to seal or open them: run `lantern migrate`."""


class Column(NamedTuple):
    """What one column holds: where it is sealed for; how it is read and written, plain and sealed. `row` is the id of
    the row that it was written for, which for a change is the row that changed."""

    table: str
    column: str
    plain: str
    keep_sealed: str
    sealed: str
    keep_plain: str


COLUMNS = (
    Column(
        "site", "access_note_sealed",
        "SELECT organisation_id, id, id AS row, access_note AS held FROM lantern.site WHERE access_note IS NOT NULL",
        "UPDATE lantern.site SET access_note_sealed = :held WHERE organisation_id = :of AND id = :id",
        "SELECT organisation_id, id, id AS row, access_note_sealed AS held FROM lantern.site "
        "WHERE access_note_sealed IS NOT NULL",
        "UPDATE lantern.site SET access_note = :held WHERE organisation_id = :of AND id = :id",
    ),
    Column(
        "site", "body_hash",
        "SELECT organisation_id, id, id AS row, encode(body_hash, 'hex') AS held FROM lantern.site "
        "WHERE body_hash IS NOT NULL",
        "UPDATE lantern.site SET body_hash = :held WHERE organisation_id = :of AND id = :id",
        "SELECT organisation_id, id, id AS row, body_hash AS held FROM lantern.site WHERE body_hash IS NOT NULL",
        "UPDATE lantern.site SET body_hash = decode(:held, 'hex') WHERE organisation_id = :of AND id = :id",
    ),
    Column(
        "visit", "note_sealed",
        "SELECT organisation_id, id, id AS row, note AS held FROM lantern.visit WHERE note IS NOT NULL",
        "UPDATE lantern.visit SET note_sealed = :held WHERE organisation_id = :of AND id = :id",
        "SELECT organisation_id, id, id AS row, note_sealed AS held FROM lantern.visit WHERE note_sealed IS NOT NULL",
        "UPDATE lantern.visit SET note = :held WHERE organisation_id = :of AND id = :id",
    ),
    Column(
        "visit", "body_hash",
        "SELECT organisation_id, id, id AS row, encode(body_hash, 'hex') AS held FROM lantern.visit "
        "WHERE body_hash IS NOT NULL",
        "UPDATE lantern.visit SET body_hash = :held WHERE organisation_id = :of AND id = :id",
        "SELECT organisation_id, id, id AS row, body_hash AS held FROM lantern.visit WHERE body_hash IS NOT NULL",
        "UPDATE lantern.visit SET body_hash = decode(:held, 'hex') WHERE organisation_id = :of AND id = :id",
    ),
    Column(
        "site", "access_note_sealed",
        "SELECT organisation_id, id, noun_id AS row, before ->> 'access_note' AS held FROM lantern.change "
        "WHERE noun = 'site' AND before ->> 'access_note' IS NOT NULL",
        "UPDATE lantern.change SET note_sealed = :held WHERE organisation_id = :of AND id = :id",
        "SELECT organisation_id, id, noun_id AS row, note_sealed AS held FROM lantern.change "
        "WHERE noun = 'site' AND note_sealed IS NOT NULL",
        "UPDATE lantern.change SET before = before || jsonb_build_object('access_note', CAST(:held AS text)) "
        "WHERE organisation_id = :of AND id = :id",
    ),
    Column(
        "visit", "note_sealed",
        "SELECT organisation_id, id, noun_id AS row, before ->> 'note' AS held FROM lantern.change "
        "WHERE noun = 'visit' AND before ->> 'note' IS NOT NULL",
        "UPDATE lantern.change SET note_sealed = :held WHERE organisation_id = :of AND id = :id",
        "SELECT organisation_id, id, noun_id AS row, note_sealed AS held FROM lantern.change "
        "WHERE noun = 'visit' AND note_sealed IS NOT NULL",
        "UPDATE lantern.change SET before = before || jsonb_build_object('note', CAST(:held AS text)) "
        "WHERE organisation_id = :of AND id = :id",
    ),
)  # fmt: skip
# The policies bind the owner of the tables too; not while it carries.
BOUND = ("organisation", "organisation_key", "site", "visit", "change")
BATCH = 1000


def carry_up(bind: Connection, seal_of: SealOf | None) -> bool:
    """Whether there was anything. Raises KeysNeeded."""
    return _carry(bind, seal_of, sealing=True)


def carry_down(bind: Connection, seal_of: SealOf | None) -> bool:
    return _carry(bind, seal_of, sealing=False)


def _carry(bind: Connection, seal_of: SealOf | None, *, sealing: bool) -> bool:
    carried = False
    _bind_owner(bind, "NO FORCE")
    for column in COLUMNS:
        read, keep = (column.plain, column.keep_sealed) if sealing else (column.sealed, column.keep_plain)
        for batch in bind.execute(text(read)).partitions(BATCH):
            if seal_of is None:
                raise KeysNeeded
            bind.execute(text(keep), [_turned(row, column, seal_of(bind, row[0]), sealing) for row in batch])
            carried = True
    _bind_owner(bind, "FORCE")
    return carried


def _turned(row: Row[Any], column: Column, seal: Seal, sealing: bool) -> dict[str, object]:
    turn = seal.seal if sealing else seal.open
    value = turn(row.held, table=column.table, column=column.column, row_id=row.row)
    return {"of": row.organisation_id, "id": row.id, "held": value}


def _bind_owner(bind: Connection, how: str) -> None:
    for table in BOUND:
        bind.exec_driver_sql(f"ALTER TABLE lantern.{table} {how} ROW LEVEL SECURITY")
