"""What every table shares: the schema, the keys, the versions."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import uuid_utils.compat
from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, Computed, DateTime, ForeignKeyConstraint, MetaData, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

metadata = MetaData(
    schema="lantern",
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    },
)

CELL_SIZES = (100, 250, 1000)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): ordered by time, made by whoever names the row first."""
    return uuid_utils.compat.uuid7()


class Row(DeclarativeBase):
    """The root of all tables."""

    metadata = metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text),
    }


class OfOrganisation:
    """A row of one organisation: the key is (organisation_id, id), so that the same schema can be distributed."""

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


class Versioned:
    """A row that several people change: `version` counts up, and a change states the version it saw."""

    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[UUID | None]


class Placed:
    """A row at a point (EPSG:4326, lon lat), with the cells of the Eurostat grid that hold it, one for each size."""

    geom: Mapped[WKBElement] = mapped_column(Geometry("POINT", 4326, spatial_index=False))

    @declared_attr
    def cell_100m(cls) -> Mapped[int]:
        return _cell(100)

    @declared_attr
    def cell_250m(cls) -> Mapped[int]:
        return _cell(250)

    @declared_attr
    def cell_1km(cls) -> Mapped[int]:
        return _cell(1000)


def _cell(metres: int) -> Mapped[int]:
    return mapped_column(BigInteger, Computed(f"lantern.cell(geom, {metres})", persisted=True), nullable=False)


def to(table: str, *columns: str) -> ForeignKeyConstraint:
    """A foreign key inside the organisation: `to("site", "site_id")` carries both parts of the key."""
    target = ["id"] if len(columns) == 1 else list(columns[1:])
    return ForeignKeyConstraint(
        ["organisation_id", columns[0]],
        [f"lantern.{table}.organisation_id", *(f"lantern.{table}.{column}" for column in target)],
    )


def to_organisation() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["organisation_id"], ["lantern.organisation.id"])
