"""The purpose that a manager states before exact places are shown: for this session, for a while, and written down."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import update

from api.asking import LONGEST_PURPOSE, SHORTEST_PURPOSE, Asked, AskingOwn
from api.body import Body, Line
from api.cookie import SESSION, read_cookie
from api.credential import digest
from api.noun_router import noun_router, problems
from api.problem import FORBIDDEN, INVALID_INPUT, Problem
from geo.account import Role, SignIn
from geo.log import Act, note

router: APIRouter = noun_router("session/purpose")
LONGEST_MINUTES = 240


class PurposeIn(Body):
    purpose: Line = Field(description="Why exact places are needed, in a few words. The log keeps it.")
    minutes: int = Field(60, ge=1, le=LONGEST_MINUTES, description="How long it holds.")


class PurposeOut(BaseModel):
    purpose: str
    until: datetime


@router.put("", responses=problems(400, 408, 413))
async def put_purpose(body: PurposeIn, request: Request, asked: AskingOwn) -> PurposeOut:
    """States why you need exact places; from now on, for a while, this session shows them. Scripts say it with each
    request, in the header `Lantern-Purpose`."""
    return await state_purpose(request, asked, body.purpose, body.minutes)


@router.delete("", status_code=204)
async def delete_purpose(request: Request, asked: AskingOwn) -> None:
    """Ends it."""
    await end_purpose(request, asked)


async def state_purpose(request: Request, asked: Asked, purpose: str, minutes: int) -> PurposeOut:
    """Raises `invalid-input` for a purpose too short or too long, `forbidden` for who has no session or needs none."""
    if not SHORTEST_PURPOSE <= len(purpose) <= LONGEST_PURPOSE:
        what = f"takes {SHORTEST_PURPOSE} to {LONGEST_PURPOSE} characters"
        raise Problem(INVALID_INPUT, errors=[{"where": "body.purpose", "what": what}])
    if asked.asker.by != "session" or Role.MANAGER not in asked.asker.roles:
        raise Problem(FORBIDDEN, "Managers state a purpose, in a session; scripts in the header Lantern-Purpose.")
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    await _store(request, asked, purpose, until)
    note(asked.session, Act.PURPOSE_STATED, "session", (), {"purpose": purpose, "minutes": minutes}, why=purpose)
    return PurposeOut(purpose=purpose, until=until)


async def end_purpose(request: Request, asked: Asked) -> None:
    await _store(request, asked, None, None)
    if asked.asker.purpose:
        note(asked.session, Act.PURPOSE_ENDED, "session")


async def _store(request: Request, asked: Asked, purpose: str | None, until: datetime | None) -> None:
    mine = update(SignIn).where(
        SignIn.organisation_id == asked.asker.organisation_id,
        SignIn.account_id == asked.asker.account_id,
        SignIn.token_hash == digest(read_cookie(request, SESSION)),
    )
    await asked.session.execute(mine.values(purpose=purpose, purpose_until=until))
