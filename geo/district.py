"""A district: public geography for context, a neighbourhood for instance."""

from datetime import date

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, Versioned, to_organisation


class District(OfOrganisation, Versioned, Row):
    __tablename__ = "district"
    __table_args__ = (
        to_organisation(),
        UniqueConstraint("organisation_id", "code"),
        Index("district_geom_index", "geom", postgresql_using="gist"),
        CheckConstraint("length(code) between 1 and 100", name="code"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        CheckConstraint("valid_to >= valid_from", name="valid"),
    )

    code: Mapped[str]
    name: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", 4326, spatial_index=False))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
