"""An account: a person of the organisation who signs in, with roles."""

from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, Versioned, to, to_organisation
from geo.typed_text import one_line


class Role(StrEnum):
    STREETWORKER = "streetworker"
    MANAGER = "manager"
    PLANNER = "planner"
    DESK = "desk"
    STEWARD = "steward"


Address = NewType("Address", str)
"""An e-mail address in its one form: in it, it is counted, looked up and kept."""


def address_of(typed: str) -> Address:
    """The address that was typed. Raises NotText where it has signs that cannot be seen: each way to place them would
    count apart."""
    return Address(one_line(typed.lower()))


FORMER = "A former colleague"
"""The name of an account that was erased."""


class Account(OfOrganisation, Versioned, Row):
    """`left_on` is the first day on which the person may no longer sign in. Once the account is erased, nothing stays
    but its id and days: `email` is null then, and nobody signs in with it."""

    __tablename__ = "account"
    __table_args__ = (
        to_organisation(),
        to("team", "team_id"),
        UniqueConstraint("organisation_id", "email"),
        Index(None, "email"),
        CheckConstraint("email = lower(email) and length(email) between 3 and 254", name="email"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        CheckConstraint(
            "(cardinality(roles) > 0 or email is null) "
            "and roles <@ '{streetworker,manager,planner,desk,steward}'::text[]",
            name="roles",
        ),
        CheckConstraint(
            f"email is not null or (name = '{FORMER}' and roles = '{{}}' and team_id is null and locale = 'en' "
            "and left_on is not null)",
            name="erased",
        ),
    )

    email: Mapped[str] = mapped_column(nullable=True)
    name: Mapped[str]
    roles: Mapped[list[str]]
    team_id: Mapped[UUID | None]
    locale: Mapped[str] = mapped_column(default="en", server_default="en")
    left_on: Mapped[date | None]

    @property
    def erased(self) -> bool:
        return self.email is None


class SignIn(OfOrganisation, Row):
    """A session kept by the server; the browser holds the token, the table its SHA-256.

    `device` is what the browser says of itself, `name` what its owner calls it. `purpose` is why its owner looks at
    exact places, until `purpose_until`. `second_factor`: it was opened with one. `awaits_code`: the password was right,
    and it opens nothing until a code has come. `by_city`: the city's own sign-in said who it is. `device_id` is the
    same whenever the same browser signs in to the account. `proven_at`: when its owner last showed who they are.
    `given_password`: it was opened by a password that somebody else gave, and nothing was chosen since.
    """

    __tablename__ = "session"
    __table_args__ = (
        to_organisation(),
        to("account", "account_id"),
        Index(None, "token_hash"),
        Index(None, "organisation_id", "account_id"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        CheckConstraint(
            "(purpose is null) = (purpose_until is null) and length(purpose) between 3 and 200", name="purpose"
        ),
    )

    account_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    device: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    purpose: Mapped[str | None]
    purpose_until: Mapped[datetime | None]
    name: Mapped[str | None]
    second_factor: Mapped[bool] = mapped_column(default=False, server_default="false")
    awaits_code: Mapped[bool] = mapped_column(default=False, server_default="false")
    by_city: Mapped[bool] = mapped_column(default=False, server_default="false")
    device_id: Mapped[bytes | None] = mapped_column(LargeBinary)
    proven_at: Mapped[datetime] = mapped_column(server_default=func.now())
    given_password: Mapped[bool] = mapped_column(default=False, server_default="false")


class AccessToken(OfOrganisation, Row):
    """A personal access token for scripts and QGIS; shown once, the table keeps its SHA-256."""

    __tablename__ = "access_token"
    __table_args__ = (
        to_organisation(),
        to("account", "account_id"),
        Index(None, "token_hash"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
    )

    account_id: Mapped[UUID]
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
