"""The basemap: vector layers of the organisation's city, so that no tile server learns where people look."""

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to_organisation

LAYERS = ("water", "park", "building", "rail", "street", "place")


class BasemapFeature(OfOrganisation, Row):
    """`kind` refines the layer (a street's class, canal or river …)."""

    __tablename__ = "basemap_feature"
    __table_args__ = (
        to_organisation(),
        Index(None, "organisation_id", "layer"),
        CheckConstraint("layer in ('water', 'park', 'building', 'rail', 'street', 'place')", name="layer"),
    )

    layer: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(Geometry("GEOMETRY", 4326, spatial_index=False))
