"""Showing again who one is, before what opens a new way in: a sign-in a moment ago, or password and code."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

from fastapi import Request
from pydantic import Field
from sqlalchemy import select

from api.asker import Asker
from api.asking import Asked, own
from api.body import Body
from api.cookie import SESSION, read_cookie
from api.credential import digest
from api.me import check_password
from api.password import MAXIMUM_LENGTH
from api.problem import INVALID_INPUT, Problem
from api.second_factor import own_account
from api.sign_in_tries import SignInTries
from api.time_code import take_time_code
from api.turned_away import turned_away_of
from geo.account import SignIn
from geo.log import Act
from geo.second_factor import find_authenticator

RECENT = timedelta(minutes=10)


class Proof(Body):
    """Needed when the sign-in is longer ago than ten minutes."""

    password: Annotated[str, Field(max_length=MAXIMUM_LENGTH, strict=True)] | None = None
    code: Annotated[str, Field(max_length=40, strict=True)] | None = Field(
        None, description="Of the authenticator app, where there is one."
    )


async def needed(request: Request, asked: Asked) -> tuple[bool, bool]:
    """Is the password needed, and the code? Raises `forbidden` for a token."""
    account, _ = await own_account(asked)
    hashed = digest(read_cookie(request, SESSION))
    began = await asked.session.scalar(
        select(SignIn.created_at).where(SignIn.organisation_id == account.organisation_id, SignIn.token_hash == hashed)
    )
    if began is not None and began > datetime.now(UTC) - RECENT:
        return False, False
    return True, await find_authenticator(asked.session, account) is not None


async def show_again(request: Request, asker: Asker, proof: Proof) -> None:
    """Raises `invalid-input` where what is needed is missing or wrong, and `too-many` after some that were wrong."""
    async with own(request, asker) as asked:
        password, code = await needed(request, asked)
        account, _ = await own_account(asked)
    if password:
        await check_password(request, asker, proof.password or "", where="body.password")
    if code:
        tries = cast(SignInTries, request.app.state.sign_in_tries)
        async with tries.code(account.id):
            async with own(request, asker) as asked:
                taken = await take_time_code(asked.session, asked.vault, account, proof.code or "")
            if taken is None:
                what = "is not the code of this moment"
                turned_away_of(request).inside(request, asker, Act.SECOND_FACTOR_FAILED, "code")
                problem = Problem(INVALID_INPUT, errors=[{"where": "body.code", "what": what}])
                problem.noted = True
                raise problem
