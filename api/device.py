"""Devices: where someone is signed in. Each keeps their own; managers and stewards end those of a colleague."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import ColumnElement, delete, select, update

from api.account import found
from api.asking import Asked, AskingOwn, Keeping
from api.body import Body, Line
from api.cookie import SESSION, read_cookie
from api.credential import digest
from api.noun_router import noun_router, problems
from api.problem import FORBIDDEN, NOT_FOUND, Problem
from geo.account import SignIn
from geo.account_query import end_credentials
from geo.log import Act, note

router: APIRouter = noun_router("sessions")
of_account: APIRouter = noun_router("accounts")

BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox", "Chrome": "Chrome",
            "CriOS": "Chrome", "Safari": "Safari"}  # fmt: skip
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "Mac",
           "CrOS": "ChromeOS", "Linux": "Linux"}  # fmt: skip


class DeviceName(Body):
    name: Line


class DeviceOut(BaseModel):
    """A session. `device` is what the browser says it is, `name` what its owner calls it; `current` is this one."""

    id: UUID
    name: str | None
    device: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class Devices(BaseModel):
    items: list[DeviceOut]


@router.get("")
async def read_sessions(request: Request, asked: AskingOwn) -> Devices:
    """Where you are signed in, the device used last first."""
    return Devices(items=await list_devices(request, asked))


@router.patch("/{session_id}", responses=problems(400, 404, 408, 413))
async def rename_session(session_id: UUID, body: DeviceName, request: Request, asked: AskingOwn) -> DeviceOut:
    """Gives a device of yours a name."""
    return await name_device(request, asked, session_id, body.name)


@router.delete("/{session_id}", status_code=204, responses=problems(404))
async def delete_session_of_device(session_id: UUID, asked: AskingOwn) -> None:
    """Signs a device of yours out, at once."""
    await revoke_device(asked, session_id)


@router.delete("", status_code=204)
async def delete_other_sessions(request: Request, asked: AskingOwn) -> None:
    """Signs all your other devices out, at once."""
    await end_others(request, asked)


@of_account.delete("/{account_id}/sessions", status_code=204, responses=problems(404))
async def delete_sessions_of_account(account_id: UUID, asked: Keeping) -> None:
    """For a lost device of a colleague: ends all sessions and tokens of the account, at once."""
    await revoke_all(asked, account_id)


async def list_devices(request: Request, asked: Asked) -> list[DeviceOut]:
    rows = await asked.session.scalars(select(SignIn).where(*_mine(asked)).order_by(SignIn.last_seen_at.desc()))
    return [_shown(row, request) for row in rows]


async def name_device(request: Request, asked: Asked, session_id: UUID, name: str) -> DeviceOut:
    """Raises `not-found` for what is not one's own."""
    row = await asked.session.scalar(select(SignIn).where(*_mine(asked), SignIn.id == session_id).with_for_update())
    if row is None:
        raise Problem(NOT_FOUND)
    row.name = name
    await asked.session.flush()
    return _shown(row, request)


async def revoke_device(asked: Asked, session_id: UUID) -> None:
    """Raises `not-found` for what is not one's own."""
    gone = await asked.session.scalars(
        delete(SignIn).where(*_mine(asked), SignIn.id == session_id).returning(SignIn.id)
    )
    if gone.first() is None:
        raise Problem(NOT_FOUND)
    note(asked.session, Act.DEVICE_REVOKED, "session", [session_id])


async def end_others(request: Request, asked: Asked) -> int:
    """Ends every session of one's own but this one; says how many there were."""
    others = delete(SignIn).where(*_mine(asked), SignIn.token_hash != _this(request))
    gone = list(await asked.session.scalars(others.returning(SignIn.id)))
    if gone:
        note(asked.session, Act.DEVICE_REVOKED, "session", gone)
    return len(gone)


async def revoke_all(asked: Asked, account_id: UUID) -> None:
    """Raises `not-found` for an account of another organisation, as for one that is not there."""
    account = await found(asked, account_id)
    await end_credentials(asked.session, account)
    note(asked.session, Act.DEVICE_REVOKED, "account", [account_id])


async def note_second_factor(request: Request, asked: Asked) -> None:
    """This session has shown a second factor now."""
    this = update(SignIn).where(*_mine(asked), SignIn.token_hash == _this(request))
    await asked.session.execute(this.values(second_factor=True))


def _mine(asked: Asked) -> tuple[ColumnElement[bool], ...]:
    """A token lists and ends no sessions: whoever finds one must not be able to keep its owner out."""
    if asked.asker.by != "session":
        raise Problem(FORBIDDEN, "Sign in to do this.")
    return (
        SignIn.organisation_id == asked.asker.organisation_id,
        SignIn.account_id == asked.asker.account_id,
        SignIn.awaits_code.is_(False),
    )


def _this(request: Request) -> bytes:
    return digest(read_cookie(request, SESSION))


def _shown(row: SignIn, request: Request) -> DeviceOut:
    kept: dict[str, Any] = {name: getattr(row, name) for name in DeviceOut.model_fields.keys() - {"device", "current"}}
    return DeviceOut(**kept, device=device_name(row.device), current=row.token_hash == _this(request))


def device_name(browser: str) -> str:
    """What a browser says of itself, in two words: `Firefox, Android`. Empty where it says nothing known."""
    parts = (
        next((name for sign, name in BROWSERS.items() if re.search(rf"\b{sign}/", browser)), None),
        next((name for sign, name in SYSTEMS.items() if sign in browser), None),
    )
    return ", ".join(part for part in parts if part)
