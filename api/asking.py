"""Who asks over HTTP, and the request's one transaction."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker, SettingUp
from api.cookie import SESSION, drop_cookie, read_cookie
from api.credential import TOKEN_PREFIX, Ended, asker_of_session, asker_of_token
from api.database import Database
from api.incoming import DELIVERIES
from api.problem import (
    FORBIDDEN,
    INVALID_INPUT,
    NOT_SIGNED_IN,
    PASSWORD_CHANGE_REQUIRED,
    PURPOSE_REQUIRED,
    RELEASES_ONLY,
    SECOND_FACTOR_REQUIRED,
    SESSION_REQUIRED,
    Kind,
    Problem,
)
from api.turned_away import turned_away_of
from api.vault import Keys, Vault
from geo.account import Role
from geo.log import Act, note
from geo.typed_text import NotText, one_line

PURPOSE_HEADER = "Lantern-Purpose"
SIGNED_OUT_HEADER = "Lantern-Signed-Out"
CARRYING = (DELIVERIES, "/api/v1/delivery-key", "/api/v1/phone/", "/api/v1/me")
"""What the app of a phone asks for. It clears by itself all but what it still has to send."""
SHORTEST_PURPOSE, LONGEST_PURPOSE = 3, 200


@dataclass(frozen=True)
class Asked:
    """The transaction of a request, and in whose name it runs."""

    session: AsyncSession
    asker: Asker
    database: Database
    vault: Vault

    async def keys(self) -> Keys:
        """The keys of the asker's organisation, for what is sealed; see `Vault.keys`."""
        return await self.vault.keys(self.session, self.asker.organisation_id)

    def exact(self) -> None:
        """Exact places are wanted: raises `purpose-required` where who asks has to say why and did not."""
        require_purpose(self.asker)

    def saw(self, noun: str, ids: Iterable[UUID], **detail: Any) -> None:
        """Exact places of a noun are shown to who asks: the log says so."""
        note(self.session, Act.READ, noun, ids, detail)


def get_database(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def get_vault(request: Request) -> Vault:
    return cast(Vault, request.app.state.vault)


async def find_asker(request: Request) -> Asker | Ended | None:
    """Who asks: by `Authorization: Bearer` if there is one, else by the cookie; None when neither is there."""
    database = get_database(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = secret.strip()
        asker = await asker_of_token(database, token) if token.startswith(TOKEN_PREFIX) else None
        if asker is None:
            turned_away_of(request).stranger("token")
        return asker
    if scheme:
        return None
    cookie = read_cookie(request, SESSION)
    return await asker_of_session(database, cookie) if cookie else None


async def settling(request: Request) -> Asker:
    """Who asks, even while there is something that they have to set up first. Raises `not-signed-in`."""
    asker = await find_asker(request)
    if not isinstance(asker, Asker):
        raise Problem(NOT_SIGNED_IN, headers={"WWW-Authenticate": "Bearer"} | farewell(request, asker))
    asker = _with_purpose(asker, request.headers.get(PURPOSE_HEADER))
    request.state.asker = asker
    return asker


def farewell(request: Request, ended: Ended | None) -> dict[str, str]:
    """To a browser whose session was ended: drop the cookie and all that was kept with it.

    One whose time has merely passed keeps what it has stored: there may be visits that it could not send yet. So does
    the app of a phone: these are sealed, and not acknowledged. It hears that it was signed out, and drops the rest.
    """
    gone = Response()
    drop_cookie(gone, request, SESSION)
    cookie = {"Set-Cookie": gone.headers["set-cookie"]}
    match ended:
        case Ended.GONE:
            cleared = ['"cache"', '"cookies"', '"storage"']
            if request.url.path.startswith(CARRYING):
                return cookie | {"Clear-Site-Data": ", ".join(cleared[:-1]), SIGNED_OUT_HEADER: "yes"}
            return cookie | {"Clear-Site-Data": ", ".join(cleared)}
        case Ended.LAPSED:
            return cookie
    return {}


async def who(request: Request) -> Asker:
    """Raises `not-signed-in`, and `password-change-required` or `second-factor-required` where that comes first."""
    return _set_up(await settling(request), None)


async def choosing(request: Request) -> Asker:
    """Likewise, but lets in who has to choose a password."""
    return _set_up(await settling(request), SettingUp.PASSWORD)


async def settled(request: Request) -> Asker:
    """Likewise, but lets in who has to set up a second factor."""
    return _set_up(await settling(request), SettingUp.SECOND_FACTOR)


def _set_up(asker: Asker, this: SettingUp | None) -> Asker:
    match asker.setting_up:
        case SettingUp.PASSWORD if this is not SettingUp.PASSWORD:
            raise Problem(PASSWORD_CHANGE_REQUIRED, see="/api/v1/me/password")
        case SettingUp.SECOND_FACTOR if this is not SettingUp.SECOND_FACTOR:
            raise Problem(SECOND_FACTOR_REQUIRED, see="/api/v1/second-factor")
    return asker


def _with_purpose(asker: Asker, stated: str | None) -> Asker:
    """A purpose stated in the request itself counts before that of the session."""
    if stated is None:
        return asker
    try:
        purpose = one_line(stated)
    except NotText:
        purpose = ""
    if not SHORTEST_PURPOSE <= len(purpose) <= LONGEST_PURPOSE:
        what = f"takes {SHORTEST_PURPOSE} to {LONGEST_PURPOSE} characters, none of them unseen"
        raise Problem(INVALID_INPUT, errors=[{"where": f"header.{PURPOSE_HEADER}", "what": what}])
    return replace(asker, purpose=purpose)


Who = Annotated[Asker, Depends(who, scope="function")]
Anyone = Annotated[Asker, Depends(settling, scope="function")]
Choosing = Annotated[Asker, Depends(choosing, scope="function")]
Settled = Annotated[Asker, Depends(settled, scope="function")]


def refusal(asker: Asker) -> Problem:
    """A planner is shown the way to releases; anyone else hears that the role does not allow it."""
    kind: Kind = RELEASES_ONLY if Role.PLANNER in asker.roles else FORBIDDEN
    return Problem(kind, see="/api/v1/releases" if kind is RELEASES_ONLY else None)


def require_purpose(asker: Asker) -> None:
    """Raises `purpose-required` for a manager who has not said why exact places are needed."""
    if Role.MANAGER in asker.roles and asker.purpose is None:
        raise Problem(PURPOSE_REQUIRED, see="/api/v1/session/purpose")


def in_person(asker: Asker) -> Asker:
    """Raises `session-required` for an access token: what weighs most is done by who has signed in."""
    if asker.by == "token":
        raise Problem(SESSION_REQUIRED, see="/sign-in")
    return asker


def asked_as(
    *roles: Role, exact: bool = False, opened: bool = False, session_alone: bool = False
) -> Callable[..., AsyncIterator[Asked]]:
    """A dependency that opens the request's transaction for anyone with one of the roles (none given: for anyone);
    `exact` where it shows exact places, for which some have to state a purpose; `opened` where a widening, while it
    lasts, lets in those too whose role does not; `session_alone` where an access token does not do.

    Use with `Depends(…, scope="function")`, so that the commit comes before the answer.
    """

    async def asked(request: Request, asker: Who) -> AsyncIterator[Asked]:
        if roles and asker.roles.isdisjoint(roles) and not (opened and asker.widenings):
            raise refusal(asker)
        if session_alone:
            in_person(asker)
        async with opened_by(request, asker) as found:
            if exact:
                found.exact()
            yield found

    return asked


@asynccontextmanager
async def opened_by(request: Request, asker: Asker) -> AsyncIterator[Asked]:
    """A transaction in the roles of who asks, opened only after something else was done without one."""
    database = get_database(request)
    async with database.asking(asker) as session:
        yield Asked(session, asker, database, get_vault(request))


@asynccontextmanager
async def own(request: Request, asker: Asker) -> AsyncIterator[Asked]:
    """A transaction for what is everyone's own, opened only after something else was done without one."""
    database = get_database(request)
    async with database.asking_own(asker) as session:
        yield Asked(session, asker, database, get_vault(request))


async def asked_own(request: Request, asker: Who) -> AsyncIterator[Asked]:
    """A dependency for what is everyone's own, whatever their roles: account, sessions, tokens."""
    async with own(request, asker) as asked:
        yield asked


async def asked_settling(request: Request, asker: Settled) -> AsyncIterator[Asked]:
    """Likewise for what someone can do who has yet to set up a second factor: that, and nothing else."""
    async with own(request, asker) as asked:
        yield asked


Asking = Annotated[Asked, Depends(asked_as(), scope="function")]
AskingOwn = Annotated[Asked, Depends(asked_own, scope="function")]
Settling = Annotated[Asked, Depends(asked_settling, scope="function")]
Managing = Annotated[Asked, Depends(asked_as(Role.MANAGER), scope="function")]
Reaching = Annotated[Asked, Depends(asked_as(Role.MANAGER, Role.STREETWORKER), scope="function")]
Exact = Annotated[Asked, Depends(asked_as(Role.MANAGER, Role.STREETWORKER, exact=True), scope="function")]
Opened = Annotated[Asked, Depends(asked_as(Role.MANAGER, Role.STREETWORKER, opened=True), scope="function")]
OpenedExact = Annotated[
    Asked, Depends(asked_as(Role.MANAGER, Role.STREETWORKER, exact=True, opened=True), scope="function")
]
ManagingExact = Annotated[Asked, Depends(asked_as(Role.MANAGER, exact=True), scope="function")]
Knowing = Annotated[
    Asked, Depends(asked_as(Role.MANAGER, Role.STREETWORKER, Role.STEWARD, Role.DESK), scope="function")
]
Keeping = Annotated[Asked, Depends(asked_as(Role.MANAGER, Role.STEWARD), scope="function")]
Deciding = Annotated[Asked, Depends(asked_as(Role.MANAGER, Role.STEWARD, session_alone=True), scope="function")]
