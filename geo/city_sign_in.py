"""Sign-in with a city's own accounts: where an organisation's people are known, and which account each of them is."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.account import Account
from geo.schema import OfOrganisation, Row, new_id, to, to_organisation


class CitySignIn(OfOrganisation, Row):
    """The provider of an organisation (OpenID Connect). `name` is what the button says, `client_secret` is sealed;
    `email_domain` limits who is tied to an account; with this `second_factor_acr` the provider says that it asked for
    a second factor; `only_way`: the organisation's accounts open in no other way."""

    __tablename__ = "city_sign_in"
    __table_args__ = (
        to_organisation(),
        UniqueConstraint("organisation_id"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
    )

    name: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[bytes] = mapped_column(LargeBinary)
    email_domain: Mapped[str | None]
    second_factor_acr: Mapped[str | None]
    only_way: Mapped[bool] = mapped_column(default=False, server_default="false")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CityIdentity(OfOrganisation, Row):
    """Ties a person of the city to an account, for good: their address may change, and go to someone else."""

    __tablename__ = "city_identity"
    __table_args__ = (
        to("account", "account_id"),
        UniqueConstraint("organisation_id", "account_id"),
        UniqueConstraint("organisation_id", "subject_hash"),
        Index(None, "subject_hash"),
    )

    account_id: Mapped[UUID]
    subject_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


def hash_of_subject(issuer: str, subject: str) -> bytes:
    """What is kept of a person whom the issuer knows by this subject."""
    parts = (issuer.encode(), subject.encode("utf-8", "surrogatepass"))
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


async def list_city_sign_ins(session: AsyncSession) -> list[CitySignIn]:
    """All that the transaction may see: at the door those of all organisations."""
    return list(await session.scalars(select(CitySignIn).order_by(CitySignIn.name, CitySignIn.id)))


async def find_city_sign_in(session: AsyncSession, organisation_id: UUID) -> CitySignIn | None:
    row = select(CitySignIn).where(CitySignIn.organisation_id == organisation_id)
    found: CitySignIn | None = await session.scalar(row)
    return found


async def find_city_identity(session: AsyncSession, organisation_id: UUID, subject_hash: bytes) -> CityIdentity | None:
    """The transaction names the subject."""
    row = select(CityIdentity).where(
        CityIdentity.organisation_id == organisation_id, CityIdentity.subject_hash == subject_hash
    )
    found: CityIdentity | None = await session.scalar(row)
    return found


async def tie(session: AsyncSession, account: Account, subject_hash: bytes) -> None:
    """Raises IntegrityError where the account, or the person, is tied already."""
    row = {"organisation_id": account.organisation_id, "id": new_id(), "account_id": account.id}
    # Without RETURNING: who is tied need not therefore read it.
    await session.execute(insert(CityIdentity).values(**row, subject_hash=subject_hash))


async def untie(session: AsyncSession, account: Account) -> None:
    rows = delete(CityIdentity).where(
        CityIdentity.organisation_id == account.organisation_id, CityIdentity.account_id == account.id
    )
    await session.execute(rows)


async def untie_all(session: AsyncSession, organisation_id: UUID) -> None:
    await session.execute(delete(CityIdentity).where(CityIdentity.organisation_id == organisation_id))
