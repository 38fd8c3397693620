"""Made-up requests to every operation of the live app, as every role: nothing breaks, nobody gets anything without
signing in, and the app answers as its own document says."""

import logging
from collections.abc import Callable, Iterator

import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, text

from api.cookie import SESSION
from api.credential import digest, new_secret
from api.noun_router import problems
from geo.schema import new_id
from tests.fixtures.client import serving
from tests.fixtures.fuzz import PATIENCE_S, Findings, Fuzz
from tests.fixtures.town import PEOPLE, PURPOSE, SmallTown

logger = logging.getLogger(__name__)
pytestmark = pytest.mark.anyio
ALL = 50_000
FEW = 700
NOBODY = "nobody"
EVERYONE = ("alice", "mara", "pim", "dora", "stefan", "otto", NOBODY)
OPEN_TO_ALL = frozenset({"DELETE /api/v1/session", "POST /api/v1/session/passkey/challenge"})
"""Signing out succeeds also for who is not signed in; it takes nothing and tells nothing. A challenge is random."""

RESTORE = text("UPDATE lantern.account SET roles = :roles, left_on = NULL WHERE id = :account_id")
SIGN_IN = text(
    """INSERT INTO lantern.session
    (organisation_id, id, account_id, token_hash, expires_at, purpose, purpose_until, second_factor)
    VALUES (:organisation_id, :id, :account_id, :token_hash, now() + interval '1 hour', :purpose,
            now() + interval '1 hour', true)"""
)


@pytest.fixture
def owner(owner_url: str) -> Iterator[Engine]:
    engine = create_engine(owner_url)
    yield engine
    engine.dispose()


def signing_in(owner: Engine, town: SmallTown, person: str) -> Callable[[], dict[str, str]]:
    """A new session each time: what is made up may have ended the last one, or taken the role away."""
    whose = {
        "organisation_id": town.silverpit_id if person == "otto" else town.organisation_id,
        "account_id": town.accounts[person],
        "roles": [PEOPLE.get(person, "manager")],
        "purpose": PURPOSE,
    }

    def sign_in() -> dict[str, str]:
        secret = new_secret()
        with owner.begin() as connection:
            connection.execute(RESTORE, whose)
            connection.execute(SIGN_IN, whose | {"id": new_id(), "token_hash": digest(secret)})
        return {"Cookie": f"{SESSION}={secret}"}

    return sign_in


async def attack(
    address: str, town: SmallTown, owner: Engine, person: str, cases: int, first: int = 0, every: int = 1
) -> Findings:
    kinds = (town.sites, town.areas, town.visits, town.accounts, town.districts)
    known = [town.team, *(each for ids in kinds for each in ids.values())]
    sign_in = None if person == NOBODY else signing_in(owner, town, person)
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        document = (await client.get(f"{address}/openapi.json")).json()
    fuzz = Fuzz(address, document, known, sign_in, OPEN_TO_ALL, first, every)
    found = await anyio.to_thread.run_sync(fuzz.run, cases)
    logger.info("%s: %s", person, found)
    assert found.cases >= cases
    return found


@pytest.mark.parametrize("person", EVERYONE)
async def test_a_few_made_up_requests_break_nothing(
    live_server: str, town: SmallTown, owner: Engine, person: str
) -> None:
    first, every = (0, 1) if person == NOBODY else (EVERYONE.index(person) % 3, 3)
    found = await attack(live_server, town, owner, person, FEW // len(EVERYONE), first, every)
    assert not found.faults, str(found)


@pytest.mark.attack
@pytest.mark.parametrize("person", EVERYONE)
async def test_fifty_thousand_made_up_requests_break_nothing(
    live_server: str, town: SmallTown, owner: Engine, person: str
) -> None:
    found = await attack(live_server, town, owner, person, -(-ALL // len(EVERYONE)))
    assert not found.faults, str(found)


class Counted(BaseModel):
    count: int


def leaky() -> FastAPI:
    """An app with one hole of each kind."""
    app = FastAPI()

    @app.get("/breaks/{number}")
    async def breaks(number: int) -> dict[str, int]:
        return {"left": 1 // (number % 2)}

    @app.get("/unsaid/{number}")
    async def unsaid(number: int, response: Response) -> dict[str, int]:
        response.status_code = 418 if number > 0 else 401
        return {}

    @app.get("/other-content/{number}", responses=problems(401))
    async def other_content(number: int) -> Response:
        return PlainTextResponse("no", 401)

    @app.get("/other-shape/{number}")
    async def other_shape(number: int) -> Counted:
        return JSONResponse({"count": "many"})  # type: ignore[return-value]

    return app


async def test_control_each_kind_of_fault_is_found() -> None:
    app = leaky()
    with serving(app) as address:
        found = await anyio.to_thread.run_sync(Fuzz(address, app.openapi()).run, 60)
    assert {(operation, fault) for operation, fault in found.faults if "{number}" in operation} >= {
        ("GET /breaks/{number}", "not_a_server_error"),
        ("GET /breaks/{number}", "lets in who is not signed in"),
        ("GET /unsaid/{number}", "status_code_conformance"),
        ("GET /other-content/{number}", "content_type_conformance"),
        ("GET /other-shape/{number}", "response_schema_conformance"),
    }
