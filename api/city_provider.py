"""The provider of a city's accounts (OpenID Connect): what it says of itself, and of who comes back from it.

Everything is asked of addresses that come from the issuer, which is set on the command line alone, over TLS, without
following anything that leads elsewhere, within seconds and a bounded size.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from geo.account import Address, address_of
from geo.typed_text import NotText

WELL_KNOWN = "/.well-known/openid-configuration"
TIMEOUT = httpx.Timeout(10, connect=5)
ALTOGETHER_S = 15
MOST_BYTES = 512 * 1024
PLAIN = {"Accept": "application/json", "Accept-Encoding": "identity"}  # what is packed could unpack to anything
KEPT_S, AGAIN_S = 600, 30
LEEWAY_S = 60
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures by a key pair: with a shared secret, or with none, anybody could have made them."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class ProviderSilent(Exception):
    """The provider does not answer, or not as OpenID Connect says."""


class NotProven(Exception):
    """What came back does not prove who it was."""


@dataclass(frozen=True)
class Provider:
    """What a provider says of itself. `by_post`: it wants the client's secret in the body; `names_itself`: its answers
    carry its name (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    by_post: bool
    names_itself: bool


@dataclass(frozen=True)
class Client:
    """What Lantern is to a provider, and where people come back to."""

    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Said:
    """What a provider says of someone. `email` only where it has verified it; `amr` and `acr`: how they signed in."""

    subject: str
    email: Address | None
    amr: frozenset[str]
    acr: str | None


class Providers:
    """Asks providers, and keeps for ten minutes what they said of themselves."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Provider]] = {}
        self._keys: dict[str, tuple[float, KeySet]] = {}

    async def find(self, issuer: str) -> Provider:
        """Raises ProviderSilent."""
        asked_at, known = self._known.get(issuer, (0.0, None))
        if known is None or asked_at + KEPT_S < time.monotonic():
            known = described(issuer, await _asked("GET", issuer.rstrip("/") + WELL_KNOWN))
            self._known[issuer] = time.monotonic(), known
        return known

    async def prove(self, provider: Provider, client: Client, code: str, verifier: str, nonce: str) -> Said:
        """Who came back with the code. Raises NotProven and ProviderSilent."""
        given = await _redeemed(provider, client, code, verifier)
        try:
            return proven(provider, await self._keys_of(provider), client, given, nonce)
        except InvalidKeyIdError:  # it may have a new key since it was last asked
            keys = await self._keys_of(provider, AGAIN_S)
        try:
            return proven(provider, keys, client, given, nonce)
        except InvalidKeyIdError:
            raise NotProven from None

    async def _keys_of(self, provider: Provider, kept_s: float = KEPT_S) -> KeySet:
        asked_at, keys = self._keys.get(provider.jwks_uri, (0.0, None))
        if keys is None or asked_at + kept_s < time.monotonic():
            try:
                keys = KeySet.import_key_set(await _asked("GET", provider.jwks_uri))
            except (JoseError, ValueError, TypeError, KeyError):
                raise ProviderSilent from None
            self._keys[provider.jwks_uri] = time.monotonic(), keys
        return keys


def is_safe(url: object, *, loopback: bool = False) -> bool:
    """An address to ask: over TLS; on this machine, for a provider that is itself there, also without."""
    if not isinstance(url, str) or len(url) > 1000 or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and host in LOOPBACK)


def is_on_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


def described(issuer: str, said: Any) -> Provider:
    """What the provider's document says (OpenID Connect Discovery 1.0, section 4.3). Raises ProviderSilent."""
    if not isinstance(said, dict) or said.get("issuer") != issuer:
        raise ProviderSilent
    places = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if not all(is_safe(place, loopback=is_on_loopback(issuer)) for place in places):
        raise ProviderSilent
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    names_itself = said.get("authorization_response_iss_parameter_supported") is True
    authorization, token, keys = map(str, places)
    return Provider(issuer, authorization, token, keys, "client_secret_basic" not in methods, names_itself)


def way_to(provider: Provider, client: Client, state: str, verifier: str, nonce: str) -> str:
    """Where the browser goes to sign in: an authorization code is asked for, with PKCE (RFC 7636)."""
    return str(
        prepare_grant_uri(
            provider.authorization_endpoint,
            client.client_id,
            "code",
            client.redirect_uri,
            "openid email",
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
    )


async def _redeemed(provider: Provider, client: Client, code: str, verifier: str) -> dict[str, Any]:
    """What the provider gives for the code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
    }
    if provider.by_post:
        form |= {"client_id": client.client_id, "client_secret": client.secret}
        given = await _asked("POST", provider.token_endpoint, data=form)
    else:  # RFC 6749, section 2.3.1: both are form-encoded first
        auth = httpx.BasicAuth(quote(client.client_id, safe=""), quote(client.secret, safe=""))
        given = await _asked("POST", provider.token_endpoint, data=form, auth=auth)
    if not isinstance(given, dict):
        raise ProviderSilent
    return given


def proven(provider: Provider, keys: KeySet, client: Client, given: dict[str, Any], nonce: str) -> Said:
    """Who the ID token is of (OpenID Connect Core 1.0, section 3.1.3.7). Raises NotProven, and InvalidKeyIdError for a
    key that is not known."""
    token = given.get("id_token")
    if not isinstance(token, str):
        raise NotProven
    try:
        signed = jwt.decode(token, keys, registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False))
        if not isinstance(signed.header.get("kid"), str):
            raise NotProven
        wanted = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": client.client_id},
        }
        known = {"nonce": nonce, "client_id": client.client_id, "access_token": given.get("access_token")}
        claims = CodeIDToken(signed.claims, signed.header, wanted, known)
        claims.validate(leeway=LEEWAY_S)
    except InvalidKeyIdError:
        raise
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotProven from None
    return _said(dict(claims))


def _said(claims: dict[str, Any]) -> Said:
    subject, email, amr, acr = (claims.get(name) for name in ("sub", "email", "amr", "acr"))
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise NotProven
    verified = isinstance(email, str) and claims.get("email_verified") is True
    return Said(
        subject,
        _address(str(email)) if verified else None,
        frozenset(one for one in amr if isinstance(one, str)) if isinstance(amr, list) else frozenset(),
        acr if isinstance(acr, str) else None,
    )


def _address(email: str) -> Address | None:
    try:
        return address_of(email)
    except NotText:
        return None


async def _asked(method: str, url: str, **more: Any) -> Any:
    """The JSON that an address answers with. Raises NotProven where it refuses, ProviderSilent where it says nothing
    that can be used."""
    body = bytearray()
    try:
        async with (
            asyncio.timeout(ALTOGETHER_S),
            httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream(method, url, headers=PLAIN, **more) as answer,
        ):
            if method == "POST" and answer.status_code in {400, 401}:
                raise NotProven
            if answer.status_code != 200:
                raise ProviderSilent
            async for part in answer.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    raise ProviderSilent
        return json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError, OSError):
        raise ProviderSilent from None
