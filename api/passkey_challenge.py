"""What a passkey is to sign: where it is good, and challenges that are each good once, in one browser."""

import hashlib
import ipaddress
import json
import secrets
from binascii import Error as NoBase64
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from fastapi import Request
from pydantic import ConfigDict, StringConstraints
from webauthn import base64url_to_bytes

from api.asking import get_database
from api.body import Body
from api.database import Database
from api.origin import own_port
from api.problem import NOT_FOUND, Problem
from api.settings import Settings
from geo.passkey import keep_challenge, use_challenge

CHALLENGE = 32
Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=20_000)]


@dataclass(frozen=True)
class Site:
    """Where a passkey is good: the host that it is made for (the standard's RP ID), and the only origin."""

    host: str
    origin: str


class FromBrowser(Body):
    """What a browser's own call gave, as its `toJSON()` writes it; what else stands there is left alone."""

    model_config = ConfigDict(extra="ignore")


class Signed(FromBrowser):
    clientDataJSON: Base64


class Credential(FromBrowser):
    id: Base64
    rawId: Base64
    type: Literal["public-key"]


def site_of(request: Request) -> Site | None:
    """Where passkeys are good here: at the origin of the settings; without one on this machine, as `localhost`. None
    where browsers know none: at an address in numbers, and without TLS."""
    settings = cast(Settings, request.app.state.settings)
    if settings.origin is not None:
        host = urlsplit(settings.origin).hostname or ""
        return None if _is_number(host) else Site(host, settings.origin)
    if not settings.on_loopback:
        return None
    return Site("localhost", f"http://localhost:{own_port(request)}")


def required_site(request: Request) -> Site:
    site = site_of(request)
    if site is None:
        raise Problem(NOT_FOUND, "Passkeys need an address with a name: see LANTERN_ORIGIN.")
    return site


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def give_challenge(database: Database, *what_for: str) -> bytes:
    """A new challenge, good once, for five minutes, and for what it is given: an act, and the secret of one browser."""
    challenge = secrets.token_bytes(CHALLENGE)
    kept = _kept(challenge, what_for)
    async with database.knocking(challenge=kept.hex()) as session:
        await keep_challenge(session, kept)
    return challenge


async def take_challenge(request: Request, response: Signed, *what_for: str) -> bytes | None:
    """The challenge that was signed, which is used up; None where it was not given for this, or is good no more."""
    challenge = _challenge_in(response.clientDataJSON)
    if challenge is None:
        return None
    return challenge if await spend_challenge(get_database(request), challenge, *what_for) else None


async def spend_challenge(database: Database, challenge: bytes, *what_for: str) -> bool:
    """Uses a challenge up; was it given for this, and is it still good?"""
    kept = _kept(challenge, what_for)
    async with database.knocking(challenge=kept.hex()) as session:
        return await use_challenge(session, kept)


def _kept(challenge: bytes, what_for: tuple[str, ...]) -> bytes:
    parts = (challenge, *(each.encode("utf-8", "surrogatepass") for each in what_for))
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


def _challenge_in(client_data: str) -> bytes | None:
    try:
        said: Any = json.loads(base64url_to_bytes(client_data))
        challenge = base64url_to_bytes(said["challenge"])
    except (NoBase64, ValueError, TypeError, KeyError, RecursionError):
        return None
    return challenge if len(challenge) == CHALLENGE else None
