"""A site type, with the categories that a city derives from it (`data/site_types.csv` is where it starts)."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from geo.schema import OfOrganisation, Row, to_organisation


class SiteType(OfOrganisation, Row):
    """`revisit_days` is the revisit interval that a new site of this type begins with."""

    __tablename__ = "site_type"
    __table_args__ = (
        to_organisation(),
        UniqueConstraint("organisation_id", "slug"),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="slug"),
        CheckConstraint("revisit_days between 1 and 366", name="revisit_days"),
    )

    slug: Mapped[str]
    label: Mapped[str]
    revisit_days: Mapped[int]
    ethos: Mapped[str]
    ethos_light: Mapped[str]
    hud: Mapped[str]
    polish_count: Mapped[str]
    chain: Mapped[str]
