"""What proves who someone is, kept apart from what colleagues know of them."""

from typing import Any
from uuid import UUID

from psycopg import sql
from sqlalchemy import ForeignKeyConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.driver import raw
from geo.schema import OfOrganisation, Row


class AccountSecret(OfOrganisation, Row):
    """The hash of an account's password; `id` is the account's. No row: nobody signs in with a password. `given`: by
    somebody else, so that its owner chooses another before anything else."""

    __tablename__ = "account_secret"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "id"], ["lantern.account.organisation_id", "lantern.account.id"]),
    )

    password_hash: Mapped[str]
    given: Mapped[bool] = mapped_column(default=False, server_default="false")


async def password_hash_of(session: AsyncSession, organisation_id: UUID, account_id: UUID) -> str | None:
    """For its owner, and for who signs in with the address; None for everyone else."""
    secret = select(AccountSecret.password_hash).where(
        AccountSecret.organisation_id == organisation_id, AccountSecret.id == account_id
    )
    found: str | None = await session.scalar(secret)
    return found


async def held_secret(session: AsyncSession, organisation_id: UUID, account_id: UUID) -> AccountSecret | None:
    """For its owner: as it is until the transaction ends. Whoever puts another in its place waits, and ends afterwards
    what was opened by it."""
    row = select(AccountSecret).where(AccountSecret.organisation_id == organisation_id, AccountSecret.id == account_id)
    found: AccountSecret | None = await session.scalar(row.with_for_update(read=True))
    return found


async def keep_password(
    session: AsyncSession, organisation_id: UUID, account_id: UUID, password_hash: str, *, given: bool
) -> None:
    """Puts a new hash in the place of the old one: chosen by its owner, or given by a manager or the command line."""
    await name_account(session, account_id)
    new: Any = insert(AccountSecret).values(
        organisation_id=organisation_id, id=account_id, password_hash=password_hash, given=given
    )
    changed = {"password_hash": new.excluded.password_hash, "given": new.excluded.given}
    await session.execute(new.on_conflict_do_update(index_elements=["organisation_id", "id"], set_=changed))


async def name_account(session: AsyncSession, account_id: UUID) -> None:
    """Says whose secrets the rest of the transaction replaces: policies let managers reach those alone."""
    named = sql.SQL("SET LOCAL lantern.secret_of = {}").format(sql.Literal(str(account_id)))
    await (await raw(session)).execute(named, prepare=False)
