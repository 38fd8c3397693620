"""One's own account."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.account import Locale, Password
from api.asker import Asker
from api.asking import AskingOwn, Who, own
from api.body import Body
from api.common_password import check_choice
from api.cookie import SESSION, read_cookie
from api.credential import digest
from api.noun_router import noun_router, problems
from api.password import MAXIMUM_LENGTH, fits, hash_password_aside
from api.problem import FORBIDDEN, INVALID_INPUT, TOO_MANY, Problem
from api.sign_in_tries import SignInTries
from api.turned_away import turned_away_of
from geo.account import Account, Role
from geo.account_query import end_credentials
from geo.account_secret import keep_password, password_hash_of
from geo.change import remember
from geo.log import Act, note
from geo.organisation import Organisation, bounds_of

router: APIRouter = noun_router("me")


class OwnOrganisation(BaseModel):
    """`bounds` is west, south, east, north in degrees: no place of yours lies outside."""

    slug: str
    name: str
    time_zone: str
    bounds: tuple[float, float, float, float]


class Me(BaseModel):
    id: UUID
    name: str
    email: str
    roles: list[Role]
    team_id: UUID | None
    locale: Locale
    organisation: OwnOrganisation


class PasswordChange(Body):
    current: Annotated[str, Field(max_length=MAXIMUM_LENGTH, strict=True)]
    new: Password


@router.get("")
async def read_me(asked: AskingOwn) -> Me:
    """Who you are here."""
    organisation = await asked.session.get_one(Organisation, asked.asker.organisation_id)
    account = await asked.session.get_one(Account, (asked.asker.organisation_id, asked.asker.account_id))
    return Me.model_validate(
        {
            "id": account.id,
            "name": account.name,
            "email": account.email,
            "roles": account.roles,
            "team_id": account.team_id,
            "locale": account.locale,
            "organisation": {
                "slug": organisation.slug,
                "name": organisation.name,
                "time_zone": organisation.time_zone,
                "bounds": bounds_of(organisation).bounds,
            },
        }
    )


@router.post("/password", status_code=204, responses=problems(400, 408, 413, 429))
async def post_password(body: PasswordChange, request: Request, asker: Who) -> None:
    """Changes your password; every other session and all your tokens end. A token cannot do this."""
    await change_password(body, request, asker)


async def change_password(body: PasswordChange, request: Request, asker: Asker) -> None:
    if asker.by == "token":
        raise Problem(FORBIDDEN, "Sign in to change your password.")
    await check_password(request, asker, body.current, where="body.current")
    async with own(request, asker) as asked:
        account = await asked.session.get_one(Account, (asker.organisation_id, asker.account_id))
        await check_choice(
            asked.session, asker.organisation_id, body.new, account.name, account.email, where="body.new"
        )
    hashed = await hash_password_aside(body.new)
    async with own(request, asker) as asked:
        account = await asked.session.get_one(Account, (asker.organisation_id, asker.account_id))
        await remember(asked.session, account, "account", account.id)
        await keep_password(asked.session, account.organisation_id, account.id, hashed)
        await end_credentials(asked.session, account, keep=digest(read_cookie(request, SESSION)))
        note(asked.session, Act.PASSWORD_CHANGED, "account", [account.id])


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
