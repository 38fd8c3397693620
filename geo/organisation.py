"""An organisation: one service. Everything belongs to one."""

from datetime import datetime
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import Row, new_id


class Organisation(Row):
    """`bounds` is the box outside which no coordinate of this organisation can lie (EPSG:4326)."""

    __tablename__ = "organisation"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="slug"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    bounds: Mapped[WKBElement] = mapped_column(Geometry("POLYGON", 4326, spatial_index=False))
    national_srid: Mapped[int | None]
    time_zone: Mapped[str] = mapped_column(server_default="Europe/Brussels")
    is_demo: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
