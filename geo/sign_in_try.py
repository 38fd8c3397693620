"""Tries to sign in, counted for all processes: each further one has to wait longer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Double, Index, LargeBinary, case, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import Row

FORGOTTEN_AFTER = timedelta(days=1)


class SignInTry(Row):
    """`id` is a keyed hash of who tries at what, so that the table names nobody. The next may come at `until`."""

    __tablename__ = "sign_in_try"
    __table_args__ = (Index(None, "tried_at"),)

    id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tries: Mapped[int]
    tried_at: Mapped[datetime]
    until: Mapped[datetime]


class Wait(Exception):
    """It is too early for another try, by so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Allowance:
    """So many tries at will; after them waits of 1, 2, 4 seconds and so on, up to the longest."""

    free: int
    longest_s: int = 300

    def wait_s(self, tries: int) -> int:
        return 0 if tries < self.free else min(2 ** min(tries - self.free, 20), self.longest_s)


async def count_try(session: AsyncSession, allowances: Mapping[bytes, Allowance]) -> None:
    """Counts a try under each key before its outcome is known, so that many at once are no way around.

    Raises Wait, and then nothing is to be kept.
    """
    for key in sorted(allowances):  # the same order for everyone, so that two tries never wait for each other
        if await session.scalar(_counting(key, allowances[key])) is None:
            wait = select(func.extract("epoch", SignInTry.until - func.clock_timestamp())).where(SignInTry.id == key)
            raise Wait(float(await session.scalar(wait) or 1))


def _counting(key: bytes, allowance: Allowance) -> Any:
    """One more under a key, unless it is too early: then no row comes back. The clock is read once the row is held."""
    now = func.clock_timestamp()
    first = now + timedelta(seconds=allowance.wait_s(1))
    new = insert(SignInTry).values(id=key, tries=1, tried_at=now, until=first)
    tries = case((SignInTry.tried_at < now - FORGOTTEN_AFTER, 1), else_=SignInTry.tries + 1)
    doubled = func.power(2, func.least(tries - allowance.free, 20))
    seconds = case((tries < allowance.free, 0), else_=func.least(doubled, allowance.longest_s))
    counted = new.on_conflict_do_update(
        index_elements=["id"],
        set_={
            "tries": tries,
            "tried_at": now,
            "until": now + func.make_interval(0, 0, 0, 0, 0, 0, cast(seconds, Double)),
        },
        where=SignInTry.until <= now,
    )
    return counted.returning(SignInTry.tries)


async def forget_try(session: AsyncSession, key: bytes) -> None:
    """All is forgotten under a key: whoever it was got in."""
    await session.execute(delete(SignInTry).where(SignInTry.id == key))


async def take_back_try(session: AsyncSession, key: bytes) -> None:
    """One try less, and no wait after it: it had to wait for its own turn, and nobody guessed."""
    fewer = update(SignInTry).where(SignInTry.id == key, SignInTry.tries > 0)
    await session.execute(fewer.values(tries=SignInTry.tries - 1, until=func.clock_timestamp()))


async def clear_tries(session: AsyncSession) -> None:
    """Clears away what is forgotten."""
    await session.execute(delete(SignInTry).where(SignInTry.tried_at < func.now() - FORGOTTEN_AFTER))
