"""Passwords: hashed by Argon2id with the library's recommended cost, a few at a time."""

from functools import cache

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256
_hasher = PasswordHasher()


@cache
def _limiter() -> CapacityLimiter:
    return CapacityLimiter(2)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The Argon2id hash of a password (about 50 ms and 64 MB: not in the event loop)."""
    return _hasher.hash(password)


async def hash_password_aside(password: str) -> str:
    return await to_thread.run_sync(hash_password, password, limiter=_limiter())


async def fits(password: str, hashed: str | None) -> bool:
    """Is this the password behind the hash? Takes as long when there is no hash at all."""

    def check() -> bool:
        try:
            return _hasher.verify(hashed or _nobody(), password) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False

    return await to_thread.run_sync(check, limiter=_limiter())
