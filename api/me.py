"""One's own account."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import update

from api.account import Locale, Password
from api.asker import Asker
from api.asking import AskingOwn, Choosing, own
from api.body import Body
from api.common_password import check_choice
from api.cookie import SESSION, read_cookie
from api.credential import digest
from api.noun_router import noun_router, problems
from api.password import MAXIMUM_LENGTH, hash_password_aside
from api.problem import FORBIDDEN, INVALID_INPUT, Problem
from api.proof import check_code, check_password, needed, note_proof
from geo.account import Account, Role, SignIn
from geo.account_query import end_credentials
from geo.account_secret import keep_password
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
    code: Annotated[str, Field(max_length=40, strict=True)] | None = Field(
        None, description="Of the authenticator app, where there is one, and you signed in more than ten minutes ago."
    )


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
async def post_password(body: PasswordChange, request: Request, asker: Choosing) -> None:
    """Changes your password; every other session and all your tokens end. A token cannot do this."""
    await change_password(body, request, asker)


async def change_password(body: PasswordChange, request: Request, asker: Asker) -> None:
    if asker.by == "token":
        raise Problem(FORBIDDEN, "Sign in to change your password.")
    async with own(request, asker) as asked:
        _, code = await needed(request, asked)
    await check_password(request, asker, body.current, where="body.current")
    if code:
        await check_code(request, asker, body.code)
    await note_proof(request, asker)
    if asker.setting_up and body.new == body.current:
        raise Problem(INVALID_INPUT, errors=[{"where": "body.new", "what": "is the one that you were given"}])
    async with own(request, asker) as asked:
        account = await asked.session.get_one(Account, (asker.organisation_id, asker.account_id))
        await check_choice(
            asked.session, asker.organisation_id, body.new, account.name, account.email, where="body.new"
        )
    hashed = await hash_password_aside(body.new)
    async with own(request, asker) as asked:
        account = await asked.session.get_one(Account, (asker.organisation_id, asker.account_id))
        await remember(asked.session, account, "account", account.id)
        await keep_password(asked.session, account.organisation_id, account.id, hashed, given=False)
        this = digest(read_cookie(request, SESSION))
        await end_credentials(asked.session, account, keep=this)
        own_now = update(SignIn).where(SignIn.organisation_id == account.organisation_id, SignIn.token_hash == this)
        await asked.session.execute(own_now.values(given_password=False))
        note(asked.session, Act.PASSWORD_CHANGED, "account", [account.id])
