"""Credentials: the secret of a session or of an access token, and who stands behind it."""

import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from psycopg import sql
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker, SettingUp
from api.database import Database
from geo.account import AccessToken, Account, Role, SignIn
from geo.driver import raw
from geo.organisation import Organisation
from geo.passkey import list_passkeys
from geo.second_factor import find_authenticator, required
from geo.widening_query import open_to

TOKEN_PREFIX = "lantern_"  # noqa: S105
LASTS = timedelta(days=7)
IDLE = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=1)
WIDENED = {"areas", "desk"}


def new_secret(prefix: str = "") -> str:
    """256 random bits, safe in a cookie and in a header."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What the database keeps of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class Ended(Enum):
    """Why a session is good for nothing: its time has passed, or it was ended (or never was)."""

    LAPSED = auto()
    GONE = auto()


async def asker_of_session(database: Database, secret: str) -> Asker | Ended:
    """Who is signed in by this cookie."""
    hashed = digest(secret)
    now = datetime.now(UTC)
    async with database.knocking(credential=hashed.hex()) as session:
        row = await session.scalar(select(SignIn).where(SignIn.token_hash == hashed))
        if row is None or row.awaits_code:
            return Ended.GONE
        if row.expires_at <= now or row.last_seen_at + IDLE <= now:
            return Ended.LAPSED
        asker = await _asker(session, row)
        if asker and row.purpose_until and row.purpose_until > now:
            asker = replace(asker, purpose=row.purpose)
        if asker and row.last_seen_at + NOTED_EVERY <= now:
            row.last_seen_at = now
        return asker or Ended.GONE


async def asker_of_token(database: Database, secret: str) -> Asker | None:
    """Whose personal access token this is; None when it is no one's, or not any more."""
    hashed = digest(secret)
    now = datetime.now(UTC)
    async with database.knocking(credential=hashed.hex()) as session:
        row = await session.scalar(select(AccessToken).where(AccessToken.token_hash == hashed))
        if row is None or (row.expires_at and row.expires_at <= now):
            return None
        asker = await _asker(session, row)
        if asker and (row.last_used_at is None or row.last_used_at + NOTED_EVERY <= now):
            row.last_used_at = now
        return asker


async def _asker(session: AsyncSession, row: SignIn | AccessToken) -> Asker | None:
    own = sql.SQL("SET LOCAL lantern.organisation_id = {}; SET LOCAL lantern.account_id = {}").format(
        sql.Literal(str(row.organisation_id)), sql.Literal(str(row.account_id))
    )
    await (await raw(session)).execute(own, prepare=False)
    account = await session.get(Account, (row.organisation_id, row.account_id))
    organisation = await session.get(Organisation, row.organisation_id)
    if account is None or organisation is None:
        return None
    if isinstance(row, SignIn):
        asker = asker_of(account, organisation, "session", second_factor=row.second_factor, given=row.given_password)
        return await _widened(session, asker)
    needed = required(account.roles, organisation.is_demo)
    shown = not needed or await has_second_factor(session, account)
    return await _widened(session, asker_of(account, organisation, "token", second_factor=shown))


async def _widened(session: AsyncSession, asker: Asker | None) -> Asker | None:
    """With what is opened to who asks, if that can be anything."""
    if asker is None or asker.account_id is None or asker.scope not in WIDENED:
        return asker
    return replace(asker, widenings=tuple(await open_to(session, asker.organisation_id, asker.account_id)))


def asker_of(
    account: Account, organisation: Organisation, by: str, *, second_factor: bool, given: bool = False
) -> Asker | None:
    """None once the person has left. `second_factor`: one was shown, or for a token: there is one. `given`:
    somebody else gave the password by which they came."""
    asker = Asker(
        organisation.id,
        organisation.slug,
        account.id,
        frozenset(Role(role) for role in account.roles),
        account.name,
        account.locale,
        organisation.time_zone,
        "token" if by == "token" else "session",
        setting_up=_first(account, organisation, second_factor, given),
    )
    return None if account.left_on and account.left_on <= asker.today else asker


def _first(account: Account, organisation: Organisation, second_factor: bool, given: bool) -> SettingUp | None:
    if given and not organisation.is_demo:
        return SettingUp.PASSWORD
    needs_factor = not second_factor and required(account.roles, organisation.is_demo)
    return SettingUp.SECOND_FACTOR if needs_factor else None


async def has_second_factor(session: AsyncSession, account: Account) -> bool:
    """An authenticator that was confirmed, or a passkey."""
    return bool(await find_authenticator(session, account) or await list_passkeys(session, account))
