"""A team of an organisation."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from geo.schema import OfOrganisation, Row, Versioned, to_organisation


class Team(OfOrganisation, Versioned, Row):
    __tablename__ = "team"
    __table_args__ = (
        to_organisation(),
        UniqueConstraint("organisation_id", "name"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
    )

    name: Mapped[str]
