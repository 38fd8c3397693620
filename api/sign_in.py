"""How someone gets in: address and password, and a code where there is a second factor."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast
from uuid import UUID

from fastapi import Request
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.asking import get_database
from api.cookie import SESSION, read_cookie
from api.credential import LASTS, asker_of, digest, new_secret
from api.database import Database
from api.password import fits
from api.problem import (
    CITY_SIGN_IN_REQUIRED,
    CODE_REQUIRED,
    INVALID_INPUT,
    NOT_SIGNED_IN,
    SIGN_IN_FAILED,
    TOO_MANY,
    Problem,
)
from api.sign_in_tries import Caller, SignInTries
from api.time_code import take_time_code
from api.turned_away import TurnedAway, turned_away_of
from api.vault import Vault
from geo.account import Account, Address, SignIn, address_of
from geo.account_secret import held_secret, password_hash_of
from geo.city_sign_in import CityIdentity, find_city_sign_in
from geo.log import Act, note
from geo.organisation import Organisation
from geo.passkey import Passkey
from geo.second_factor import find_authenticator, held_authenticator, use_recovery_code
from geo.typed_text import NotText

MOST_ACCOUNTS = 5
MOST_SESSIONS = 50
WAITS_FOR_CODE = timedelta(minutes=5)
TIME_CODE = re.compile(r"[\d\s]*")


@dataclass(frozen=True)
class Door:
    """What signing in needs: the app's parts, and who stands outside."""

    database: Database
    tries: SignInTries
    vault: Vault
    turned_away: TurnedAway
    caller: Caller
    held: str
    """The secret of the session that the browser still has; empty where it has none."""

    @classmethod
    def of(cls, request: Request) -> "Door":
        state = request.app.state
        tries, vault = cast(SignInTries, state.sign_in_tries), cast(Vault, state.vault)
        return cls(
            get_database(request),
            tries,
            vault,
            turned_away_of(request),
            Caller.of(request),
            read_cookie(request, SESSION),
        )

    @asynccontextmanager
    async def one_try(self, email: Address) -> AsyncIterator[None]:
        """As `SignInTries.one`; the log hears of waits."""
        try:
            async with self.tries.one(self.caller, email):
                yield
        except Problem as problem:
            if problem.kind is TOO_MANY:
                self.turned_away.at_the_door(Act.MADE_TO_WAIT, email, TOO_MANY.slug)
            raise


Still = Callable[[AsyncSession], Awaitable[bool]]
"""Is what was shown good still? Holds it so until the transaction ends."""


@dataclass(frozen=True)
class Known:
    """Someone of an organisation, as they would ask after having shown all that there is to show: what they showed was
    checked a moment ago, and has to be so still in the transaction that opens the session."""

    account: Account
    organisation: Organisation
    asker: Asker
    password_hash: str | None = None
    """The one that their password fitted, where they gave one."""
    still: tuple[Still, ...] = ()

    def while_so(self, *still: Still) -> "Known":
        return replace(self, still=self.still + still)


@dataclass(frozen=True)
class Opened:
    """A session: whose, its secret for the cookie, and the mark by which the device is known from now on. With
    `awaits_code` it opens nothing until a code has come."""

    asker: Asker
    secret: str
    mark: str = ""
    awaits_code: bool = False


class CodeRequired(Problem):
    """The password is right, and a code is missing."""

    def __init__(self, known: Known) -> None:
        super().__init__(CODE_REQUIRED)
        self.known = known


async def sign_in(door: Door, email: str, password: str, code: str | None = None) -> Opened:
    """Opens a session. Raises `sign-in-failed`, `code-required`, `too-many`; `invalid-input` for what is no address."""
    address = _address(email)
    async with door.one_try(address):
        known = await _known(door, address, password)
        authenticator = await _authenticator(door, known)
        if authenticator:
            if code is None:
                raise CodeRequired(known)
            await _check_code(door, known, code)
        known = _while_it_counts(known, authenticator)
        return await open_session(door, known, second_factor=authenticator is not None, by_password=True)


async def open_known(door: Door, known: Known, *, second_factor: bool, by_city: bool) -> Opened:
    """A session for someone whom another has vouched for; without a second factor it awaits the code of Lantern's own,
    where there is one."""
    if not second_factor:
        if await _authenticator(door, known):
            return await _open(door, known, WAITS_FOR_CODE, awaits_code=True, by_city=by_city)
        known = _while_it_counts(known, None)
    return await open_session(door, known, second_factor=second_factor, by_city=by_city)


async def _authenticator(door: Door, known: Known) -> UUID | None:
    """The one whose code they have to give."""
    async with door.database.asking_own(known.asker) as session:
        found = await find_authenticator(session, known.account)
    return None if found is None or known.organisation.is_demo else found.id


def _while_it_counts(known: Known, authenticator: UUID | None) -> Known:
    """For as long as this is the authenticator whose codes are asked for, or as there is none."""

    async def same(session: AsyncSession) -> bool:
        return await held_authenticator(session, known.account) == authenticator

    return known if known.organisation.is_demo else known.while_so(same)


async def begin_sign_in(door: Door, email: str, password: str) -> Opened:
    """Likewise in two steps: where a code is missing, the answer awaits it."""
    try:
        return await sign_in(door, email, password)
    except CodeRequired as required:
        return await _open(door, required.known, WAITS_FOR_CODE, awaits_code=True)


async def finish_sign_in(door: Door, secret: str, code: str) -> Opened:
    """The second step. Raises `not-signed-in` when the first is too long ago, else as the first."""
    hashed = digest(secret)
    async with door.database.knocking(credential=hashed.hex()) as session:
        row = await session.scalar(select(SignIn).where(SignIn.token_hash == hashed, SignIn.awaits_code))
    if row is None or row.expires_at <= datetime.now(UTC):
        raise Problem(NOT_SIGNED_IN)
    known = await known_by_id(door.database, row)
    if known is None:
        raise Problem(NOT_SIGNED_IN)
    async with door.one_try(Address(known.account.email)):
        authenticator = await _authenticator(door, known)
        await _check_code(door, known, code)
        known = _while_it_counts(known, authenticator).while_so(partial(_take_first_step, first=row))
        return await open_session(door, known, second_factor=True, by_city=row.by_city, by_password=not row.by_city)


async def _take_first_step(session: AsyncSession, first: SignIn) -> bool:
    """False where it is gone: taken before, or ended by a new password."""
    row = delete(SignIn).where(SignIn.organisation_id == first.organisation_id, SignIn.id == first.id)
    return (await session.execute(row.returning(SignIn.id))).first() is not None


def _address(typed: str) -> Address:
    try:
        return address_of(typed)
    except NotText as wrong:
        raise Problem(INVALID_INPUT, errors=[{"where": "body.email", "what": str(wrong)}]) from None


async def _known(door: Door, email: Address, password: str) -> Known:
    """Whose password this is; takes as long for an address that nobody has."""
    database = door.database
    async with database.knocking(sign_in_email=email) as session:
        accounts = list(await session.scalars(select(Account).where(Account.email == email).limit(MOST_ACCOUNTS)))
        hashes = [await password_hash_of(session, account.organisation_id, account.id) for account in accounts]
    for account, hashed in zip(accounts, hashes, strict=True):
        known = await known_by_id(database, account) if await fits(password, hashed) else None
        if known:
            return replace(known, password_hash=hashed)
    if not accounts:
        await fits(password, None)
    door.turned_away.at_the_door(Act.SIGN_IN_FAILED, email, "password")
    raise Problem(SIGN_IN_FAILED)


async def known_by_id(database: Database, row: Account | SignIn | Passkey | CityIdentity) -> Known | None:
    """None once the person has left."""
    account_id = row.id if isinstance(row, Account) else row.account_id
    stub = Asker(row.organisation_id, "", account_id, frozenset(), "", "en", "UTC")
    async with database.asking_own(stub) as session:
        organisation = await session.get_one(Organisation, row.organisation_id)
        account = await session.get_one(Account, (row.organisation_id, account_id))
    asker = asker_of(account, organisation, "session", second_factor=True)
    return None if asker is None else Known(account, organisation, asker)


async def _check_code(door: Door, known: Known, code: str) -> None:
    """Raises `sign-in-failed`. What happened is kept in any case: the code is used up, the log says so."""
    if TIME_CODE.fullmatch(code):
        async with door.tries.code(known.account.id):
            fitting = await _try_code(door, known, code)
            if not fitting:
                raise Problem(SIGN_IN_FAILED)
    elif not await _try_code(door, known, code):
        raise Problem(SIGN_IN_FAILED)


async def _try_code(door: Door, known: Known, code: str) -> bool:
    account = known.account
    async with door.database.asking_own(known.asker) as session:
        fitting = await take_time_code(session, door.vault, account, code) is not None
        if not fitting and await use_recovery_code(session, account, code):
            note(session, Act.RECOVERY_CODE_USED, "account", [account.id])
            fitting = True
        if not fitting:
            note(session, Act.SECOND_FACTOR_FAILED, "account", [account.id])
    return fitting


async def open_session(
    door: Door, known: Known, *, second_factor: bool, by_city: bool = False, by_password: bool = False
) -> Opened:
    """A session for someone who has shown all that they have; the one that the browser still had ends. Raises
    `city-sign-in-required` where nothing but the city's own sign-in opens an account."""
    opened = await _open(door, known, LASTS, second_factor=second_factor, by_city=by_city, by_password=by_password)
    if door.held:
        await end_session(door.database, digest(door.held))
    return opened


async def _open(
    door: Door,
    known: Known,
    lasts: timedelta,
    *,
    second_factor: bool = False,
    awaits_code: bool = False,
    by_city: bool = False,
    by_password: bool = False,
) -> Opened:
    secret, now, account = new_secret(), datetime.now(UTC), known.account
    mark = door.tries.mark(Address(account.email), door.caller.mark)
    row = SignIn(
        organisation_id=account.organisation_id,
        account_id=account.id,
        token_hash=digest(secret),
        device=door.caller.browser.replace("\x00", "")[:200],
        last_seen_at=now,
        expires_at=now + lasts,
        second_factor=second_factor,
        awaits_code=awaits_code,
        by_city=by_city,
        device_id=device_of(mark),
    )
    async with door.database.asking_own(known.asker) as session:
        city = None if by_city else await find_city_sign_in(session, account.organisation_id)
        if city and city.only_way:
            door.turned_away.known_at_the_door(account, "city-sign-in-required")
            raise Problem(CITY_SIGN_IN_REQUIRED, see="/sign-in")
        row.given_password = await _held(door, session, known, by_password) and by_password
        await _clear_away(session, account, now)
        session.add(row)
        await session.flush()
        if not awaits_code:
            how = {"second_factor": second_factor} | ({"by": "city"} if by_city else {})
            note(session, Act.SIGNED_IN, "session", [row.id], how)
    asker = asker_of(account, known.organisation, "session", second_factor=second_factor, given=row.given_password)
    return Opened(asker or known.asker, secret, mark, awaits_code)


async def _held(door: Door, session: AsyncSession, known: Known, by_password: bool) -> bool:
    """Raises `sign-in-failed` unless what was shown is good still, and holds it so. Did somebody else give the
    password?"""
    account, asked_for = known.account, known.password_hash
    secret = await held_secret(session, account.organisation_id, account.id)
    same = asked_for is None or (secret is not None and secret.password_hash == asked_for)
    if not same or not all([await still(session) for still in known.still]):
        if asked_for or by_password:
            door.turned_away.known_at_the_door(account, "password")
        raise Problem(SIGN_IN_FAILED)
    return secret is not None and secret.given


def device_of(mark: str) -> bytes:
    """By which the database knows a device again."""
    return digest(f"device {mark}")


async def _clear_away(session: AsyncSession, account: Account, now: datetime) -> None:
    """Sessions that have ended, and the oldest of too many."""
    mine = SignIn.organisation_id == account.organisation_id, SignIn.account_id == account.id
    await session.execute(delete(SignIn).where(*mine, SignIn.expires_at < now))
    newest = select(SignIn.id).where(*mine).order_by(SignIn.last_seen_at.desc()).limit(MOST_SESSIONS - 1)
    await session.execute(delete(SignIn).where(*mine, SignIn.id.not_in(newest)))


async def sign_out(database: Database, secret: str) -> None:
    """Ends the session of this secret, if there is one."""
    await end_session(database, digest(secret))


async def end_session(database: Database, hashed: bytes) -> None:
    """Likewise by what the database keeps of the secret."""
    async with database.knocking(credential=hashed.hex()) as session:
        row = await session.scalar(select(SignIn).where(SignIn.token_hash == hashed))
    if row is None:
        return
    stub = Asker(row.organisation_id, "", row.account_id, frozenset(), "", "en", "UTC")
    async with database.asking_own(stub) as session:
        gone = delete(SignIn).where(SignIn.organisation_id == row.organisation_id, SignIn.id == row.id)
        await session.execute(gone)
        if not row.awaits_code:
            note(session, Act.SIGNED_OUT, "session", [row.id])
