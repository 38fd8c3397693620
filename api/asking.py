"""Who asks over HTTP, and the request's one transaction."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.credential import TOKEN_PREFIX, asker_of_session, asker_of_token
from api.database import Database
from api.problem import FORBIDDEN, NOT_SIGNED_IN, RELEASES_ONLY, Kind, Problem
from geo.account import Role

COOKIE = "lantern_session"


@dataclass(frozen=True)
class Asked:
    """The transaction of a request, and in whose name it runs."""

    session: AsyncSession
    asker: Asker
    database: Database


def get_database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


async def find_asker(request: Request) -> Asker | None:
    """Who asks: by `Authorization: Bearer` if there is one, else by the cookie; None when neither holds."""
    database = get_database(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await asker_of_token(database, secret.strip()) if secret.strip().startswith(TOKEN_PREFIX) else None
    if scheme:
        return None
    cookie = request.cookies.get(COOKIE)
    return await asker_of_session(database, cookie) if cookie else None


async def who(request: Request) -> Asker:
    """Raises the problem `not-signed-in`."""
    asker = await find_asker(request)
    if asker is None:
        raise Problem(NOT_SIGNED_IN, headers={"WWW-Authenticate": "Bearer"})
    request.state.asker = asker
    return asker


Who = Annotated[Asker, Depends(who, scope="function")]


def refusal(asker: Asker) -> Problem:
    """A planner is shown the way to releases; anyone else hears that the role does not allow it."""
    kind: Kind = RELEASES_ONLY if Role.PLANNER in asker.roles else FORBIDDEN
    return Problem(kind, see="/api/v1/releases" if kind is RELEASES_ONLY else None)


def asked_as(*roles: Role) -> Callable[..., AsyncIterator[Asked]]:
    """A dependency that opens the request's transaction for anyone with one of the roles (none given: for anyone).

    Use with `Depends(…, scope="function")`, so that the commit comes before the answer.
    """

    async def asked(request: Request, asker: Who) -> AsyncIterator[Asked]:
        if roles and asker.roles.isdisjoint(roles):
            raise refusal(asker)
        database = get_database(request)
        async with database.asking(asker) as session:
            yield Asked(session, asker, database)

    return asked


async def asked_own(request: Request, asker: Who) -> AsyncIterator[Asked]:
    """A dependency for what is everyone's own, whatever their roles: account, sessions, tokens."""
    database = get_database(request)
    async with database.asking_own(asker) as session:
        yield Asked(session, asker, database)


Asking = Annotated[Asked, Depends(asked_as(), scope="function")]
AskingOwn = Annotated[Asked, Depends(asked_own, scope="function")]
Managing = Annotated[Asked, Depends(asked_as(Role.MANAGER), scope="function")]
Reaching = Annotated[Asked, Depends(asked_as(Role.MANAGER, Role.STREETWORKER), scope="function")]
Knowing = Annotated[
    Asked, Depends(asked_as(Role.MANAGER, Role.STREETWORKER, Role.STEWARD, Role.DESK), scope="function")
]
Keeping = Annotated[Asked, Depends(asked_as(Role.MANAGER, Role.STEWARD), scope="function")]
