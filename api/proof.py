"""Showing again who one is, before what opens a new way in: password and code, unless that was shown a moment ago."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

from fastapi import Request
from pydantic import Field
from sqlalchemy import select, update

from api.asker import Asker
from api.asking import Asked, own
from api.body import Body
from api.cookie import SESSION, read_cookie
from api.credential import digest
from api.password import MAXIMUM_LENGTH, fits
from api.problem import FORBIDDEN, INVALID_INPUT, TOO_MANY, Problem
from api.sign_in_tries import SignInTries
from api.time_code import take_time_code
from api.turned_away import turned_away_of
from geo.account import Account, SignIn
from geo.account_secret import password_hash_of
from geo.log import Act
from geo.organisation import Organisation
from geo.second_factor import find_authenticator

RECENT = timedelta(minutes=10)


class Proof(Body):
    """Needed when it is longer ago than ten minutes that you signed in, or showed this."""

    password: Annotated[str, Field(max_length=MAXIMUM_LENGTH, strict=True)] | None = None
    code: Annotated[str, Field(max_length=40, strict=True)] | None = Field(
        None, description="Of the authenticator app, where there is one."
    )


async def own_account(asked: Asked) -> tuple[Account, Organisation]:
    """Raises `forbidden` for a token: it stands for its owner, and is not them."""
    if asked.asker.by != "session":
        raise Problem(FORBIDDEN, "Sign in to do this.")
    organisation = await asked.session.get_one(Organisation, asked.asker.organisation_id)
    return await asked.session.get_one(Account, (organisation.id, asked.asker.account_id)), organisation


async def needed(request: Request, asked: Asked) -> tuple[bool, bool]:
    """Is the password needed, and the code? Raises `forbidden` for a token."""
    account, _ = await own_account(asked)
    hashed = digest(read_cookie(request, SESSION))
    shown = await asked.session.scalar(
        select(SignIn.proven_at).where(SignIn.organisation_id == account.organisation_id, SignIn.token_hash == hashed)
    )
    if shown is not None and shown > datetime.now(UTC) - RECENT:
        return False, False
    return True, await find_authenticator(asked.session, account) is not None


async def show_again(request: Request, asker: Asker, proof: Proof, within: str = "body") -> None:
    """Raises `invalid-input` where what is needed is missing or wrong (`within` says where the proof stands), and
    `too-many` after some that were wrong. Not inside a transaction."""
    async with own(request, asker) as asked:
        password, code = await needed(request, asked)
    if password:
        await check_password(request, asker, proof.password or "", where=f"{within}.password")
    if code:
        await check_code(request, asker, proof.code, where=f"{within}.code")
    if password:
        await note_proof(request, asker)


async def check_code(request: Request, asker: Asker, code: str | None, where: str = "body.code") -> None:
    """Likewise for the code of the moment, which is used up."""
    async with own(request, asker) as asked:
        account, _ = await own_account(asked)
    tries = cast(SignInTries, request.app.state.sign_in_tries)
    async with tries.code(account.id):
        async with own(request, asker) as asked:
            taken = await take_time_code(asked.session, asked.vault, account, code or "")
        if taken is None:
            what = "is not the code of this moment"
            turned_away_of(request).inside(request, asker, Act.SECOND_FACTOR_FAILED, "code")
            problem = Problem(INVALID_INPUT, errors=[{"where": where, "what": what}])
            problem.noted = True
            raise problem


async def note_proof(request: Request, asker: Asker) -> None:
    """From now on it was shown a moment ago, in this session."""
    hashed = digest(read_cookie(request, SESSION))
    async with own(request, asker) as asked:
        this = update(SignIn).where(SignIn.organisation_id == asker.organisation_id, SignIn.token_hash == hashed)
        await asked.session.execute(this.values(proven_at=datetime.now(UTC)))


async def check_password(request: Request, asker: Asker, password: str, where: str) -> None:
    """Raises `invalid-input` at `where` unless it is the asker's, and `too-many` after some that were not.

    Not inside a transaction: that would be a second connection, and a password takes its time.
    """
    assert asker.account_id is not None
    tries: SignInTries = request.app.state.sign_in_tries
    try:
        async with tries.password(asker.account_id):
            await _compare(request, asker, password, where)
    except Problem as problem:
        act = Act.MADE_TO_WAIT if problem.kind is TOO_MANY else Act.SIGN_IN_FAILED
        turned_away_of(request).inside(request, asker, act, "password")
        problem.noted = True
        raise


async def _compare(request: Request, asker: Asker, password: str, where: str) -> None:
    assert asker.account_id is not None
    async with own(request, asker) as asked:
        hashed = await password_hash_of(asked.session, asker.organisation_id, asker.account_id)
    if not await fits(password, hashed):
        raise Problem(INVALID_INPUT, errors=[{"where": where, "what": "is not your password"}])
