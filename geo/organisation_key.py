"""The keys of an organisation, by which what must not be read at rest is sealed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to_organisation


class OrganisationKey(OfOrganisation, Row):
    """A data key, `wrapped` by the master key that lies outside the database. What is sealed names it by `number`.

    The newest that is not retired seals; a retired one only opens, until nothing is sealed by it any more.
    """

    __tablename__ = "organisation_key"
    __table_args__ = (
        to_organisation(),
        UniqueConstraint("organisation_id", "number"),
        CheckConstraint("number > 0", name="number"),
    )

    number: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    retired_at: Mapped[datetime | None]
