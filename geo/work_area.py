"""A work area: a demarcated (multi)polygon with dates of validity."""

from datetime import date
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, CheckConstraint, Computed, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, Versioned, to, to_organisation


class WorkArea(OfOrganisation, Versioned, Row):
    """Valid from the first day to the last, both included; `cells_1km` are the cells that the area touches."""

    __tablename__ = "work_area"
    __table_args__ = (
        to_organisation(),
        to("team", "team_id"),
        Index("work_area_geom_index", "geom", postgresql_using="gist"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        CheckConstraint("valid_to >= valid_from", name="valid"),
    )

    name: Mapped[str]
    team_id: Mapped[UUID | None]
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", 4326, spatial_index=False))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    cells_1km: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), Computed("lantern.cells(geom, 1000)", persisted=True), nullable=False
    )
