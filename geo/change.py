"""What changed, with who and when: the row as it was before."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from geoalchemy2.shape import to_shape
from shapely.geometry import mapping
from sqlalchemy import Index, LargeBinary, Select, func, insert, inspect, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.account import Account
from geo.assignment import Assignment
from geo.district import District
from geo.note import COLUMNS, sealed_note_of
from geo.schema import OfOrganisation, Row, new_id, to_organisation
from geo.site import Site
from geo.team import Team
from geo.visit import Visit
from geo.work_area import WorkArea

Remembered = Site | Visit | WorkArea | Assignment | District | Team | Account


class Change(OfOrganisation, Row):
    """`version` is the version that this change replaced, `before` that version's columns. `note_sealed` is the note of
    that version, as it was sealed for the row itself."""

    __tablename__ = "change"
    __table_args__ = (to_organisation(), Index(None, "organisation_id", "noun", "noun_id", "version"))

    noun: Mapped[str]
    noun_id: Mapped[UUID]
    version: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_by: Mapped[UUID | None]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    @property
    def has_note(self) -> bool:
        return self.note_sealed is not None


KEPT_APART = {
    "organisation_id", "cell_100m", "cell_250m", "cell_1km", "cells_1km", *COLUMNS.values(),
}  # fmt: skip


def state(row: Row) -> dict[str, Any]:
    """The columns of a row as JSON; geometry as GeoJSON. Without secrets, notes, and what is computed."""
    columns = inspect(type(row)).columns
    return {column.key: _plain(getattr(row, column.key)) for column in columns if column.key not in KEPT_APART}


def _plain(value: object) -> object:
    if isinstance(value, WKBElement):
        return mapping(to_shape(value))
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def locked(rows: Select[Any]) -> Select[Any]:
    """Rows that nobody else changes until this transaction ends, as they are now, whatever was read before.

    Not FOR UPDATE: a visit holds a share of its site's key, and two visits would wait for each other.
    """
    return rows.with_for_update(key_share=True).execution_options(populate_existing=True)


async def remember(session: AsyncSession, row: Remembered, noun: str, by: UUID | None) -> None:
    """Keeps a row as it is, just before it is changed by an account; counts up its version."""
    kept = insert(Change).values(
        organisation_id=row.organisation_id,
        id=new_id(),
        noun=noun,
        noun_id=row.id,
        version=row.version,
        changed_by=by,
        before=state(row),
        note_sealed=sealed_note_of(row),
    )
    # Without RETURNING: who may add to the history may not therefore read it.
    await session.execute(kept.inline(), execution_options={"synchronize_session": False})
    row.version += 1
    row.updated_at = datetime.now(UTC)
    row.updated_by = by


async def changes_of(session: AsyncSession, row: Remembered, noun: str) -> list[Change]:
    """The changes of a row, the first one first; none for who may not read them."""
    changes = select(Change).where(
        Change.organisation_id == row.organisation_id, Change.noun == noun, Change.noun_id == row.id
    )
    return list(await session.scalars(changes.order_by(Change.version)))
