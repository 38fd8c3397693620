"""How often sign-in may fail: bounds guessing, and the work that guessing makes for everyone else.

Tries are counted in the database, so for all processes, under keyed hashes. Whoever signed in on a device before holds
a mark there, and is counted apart: others, behind the same address or not, cannot lock them out.
"""

import base64
import hashlib
import hmac
import ipaddress
import math
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request

from api.cookie import read_cookie
from api.database import Database
from api.problem import SIGN_IN_FAILED, TOO_MANY, Problem
from geo.account import Address
from geo.sign_in_try import Allowance, Wait, clear_tries, count_try, forget_try, take_back_try

FOR_AN_ADDRESS = Allowance(free=5)
FROM_A_CLIENT = Allowance(free=100, longest_s=30)  # a whole office may sit behind one
OF_CODES = Allowance(free=10)
OF_PASSWORDS = Allowance(free=5)
MOST_AT_ONCE = 40
MOST_AT_ONCE_FROM_A_CLIENT = 20
DEVICE_COOKIE = "lantern_device"


@dataclass(frozen=True)
class Caller:
    """Where a try comes from: the client's address, its browser, and the mark that an earlier sign-in left there."""

    client: str
    browser: str = ""
    mark: str = ""

    @classmethod
    def of(cls, request: Request) -> "Caller":
        client = request.client.host if request.client else ""
        return cls(_network(client), request.headers.get("user-agent", ""), read_cookie(request, DEVICE_COOKIE))


def _network(client: str) -> str:
    """One household has 2**64 addresses of IPv6: they count as one."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False))


@contextmanager
def _seat(now: Counter[str], client: str) -> Iterator[None]:
    """A place among those that are checked at this moment, in this process. Raises `too-many` when all are taken."""
    if now.total() >= MOST_AT_ONCE or now[client] >= MOST_AT_ONCE_FROM_A_CLIENT:
        raise Problem(TOO_MANY, headers={"Retry-After": "2"})
    now[client] += 1
    try:
        yield
    finally:
        now[client] -= 1
        if not now[client]:
            del now[client]


class SignInTries:
    """Counts tries. `secret` gives the key of the hashes; it is asked when it is first needed."""

    def __init__(self, database: Database, secret: Callable[[], bytes]) -> None:
        self._database = database
        self._secret = secret
        self._now: Counter[str] = Counter()

    @asynccontextmanager
    async def one(self, caller: Caller, email: Address) -> AsyncIterator[None]:
        """One try to sign in. Raises `too-many` before anything is done; `sign-in-failed` inside is a failure,
        another Problem is not; only when there is none, what failed before is forgotten."""
        with _seat(self._now, caller.client):
            known = self._is_marked(caller.mark, email)
            own = self._key("known", caller.mark, email) if known else self._key("address", caller.client, email)
            shared = self._key("client", caller.client)
            await self._count({own: FOR_AN_ADDRESS} if known else {own: FOR_AN_ADDRESS, shared: FROM_A_CLIENT})
            try:
                yield
            except Problem as problem:
                if problem.kind is not SIGN_IN_FAILED:
                    await self._take_back(own, shared)
                raise
            await self._forget(own)
            await self._take_back(shared)

    @asynccontextmanager
    async def code(self, account_id: UUID) -> AsyncIterator[None]:
        """One code of an authenticator, wherever from: there are but a million. Whoever gets here has the password."""
        async with self._counted(self._key("code", str(account_id)), OF_CODES):
            yield

    @asynccontextmanager
    async def password(self, account_id: UUID) -> AsyncIterator[None]:
        """One try to show the password again, inside a session."""
        async with self._counted(self._key("password", str(account_id)), OF_PASSWORDS):
            yield

    async def asked_for_challenge(self, caller: Caller) -> None:
        """Someone wants to sign in with a passkey."""
        await self._count({self._key("challenge", caller.client): FROM_A_CLIENT})

    async def met_challenge(self, caller: Caller) -> None:
        await self._take_back(self._key("challenge", caller.client))

    @asynccontextmanager
    async def _counted(self, key: bytes, allowance: Allowance) -> AsyncIterator[None]:
        await self._count({key: allowance})
        yield
        await self._forget(key)

    def mark(self, email: Address, held: str = "") -> str:
        """For a device on which the address has signed in: the one that it holds, if it is of this address."""
        if self._is_marked(held, email):
            return held
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._sign(nonce, email)}"

    def _is_marked(self, mark: str, email: Address) -> bool:
        nonce, _, signed = mark.partition(".")
        return bool(nonce) and hmac.compare_digest(signed.encode(), self._sign(nonce, email).encode())

    def _sign(self, nonce: str, email: Address) -> str:
        return base64.urlsafe_b64encode(self._key("mark", nonce, email)).decode().rstrip("=")

    def _key(self, *parts: str) -> bytes:
        said = "\x1f".join(("sign-in", *parts)).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret(), said, hashlib.sha256)

    async def _count(self, allowances: Mapping[bytes, Allowance]) -> None:
        try:
            async with self._database.knocking(tries=_named(*allowances)) as session:
                await clear_tries(session)
                await count_try(session, allowances)
        except Wait as wait:
            raise Problem(TOO_MANY, headers={"Retry-After": str(max(1, math.ceil(wait.seconds)))}) from None

    async def _take_back(self, *keys: bytes) -> None:
        async with self._database.knocking(tries=_named(*keys)) as session:
            for key in sorted(keys):
                await take_back_try(session, key)

    async def _forget(self, key: bytes) -> None:
        async with self._database.knocking(tries=_named(key)) as session:
            await forget_try(session, key)


def _named(*keys: bytes) -> str:
    return ",".join(key.hex() for key in keys)
