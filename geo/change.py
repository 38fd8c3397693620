"""What changed, with who and when: the row as it was before."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to_organisation


class Change(OfOrganisation, Row):
    """`version` is the version that this change replaced, `before` that version's columns."""

    __tablename__ = "change"
    __table_args__ = (to_organisation(), Index(None, "organisation_id", "noun", "noun_id", "version"))

    noun: Mapped[str]
    noun_id: Mapped[UUID]
    version: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_by: Mapped[UUID | None]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
