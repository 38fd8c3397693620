"""The second factor: an authenticator app that shares a secret, and recovery codes for when it is gone."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.account import Account, Role
from geo.schema import OfOrganisation, Row, new_id, to

RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without signs that are read for one another
GROUPS, GROUP = 6, 4
WAITS = timedelta(minutes=10)


class Authenticator(OfOrganisation, Row):
    """The secret of an app, sealed; good once a code of it was seen. `last_step` is the newest time step (of 30 s since
    1970) whose code was taken: no code is good twice, nor an older one after a newer."""

    __tablename__ = "authenticator"
    __table_args__ = (to("account", "account_id"), Index(None, "organisation_id", "account_id"))

    account_id: Mapped[UUID]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class RecoveryCode(OfOrganisation, Row):
    """The SHA-256 of a code of 118 random bits; good once. Nobody can try them all, so neither a slow hash nor salt is
    needed: these are for what people choose, or what has less than 112 bits (ASVS 5.0, 6.5.2)."""

    __tablename__ = "recovery_code"
    __table_args__ = (to("account", "account_id"), Index(None, "organisation_id", "account_id"))

    account_id: Mapped[UUID]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]


MUST_HAVE_ONE = {Role.MANAGER, Role.PLANNER, Role.STEWARD}


def required(roles: Iterable[str], is_demo: bool) -> bool:
    """Whoever sees or keeps much must have a second factor; in a demo everyone may be anyone."""
    return not is_demo and not MUST_HAVE_ONE.isdisjoint(roles)


def new_recovery_code() -> str:
    """As it is shown: `k7wq-m2xd-9hfa-ztr4-ewp6-nb3u`."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def recovery_code_hash(code: str) -> bytes:
    """What is kept of a code, however it was typed."""
    plain = "".join(sign for sign in code.lower() if sign in ALPHABET)
    return hashlib.sha256(f"recovery code {plain}".encode()).digest()


async def find_authenticator(session: AsyncSession, account: Account, confirmed: bool = True) -> Authenticator | None:
    """The one whose codes are good; or else the newest that waits for its first code, which it does for ten minutes."""
    waiting = Authenticator.confirmed_at.is_(None), Authenticator.created_at > datetime.now(UTC) - WAITS
    rows = select(Authenticator).where(
        Authenticator.organisation_id == account.organisation_id,
        Authenticator.account_id == account.id,
        *((Authenticator.confirmed_at.is_not(None),) if confirmed else waiting),
    )
    found: Authenticator | None = await session.scalar(rows.order_by(Authenticator.id.desc()).limit(1))
    return found


async def held_authenticator(session: AsyncSession, account: Account) -> UUID | None:
    """Which one's codes are good: until the transaction ends no other takes its place, nor does the first."""
    rows = select(Authenticator.id, Authenticator.confirmed_at).where(
        Authenticator.organisation_id == account.organisation_id, Authenticator.account_id == account.id
    )
    found = (await session.execute(rows.with_for_update(read=True))).all()
    return next((row.id for row in found if row.confirmed_at), None)


async def add_authenticator(session: AsyncSession, account: Account, authenticator_id: UUID, sealed: bytes) -> None:
    """One that waits for its first code; earlier ones that still wait are gone."""
    waiting = delete(Authenticator).where(
        Authenticator.organisation_id == account.organisation_id,
        Authenticator.account_id == account.id,
        Authenticator.confirmed_at.is_(None),
    )
    await session.execute(waiting)
    row = {"organisation_id": account.organisation_id, "id": authenticator_id, "account_id": account.id}
    session.add(Authenticator(**row, secret=sealed))
    await session.flush()


async def take_step(session: AsyncSession, authenticator: Authenticator, step: int) -> bool:
    """Uses up the code of a time step; False where it or a newer one was used before. Safe against two at once."""
    taken = update(Authenticator).where(
        Authenticator.organisation_id == authenticator.organisation_id,
        Authenticator.id == authenticator.id,
        Authenticator.last_step < step,
    )
    row = await session.execute(taken.values(last_step=step).returning(Authenticator.id))
    return row.first() is not None


async def confirm_authenticator(session: AsyncSession, account: Account, authenticator: Authenticator) -> list[str]:
    """From now on its codes count, and no others. The answer is the new recovery codes, which are kept nowhere."""
    others = delete(Authenticator).where(
        Authenticator.organisation_id == account.organisation_id,
        Authenticator.account_id == account.id,
        Authenticator.id != authenticator.id,
    )
    await session.execute(others)
    authenticator.confirmed_at = datetime.now(UTC)
    return await renew_recovery_codes(session, account)


async def renew_recovery_codes(session: AsyncSession, account: Account) -> list[str]:
    """Ten new codes in the place of all before."""
    await _forget(session, RecoveryCode, account)
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    key = {"organisation_id": account.organisation_id, "account_id": account.id}
    session.add_all(RecoveryCode(**key, id=new_id(), code_hash=recovery_code_hash(code)) for code in codes)
    await session.flush()
    return codes


async def use_recovery_code(session: AsyncSession, account: Account, code: str) -> bool:
    """Uses up a code; False where it is none of the account's, or was used before. Safe against two at once."""
    used = update(RecoveryCode).where(
        RecoveryCode.organisation_id == account.organisation_id,
        RecoveryCode.account_id == account.id,
        RecoveryCode.code_hash == recovery_code_hash(code),
        RecoveryCode.used_at.is_(None),
    )
    row = await session.execute(used.values(used_at=datetime.now(UTC)).returning(RecoveryCode.id))
    return row.first() is not None


async def recovery_codes_left(session: AsyncSession, account: Account) -> int:
    rows = select(func.count()).where(
        RecoveryCode.organisation_id == account.organisation_id,
        RecoveryCode.account_id == account.id,
        RecoveryCode.used_at.is_(None),
    )
    return int(await session.scalar(rows) or 0)


async def forget_second_factor(session: AsyncSession, account: Account) -> None:
    """Takes authenticators and recovery codes away."""
    await _forget(session, Authenticator, account)
    await _forget(session, RecoveryCode, account)


async def _forget(session: AsyncSession, table: type[Authenticator | RecoveryCode], account: Account) -> None:
    rows = delete(table).where(table.organisation_id == account.organisation_id, table.account_id == account.id)
    await session.execute(rows)
