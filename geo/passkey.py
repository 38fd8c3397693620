"""Passkeys: a key pair that a device keeps and shows after it has checked who holds it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.account import Account
from geo.schema import OfOrganisation, Row, to

CHALLENGE_LASTS = timedelta(minutes=5)
MOST_WITH_ONE_ID = 5


class Passkey(OfOrganisation, Row):
    """`host` is the address it was made for, `credential_id` the name that the device gave it, `sign_count` how often
    it was used as far as the device counts. `made_on` and `used_on` are the devices (`SignIn.device_id`) whose session
    made it and that it last signed in, where these are known."""

    __tablename__ = "passkey"
    __table_args__ = (
        to("account", "account_id"),
        UniqueConstraint("organisation_id", "credential_id"),
        Index(None, "credential_id"),
        Index(None, "organisation_id", "account_id"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        CheckConstraint("length(credential_id) between 16 and 1023", name="credential_id"),
    )

    account_id: Mapped[UUID]
    name: Mapped[str]
    host: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    made_on: Mapped[bytes | None] = mapped_column(LargeBinary)
    used_on: Mapped[bytes | None] = mapped_column(LargeBinary)

    def is_on(self, device_id: bytes | None) -> bool:
        return device_id is not None and device_id in (self.made_on, self.used_on)


class PasskeyChallenge(Row):
    """What a device is to sign, or what comes back from a city's sign-in, hashed together with what for: good once, for
    five minutes. Of no organisation: it is asked for before anybody is known."""

    __tablename__ = "passkey_challenge"
    __table_args__ = (Index(None, "ends_at"),)

    id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    ends_at: Mapped[datetime]


async def list_passkeys(session: AsyncSession, account: Account) -> list[Passkey]:
    """Those of an account, the newest first."""
    rows = select(Passkey).where(Passkey.organisation_id == account.organisation_id, Passkey.account_id == account.id)
    return list(await session.scalars(rows.order_by(Passkey.id.desc())))


async def passkeys_by_credential(session: AsyncSession, credential_id: bytes) -> list[Passkey]:
    """Those that a device means by this name: devices choose at random, so mostly one. The transaction names it."""
    rows = select(Passkey).where(Passkey.credential_id == credential_id)
    return list(await session.scalars(rows.order_by(Passkey.id).limit(MOST_WITH_ONE_ID)))


async def remove_passkey(session: AsyncSession, account: Account, passkey_id: UUID) -> bool:
    """False where the account has none of that id."""
    row = delete(Passkey).where(
        Passkey.organisation_id == account.organisation_id,
        Passkey.account_id == account.id,
        Passkey.id == passkey_id,
    )
    return (await session.execute(row.returning(Passkey.id))).first() is not None


async def remove_passkeys_on(
    session: AsyncSession, account: Account, devices: Iterable[bytes | None], but: bytes | None = None
) -> int:
    """Removes those of an account that some devices made or used last, but not those of one device; says how many."""
    of = [device for device in devices if device is not None]
    rows = delete(Passkey).where(
        Passkey.organisation_id == account.organisation_id,
        Passkey.account_id == account.id,
        or_(Passkey.made_on.in_(of), Passkey.used_on.in_(of)),
    )
    if but is not None:
        rows = rows.where(Passkey.made_on.is_distinct_from(but), Passkey.used_on.is_distinct_from(but))
    return len((await session.execute(rows.returning(Passkey.id))).all())


async def place_passkey(session: AsyncSession, passkey: Passkey, device_id: bytes) -> None:
    """It signed in on this device."""
    used = update(Passkey).where(Passkey.organisation_id == passkey.organisation_id, Passkey.id == passkey.id)
    await session.execute(used.values(used_on=device_id))


async def use_passkey(session: AsyncSession, passkey: Passkey, sign_count: int) -> bool:
    """Notes that it was used for so many times as its device says; False where the count did not grow, as with a copy
    of the key. Devices that do not count always say 0. Safe against two at once."""
    grown = Passkey.sign_count < sign_count if sign_count else Passkey.sign_count == 0
    used = update(Passkey).where(Passkey.organisation_id == passkey.organisation_id, Passkey.id == passkey.id, grown)
    now = datetime.now(UTC)
    row = await session.execute(used.values(sign_count=sign_count, last_used_at=now).returning(Passkey.id))
    return row.first() is not None


async def find_passkey(session: AsyncSession, account: Account, passkey_id: UUID) -> Passkey | None:
    """One of an account, held for a change."""
    row = select(Passkey).where(
        Passkey.organisation_id == account.organisation_id,
        Passkey.account_id == account.id,
        Passkey.id == passkey_id,
    )
    found: Passkey | None = await session.scalar(row.with_for_update())
    return found


async def is_held(session: AsyncSession, passkey: Passkey) -> bool:
    """Is it still there? If so, whoever would remove it waits until the transaction ends."""
    row = select(Passkey.id).where(Passkey.organisation_id == passkey.organisation_id, Passkey.id == passkey.id)
    return await session.scalar(row.with_for_update(read=True)) is not None


async def forget_passkeys(session: AsyncSession, account: Account) -> int:
    """Removes all of an account that who asks may remove; says how many."""
    rows = delete(Passkey).where(Passkey.organisation_id == account.organisation_id, Passkey.account_id == account.id)
    return len((await session.execute(rows.returning(Passkey.id))).all())


async def keep_challenge(session: AsyncSession, challenge_id: bytes) -> None:
    """Keeps one, and clears those away whose time has passed. The transaction names it."""
    now = datetime.now(UTC)
    await session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.ends_at < now))
    await session.execute(insert(PasskeyChallenge).values(id=challenge_id, ends_at=now + CHALLENGE_LASTS))


async def use_challenge(session: AsyncSession, challenge_id: bytes) -> bool:
    """Uses it up; False where it was never given, was used or is too old."""
    row = delete(PasskeyChallenge).where(
        PasskeyChallenge.id == challenge_id, PasskeyChallenge.ends_at > datetime.now(UTC)
    )
    return (await session.execute(row.returning(PasskeyChallenge.id))).first() is not None
