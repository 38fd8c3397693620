"""What a provider of a city says proves nothing unless all of it is as it was agreed, signed by the right key."""

import socket
import time
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OctKey

from api.settings import Settings
from tests.fixtures.city_account import ORIGIN, Connect, is_in, out, refused, there, trip
from tests.fixtures.look import look, run
from tests.fixtures.provider import CLIENT_ID, SECRET, CityProvider, Claims, Person, unsigned
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"origin": ORIGIN})


def wrong_claims(claims: Claims, now: int) -> dict[str, Claims]:
    """Each as it is told to the provider; None takes a claim away."""
    return {
        "another nonce": {"nonce": "A" * 43},
        "no nonce": {"nonce": None},
        "another audience": {"aud": "another client"},
        "an audience of several without the party": {"aud": [CLIENT_ID, "another client"]},
        "another party": {"azp": "another client"},
        "no audience": {"aud": None},
        "another issuer": {"iss": claims["iss"] + "/"},
        "no issuer": {"iss": None},
        "expired": {"iat": now - 600, "exp": now - 120},
        "no end": {"exp": None},
        "of tomorrow": {"iat": now + 86400, "exp": now + 90000},
        "no subject": {"sub": None},
        "an empty subject": {"sub": ""},
        "a number for a subject": {"sub": 17},
        "a subject without end": {"sub": "x" * 300},
        "another access token": {"at_hash": "A" * 22},
    }


async def test_a_token_that_says_something_else_than_was_agreed_proves_nothing(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    city_provider.person = Person("a-17", town.email("alice"))
    now = int(time.time())
    for name in wrong_claims({"iss": ""}, now):

        def alter(claims: Claims, name: str = name) -> None:
            claims |= wrong_claims(dict(claims), now)[name]
            for gone in [claim for claim, value in claims.items() if value is None]:
                del claims[gone]

        city_provider.alter = alter
        assert await refused(anyone, await trip(anyone, owner_url)), name
    city_provider.alter = lambda claims: None
    await trip(anyone, owner_url)
    assert await is_in(anyone, "Alice")


async def test_a_token_that_the_provider_did_not_sign_proves_nothing(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str
) -> None:
    provider = city_provider
    provider.person = Person("a-17", town.email("alice"))
    shared = OctKey.import_key(SECRET)
    forged: dict[str, Callable[[Claims], str]] = {
        "another key by the same name": lambda claims: provider.signed(claims, "two", kid="one"),
        "a key that is not announced": lambda claims: provider.signed(claims, "two"),
        "no name of a key": lambda claims: provider.signed(claims, kid=None),
        "no signature": unsigned,
        "the client's secret": lambda claims: jwt.encode({"alg": "HS256", "kid": "one"}, claims, shared),
        "a cut signature": lambda claims: provider.signed(claims)[:-8],
        "no token": lambda claims: "",
        "nonsense": lambda claims: "a.b.c",
    }
    for name, sign in forged.items():
        provider.sign = sign
        assert await refused(anyone, await trip(anyone, owner_url)), name


async def test_a_new_key_of_the_provider_is_found(
    anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, town: SmallTown, owner_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    city_provider.person = Person("a-17", town.email("alice"))
    await trip(anyone, owner_url)
    anyone.cookies.clear()
    city_provider.keys = ["one", "two"]
    city_provider.sign = lambda claims: city_provider.signed(claims, "two")
    assert await refused(anyone, await trip(anyone, owner_url)), "not asked for more often than every half minute"
    monkeypatch.setattr("api.city_provider.AGAIN_S", 0)
    await trip(anyone, owner_url)
    assert await is_in(anyone, "Alice")


async def test_a_provider_that_answers_in_the_name_of_another_is_refused(
    app: FastAPI,
    anyone: httpx.AsyncClient,
    connect: Connect,
    city_provider: CityProvider,
    town: SmallTown,
    owner_url: str,
) -> None:
    city_provider.person = Person("a-17", town.email("alice"))
    way = await there(await out(anyone, owner_url))
    assert await refused(anyone, await anyone.get(f"{way}&iss=https://evil.example"))
    city_provider.said = {"authorization_response_iss_parameter_supported": True}
    app.state.providers.__init__()
    assert await refused(anyone, await trip(anyone, owner_url))
    way = await there(await out(anyone, owner_url))
    await anyone.get(f"{way}&iss={city_provider.issuer}")
    assert await is_in(anyone, "Alice")


async def test_a_provider_that_is_silent_or_leads_elsewhere_is_told_and_waited_for_no_longer_than_seconds(
    app: FastAPI, anyone: httpx.AsyncClient, connect: Connect, city_provider: CityProvider, owner_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    provider, city_id = city_provider, look(owner_url, "SELECT id FROM lantern.city_sign_in")[0][0]
    for said in (
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://user:pass@evil.example/keys"},
        {"token_endpoint": None},
        {"more": "x" * 600_000},
    ):
        provider.said = said
        app.state.providers.__init__()
        answer = await anyone.get(f"/sign-in/city/{city_id}")
        assert answer.status_code == 503, said
        assert "does not answer as it should" in answer.text
    provider.said = {}
    run(owner_url, "UPDATE lantern.city_sign_in SET issuer = 'http://127.0.0.1:9'")
    assert (await anyone.get(f"/sign-in/city/{city_id}")).status_code == 503
    monkeypatch.setattr("api.city_provider.ALTOGETHER_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and says nothing
        port = silent.getsockname()[1]
        run(owner_url, f"UPDATE lantern.city_sign_in SET issuer = 'http://127.0.0.1:{port}'")
        begun = time.monotonic()
        assert (await anyone.get(f"/sign-in/city/{city_id}")).status_code == 503
        assert time.monotonic() - begun < 4
