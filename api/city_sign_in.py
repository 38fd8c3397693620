"""Signing in with the account of one's city: out to its provider, and back with a proof of who it was.

It opens accounts that are there, and makes none. The first time, an address that the provider has verified tells which
account it is; from then on what the provider calls the person does, whatever becomes of the address.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from webauthn import base64url_to_bytes

from api.asker import Asker
from api.city_provider import Client, NotProven, Provider, Providers, ProviderSilent, Said, way_to
from api.credential import new_secret
from api.database import Database
from api.origin import own_origin
from api.passkey_challenge import give_challenge, spend_challenge
from api.problem import NOT_FOUND, PROVIDER_SILENT, SIGN_IN_FAILED, Problem
from api.sign_in import Door, Known, Opened, known_by_id, open_known
from geo.account import Account
from geo.city_sign_in import (
    CitySignIn,
    find_city_identity,
    hash_of_subject,
    list_city_sign_ins,
    tie,
)
from geo.log import Act, note

TO_SIGN_IN = "city"
WAY_BACK = "/sign-in/city/back"
MOST_SHOWN = 10
REFUSED = "Your city's account opens nothing here. Ask a manager of your organisation."
SILENT = "Your city's sign-in does not answer as it should. Try again soon."


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and the secret that it keeps until it comes back."""

    address: str
    secret: str


@dataclass(frozen=True)
class _Trip:
    """One person's way out and back: what is new with each, made of the browser's secret and the challenge."""

    secret: str
    challenge: bytes

    @property
    def state(self) -> str:
        return _written(self.challenge)

    @property
    def nonce(self) -> str:
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        return self._made("verifier")

    def _made(self, what: str) -> str:
        return _written(
            hmac.digest(self.secret.encode("utf-8", "surrogatepass"), what.encode() + self.challenge, "sha256")
        )


def _written(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


async def ways_in(request: Request) -> list[CitySignIn]:
    """The cities that the sign-in page names; none where Lantern does not know its own address."""
    if own_origin(request) is None:
        return []
    return (await _all(Door.of(request).database))[:MOST_SHOWN]


async def _all(database: Database) -> list[CitySignIn]:
    async with database.knocking(door="city") as session:
        return await list_city_sign_ins(session)


async def begin(request: Request, city_id: UUID) -> Begun:
    """Raises `not-found`, `too-many`, `provider-silent`."""
    door, city = Door.of(request), await _found(request, city_id)
    await door.tries.asked_for_challenge(door.caller)
    provider, client = await _provider(request, city), await _client(request, city)
    secret = new_secret()
    trip = _Trip(secret, await give_challenge(door.database, TO_SIGN_IN, str(city.id), secret))
    return Begun(way_to(provider, client, trip.state, trip.verifier, trip.nonce), secret)


async def finish(request: Request, city_id: UUID, secret: str, brought: Mapping[str, str]) -> Opened:
    """Opens a session for who came back; where a code of Lantern's own is missing, one that awaits it. Raises
    `sign-in-failed`, the same for all that can be wrong, and `provider-silent`."""
    door, city = Door.of(request), await _found(request, city_id)
    try:
        said = await _said(request, city, secret, brought)
        known = await _known(door.database, city, said)
    except Problem as problem:
        if problem.kind is SIGN_IN_FAILED:
            door.turned_away.city_at_the_door(city.organisation_id)
        raise
    await door.tries.met_challenge(door.caller)
    return await open_known(door, known, second_factor=_had_second_factor(city, said), by_city=True)


async def _said(request: Request, city: CitySignIn, secret: str, brought: Mapping[str, str]) -> Said:
    """What the provider proves of who came back."""
    door = Door.of(request)
    trip = _Trip(secret, _read(brought.get("state", "")))
    if not await spend_challenge(door.database, trip.challenge, TO_SIGN_IN, str(city.id), secret):
        raise Problem(SIGN_IN_FAILED, REFUSED)
    provider, code = await _provider(request, city), brought.get("code", "")
    if not 1 <= len(code) <= 4000 or not _names(provider, brought.get("iss")):
        raise Problem(SIGN_IN_FAILED, REFUSED)
    try:
        return await _providers(request).prove(provider, await _client(request, city), code, trip.verifier, trip.nonce)
    except NotProven:
        raise Problem(SIGN_IN_FAILED, REFUSED) from None
    except ProviderSilent:
        raise Problem(PROVIDER_SILENT, SILENT) from None


def _names(provider: Provider, issuer: str | None) -> bool:
    """An answer of another provider than the one that was asked is refused (RFC 9207)."""
    return issuer == provider.issuer or (issuer is None and not provider.names_itself)


def _had_second_factor(city: CitySignIn, said: Said) -> bool:
    """The provider says so, by the word for it (RFC 8176) or by the one that was agreed."""
    return "mfa" in said.amr or (city.second_factor_acr is not None and said.acr == city.second_factor_acr)


def _read(state: str) -> bytes:
    try:
        return base64url_to_bytes(state)
    except ValueError:
        return b""


def _providers(request: Request) -> Providers:
    return cast(Providers, request.app.state.providers)


async def _found(request: Request, city_id: UUID) -> CitySignIn:
    for city in await _all(Door.of(request).database):
        if city.id == city_id:
            return city
    raise Problem(NOT_FOUND)


async def _provider(request: Request, city: CitySignIn) -> Provider:
    try:
        return await _providers(request).find(city.issuer)
    except ProviderSilent:
        raise Problem(PROVIDER_SILENT, SILENT) from None


async def _client(request: Request, city: CitySignIn) -> Client:
    door, origin = Door.of(request), own_origin(request)
    if origin is None:
        raise Problem(NOT_FOUND)
    stub = Asker(city.organisation_id, "", None, frozenset(), "", "en", "UTC")
    async with door.database.asking_own(stub) as session:
        keys = await door.vault.keys(session, city.organisation_id)
        secret = keys.open(city.client_secret, table="city_sign_in", column="client_secret", row_id=city.id)
    return Client(city.client_id, secret, origin + WAY_BACK)


async def _known(database: Database, city: CitySignIn, said: Said) -> Known:
    """Whose account it is, in the organisation of the city alone."""
    hashed = hash_of_subject(city.issuer, said.subject)
    async with database.knocking(city_subject=hashed.hex()) as session:
        identity = await find_city_identity(session, city.organisation_id, hashed)
    known = await known_by_id(database, identity) if identity else await _tied(database, city, said, hashed)
    if known is None:
        raise Problem(SIGN_IN_FAILED, REFUSED)
    return known


async def _tied(database: Database, city: CitySignIn, said: Said, hashed: bytes) -> Known | None:
    """The account of this address, which is from now on this person's."""
    email = said.email
    if email is None or (city.email_domain and email.rpartition("@")[2] != city.email_domain):
        return None
    rows = select(Account).where(Account.organisation_id == city.organisation_id, Account.email == email)
    async with database.knocking(sign_in_email=email) as session:
        account = await session.scalar(rows)
    known = await known_by_id(database, account) if account else None
    if known is None:
        return None
    try:
        async with database.asking_own(known.asker) as session:
            await tie(session, known.account, hashed)
            note(session, Act.CITY_ACCOUNT_TIED, "account", [known.account.id])
    except IntegrityError:  # the account is somebody else's
        return None
    return known
