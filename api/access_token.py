"""Personal access tokens: made and revoked by their owner, for scripts and QGIS."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.asking import Asked, AskingOwn, Who, own
from api.body import Line
from api.credential import TOKEN_PREFIX, digest, new_secret
from api.noun_router import noun_router, problems
from api.problem import FORBIDDEN, INVALID_INPUT, NOT_FOUND, Problem
from api.proof import Proof, show_again
from geo.account import AccessToken
from geo.log import Act, note
from geo.schema import new_id

router: APIRouter = noun_router("access-tokens")
LONGEST = timedelta(days=366)


class NewAccessToken(Proof):
    name: Line
    expires_on: date | None = None


class AccessTokenOut(BaseModel):
    """A token as its owner sees it later: without the secret."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class AccessTokenMade(BaseModel):
    """The only time the secret is shown."""

    id: UUID
    name: str
    token: str
    expires_at: datetime


async def list_access_tokens(session: AsyncSession, asker: Asker) -> list[AccessToken]:
    """One's own, the newest first."""
    mine = AccessToken.account_id == asker.account_id
    own = select(AccessToken).where(AccessToken.organisation_id == asker.organisation_id, mine)
    return list(await session.scalars(own.order_by(AccessToken.id.desc())))


async def make_access_token(asked: Asked, name: str, expires_on: date | None) -> AccessTokenMade:
    """A token good until the end of a day (at most a year away). A token cannot make another."""
    asker = asked.asker
    if asker.by == "token":
        raise Problem(FORBIDDEN, "Sign in to make a token.")
    last = expires_on or asker.today + timedelta(days=90)
    if not asker.today <= last <= asker.today + LONGEST:
        raise Problem(INVALID_INPUT, errors=[{"where": "body.expires_on", "what": "must lie within a year from today"}])
    secret = new_secret(TOKEN_PREFIX)
    expires_at = datetime.combine(last + timedelta(days=1), time(), UTC)
    row = AccessToken(
        id=new_id(),
        organisation_id=asker.organisation_id,
        account_id=asker.account_id,
        name=name,
        token_hash=digest(secret),
        expires_at=expires_at,
    )
    asked.session.add(row)
    await asked.session.flush()
    note(asked.session, Act.TOKEN_MADE, "access_token", [row.id], {"until": last.isoformat()})
    return AccessTokenMade(id=row.id, name=name, token=secret, expires_at=expires_at)


async def revoke_access_token(session: AsyncSession, asker: Asker, token_id: UUID) -> None:
    """Raises `not-found` for what is not one's own."""
    row = delete(AccessToken).where(
        AccessToken.organisation_id == asker.organisation_id,
        AccessToken.account_id == asker.account_id,
        AccessToken.id == token_id,
    )
    if (await session.execute(row.returning(AccessToken.id))).first() is None:
        raise Problem(NOT_FOUND)
    note(session, Act.TOKEN_REVOKED, "access_token", [token_id])


@router.get("")
async def read_access_tokens(asked: AskingOwn) -> list[AccessTokenOut]:
    """Your tokens."""
    rows = await list_access_tokens(asked.session, asked.asker)
    return [AccessTokenOut.model_validate(row) for row in rows]


@router.post("", status_code=201, responses=problems(400, 408, 413, 429))
async def create_access_token(new: NewAccessToken, request: Request, asker: Who) -> AccessTokenMade:
    """Makes a token. Keep the answer: the secret is not shown again. Who signed in more than ten minutes ago shows
    again who they are."""
    await show_again(request, asker, new)
    async with own(request, asker) as asked:
        return await make_access_token(asked, new.name, new.expires_on)


@router.delete("/{token_id}", status_code=204, responses=problems(404))
async def delete_access_token(token_id: UUID, asked: AskingOwn) -> None:
    """Revokes a token at once."""
    await revoke_access_token(asked.session, asked.asker, token_id)
