"""Which accounts, and how they come to be and change."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.account import AccessToken, Account, SignIn
from geo.account_secret import keep_password
from geo.change import locked, remember
from geo.log import Act, note
from geo.refusal import Refusal
from geo.team_query import find_team


async def list_accounts(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    role: str | None = None,
    team_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 1000,
) -> list[Account]:
    """Accounts by id: with a role, of a team."""
    rows = select(Account).where(Account.organisation_id == organisation_id)
    if role:
        rows = rows.where(Account.roles.contains([role]))
    if team_id:
        rows = rows.where(Account.team_id == team_id)
    if after:
        rows = rows.where(Account.id > after)
    return list(await session.scalars(rows.order_by(Account.id).limit(limit)))


async def find_account(
    session: AsyncSession, organisation_id: UUID, account_id: UUID, lock: bool = False
) -> Account | None:
    rows = select(Account).where(Account.organisation_id == organisation_id, Account.id == account_id)
    row: Account | None = await session.scalar(locked(rows) if lock else rows)
    return row


async def create_account(session: AsyncSession, values: dict[str, Any], by: UUID | None) -> Account:
    """A new account from the columns of `account`, and `password_hash`. Raises Refusal for a team that is not there."""
    await _check_team(session, values["organisation_id"], values.get("team_id"))
    columns = {name: value for name, value in values.items() if name != "password_hash"}
    account = Account(**columns, updated_by=by)
    session.add(account)
    await session.flush()
    if values.get("password_hash"):
        await keep_password(session, account.organisation_id, account.id, values["password_hash"], given=True)
    note(session, Act.CREATED, "account", [account.id], {"roles": account.roles})
    return account


async def change_account(session: AsyncSession, account: Account, values: dict[str, Any], by: UUID | None) -> None:
    """Changes columns of an account, and `password_hash`. Raises Refusal for a team that is not there. A new password
    ends all sessions and tokens; the day someone has left is looked at whenever one is used."""
    await _check_team(session, account.organisation_id, values.get("team_id"))
    await remember(session, account, "account", by)
    columns = dict(values)
    password_hash = columns.pop("password_hash", None)
    for column, value in columns.items():
        setattr(account, column, value)
    await session.flush()
    if columns:
        note(session, Act.CHANGED, "account", [account.id], _told(columns))
    if password_hash:
        await keep_password(session, account.organisation_id, account.id, password_hash, given=True)
        await end_credentials(session, account)
        note(session, Act.PASSWORD_CHANGED, "account", [account.id])


def _told(columns: dict[str, Any]) -> dict[str, Any]:
    """Which columns changed; and of those that say who may do what, to what."""
    told: dict[str, Any] = {"columns": sorted(columns)}
    if "roles" in columns:
        told["roles"] = [str(role) for role in columns["roles"]]
    if "left_on" in columns:
        told["left_on"] = columns["left_on"] and columns["left_on"].isoformat()
    return told


async def end_credentials(session: AsyncSession, account: Account, keep: bytes | None = None) -> None:
    """Ends the sessions and tokens of an account, all but the session whose hash is given."""
    for table in (SignIn, AccessToken):
        rows = delete(table).where(table.organisation_id == account.organisation_id, table.account_id == account.id)
        if keep is not None:
            rows = rows.where(table.token_hash != keep)
        await session.execute(rows)


async def _check_team(session: AsyncSession, organisation_id: UUID, team_id: UUID | None) -> None:
    if team_id is not None and await find_team(session, organisation_id, team_id) is None:
        raise Refusal("is no team of this organisation", "team_id")
