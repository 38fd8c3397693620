"""An inventory: which kinds of data there are, about whom, how each column is kept, and how much of it there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import Column, Table, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.release_series import WINDOW_MONTHS
from geo.sealed import SEALED
from geo.sql import queries
from geo.tables import metadata

THERE, STAFF, BOTH, NOBODY = "people who sleep there", "staff", "people who sleep there, and staff", "nobody"
KINDS: dict[str, tuple[str, str]] = {
    "site": (BOTH, "places where people stay"),
    "site_status": (BOTH, "when a place was in use, closed or cleared, and who said so"),
    "site_move": (THERE, "where people of a cleared place went"),
    "visit": (BOTH, "who went where and when, what they found, people in bands"),
    "alert": (BOTH, "danger to life or health: where, which kind, who raised it"),
    "alert_step": (STAFF, "who saw, answered and ended an alert, and when"),
    "patrol": (STAFF, "who was on a shift outside, with whom, from when to when, and how many kilometres"),
    "change": (BOTH, "what stood in a row before it was changed, and who changed it"),
    "account": (STAFF, "names, addresses, roles; of who was erased an id alone"),
    "account_secret": (STAFF, "passwords"),
    "session": (STAFF, "where someone is signed in, and the purpose stated there"),
    "access_token": (STAFF, "tokens for scripts and QGIS"),
    "authenticator": (STAFF, "what an authenticator app shares with Lantern"),
    "recovery_code": (STAFF, "codes for when the phone is gone"),
    "passkey": (STAFF, "passkeys"),
    "passkey_challenge": (STAFF, "what a passkey is to sign, for five minutes"),
    "city_identity": (STAFF, "which account a person of the city is"),
    "sign_in_try": (STAFF, "how often somebody tried to sign in, for a day"),
    "assignment": (STAFF, "who looks after which work area, from when to when"),
    "log_entry": (STAFF, "the log: who saw and did what, when and why"),
    "log_head": (NOBODY, "the end of the log"),
    "widening": (STAFF, "who asked to see another area, why, who answered, and until when"),
    "receipt": (STAFF, "who delivered which row, by its id and a sealed hash"),
    "delivery": (BOTH, "what phones sent, by whom and when; what is in it only while it waits, sealed"),
    "delivery_key": (NOBODY, "the keys that phones seal to"),
    "erasure": (STAFF, "which ids were erased, when, by whom and for which kind of reason"),
    "law_request": (BOTH, "requests by law: who asked for which places, who let them go out or refused"),
    "law_file": (BOTH, "what went out by a request by law, for 90 days"),
    "work_area": (NOBODY, "outlines of work areas"),
    "area_name": (NOBODY, "names of work areas, without their outlines"),
    "team": (NOBODY, "names of teams"),
    "district": (NOBODY, "outlines of neighbourhoods"),
    "site_type": (NOBODY, "kinds of places"),
    "basemap_feature": (NOBODY, "streets and water to draw"),
    "organisation": (NOBODY, "the service itself"),
    "retention_rule": (NOBODY, "how long each kind of data is kept"),
    "city_sign_in": (NOBODY, "where people sign in with the accounts of their city"),
    "organisation_key": (NOBODY, "the keys by which notes are sealed"),
    "release": (THERE, "published counts with noise, as files"),
    "release_value": (THERE, "published counts with noise"),
    "release_charge": (THERE, "which place paid how much privacy (ε)"),
    "geography": (NOBODY, "versions of the cells and districts of releases"),
    "geography_cell": (NOBODY, "the cells of releases"),
    "geography_district": (NOBODY, "the districts of releases"),
}
"""By table: about whom, and what. One that is missing here is shown as not described."""

SEALED_COLUMNS = {(one.held.__tablename__, one.column) for one in SEALED}
OF_ITS_OWN = {
    ("change", "before"): "an exact place, where one was moved",
    ("sign_in_try", "id"): "a keyed hash",
    ("organisation_key", "wrapped"): "wrapped by the master key",
}


@dataclass(frozen=True)
class Kind:
    """A table. `whom` is None where nobody has said yet about whom it is; `columns` by how they are kept; `guarded`:
    row-level security holds in it, its owner too."""

    name: str
    whom: str | None
    what: str
    columns: dict[str, list[str]]
    guarded: bool


@dataclass(frozen=True)
class Inventory:
    """What one organisation has in the database, in numbers. `paid` is the ε of each release over the window in which
    the site was counted that paid most."""

    kinds: Sequence[Kind]
    amounts: Any
    sites: dict[str, int]
    people: dict[str, int]
    acts: dict[str, int]
    charged_sites: int
    paid: Sequence[float]
    connection: Any

    @property
    def first_visit_at(self) -> datetime | None:
        found: datetime | None = self.amounts.first_visit_at
        return found


async def take_inventory(session: AsyncSession, organisation_id: UUID, today: date) -> Inventory:
    """In a transaction that reaches the organisation as its managers do, and the log as its stewards do."""
    asked = {"organisation_id": organisation_id, "today": today, "months": WINDOW_MONTHS}
    found = {
        name: (await session.execute(text(sql), {key: asked[key] for key in asked if f":{key}" in sql})).all()
        for name, sql in queries("inventory").items()
    }
    guarded = {row.name: row.guarded for row in found["tables"]}
    return Inventory(
        kinds=sorted((kind_of(table, guarded[table.name]) for table in metadata.sorted_tables), key=_by_whom),
        amounts=found["amounts"][0],
        sites={row.status: row.number for row in found["sites"]},
        people={row.role: row.number for row in found["people"]},
        acts={row.act: row.number for row in found["acts"]},
        charged_sites=found["charged"][0].sites if found["charged"] else 0,
        paid=found["charged"][0].paid if found["charged"] else (),
        connection=found["connection"][0],
    )


def kind_of(table: Table, guarded: bool) -> Kind:
    whom, what = KINDS.get(table.name, (None, table.name.replace("_", " ")))
    columns: dict[str, list[str]] = {}
    for column in table.columns:
        columns.setdefault(how_kept(column), []).append(column.name)
    return Kind(table.name, whom, what, columns, guarded)


def _by_whom(kind: Kind) -> tuple[int, str]:
    return (None, BOTH, THERE, STAFF, NOBODY).index(kind.whom), kind.name


def how_kept(column: Column[Any]) -> str:
    """How a column is kept, besides by the policies that hold for its table."""
    place = (column.table.name, column.name)
    if place in SEALED_COLUMNS:
        return "sealed (AES-256-GCM)"
    if column.name.endswith("_hash"):
        return "as a hash only"
    if place in OF_ITS_OWN:
        return OF_ITS_OWN[place]
    if _is_point(column) or (column.name.startswith("cell_") and any(map(_is_point, column.table.columns))):
        return "an exact place or its cell"
    return "as it is"


def _is_point(column: Column[Any]) -> bool:
    return isinstance(column.type, Geometry) and column.type.geometry_type == "POINT"
