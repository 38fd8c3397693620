"""The codes of an authenticator app (TOTP, RFC 6238): six digits that change every half minute, each good once."""

import hmac
import re
import time

import pyotp
from sqlalchemy.ext.asyncio import AsyncSession

from api.vault import Vault
from geo.account import Account
from geo.second_factor import Authenticator, find_authenticator, take_step

STEP_S = 30
DIGITS = re.compile(r"[0-9]{6}")


def plain(code: str) -> str:
    return re.sub(r"\s", "", code)


def is_time_code(code: str) -> bool:
    """Could it be one? What is longer is meant as a recovery code."""
    return bool(DIGITS.fullmatch(plain(code)))


def step_now() -> int:
    return int(time.time()) // STEP_S


async def take_time_code(
    session: AsyncSession, vault: Vault, account: Account, code: str, *, confirmed: bool = True
) -> Authenticator | None:
    """The account's authenticator if this is its code of now, or of the step before or after, and was not used before.

    Uses the code up. None for any other code, and where there is no authenticator.
    """
    if not is_time_code(code):
        return None
    keys = await vault.keys(session, account.organisation_id)
    authenticator = await find_authenticator(session, account, confirmed)
    if authenticator is None:
        return None
    secret = keys.open(authenticator.secret, table="authenticator", column="secret", row_id=authenticator.id)
    now, app = step_now(), pyotp.TOTP(secret)
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(app.generate_otp(step), plain(code)):
            return authenticator if await take_step(session, authenticator, step) else None
    return None
