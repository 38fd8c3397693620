"""Devices: where someone is signed in. Each keeps their own; managers and stewards end those of a colleague."""

import re
from datetime import datetime
from typing import Any, Literal
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
from geo.account import Account, Role, SignIn
from geo.account_query import end_credentials
from geo.account_secret import name_account
from geo.log import Act, note
from geo.passkey import Passkey, forget_passkeys, list_passkeys, remove_passkeys_on

router: APIRouter = noun_router("sessions")
of_account: APIRouter = noun_router("accounts")

BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox", "Chrome": "Chrome",
            "CriOS": "Chrome", "Safari": "Safari"}  # fmt: skip
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "Mac",
           "CrOS": "ChromeOS", "Linux": "Linux"}  # fmt: skip


class DeviceName(Body):
    name: Line


class PasskeyThere(BaseModel):
    id: UUID
    name: str


class DeviceOut(BaseModel):
    """A session. `device` is what the browser says it is, `name` what its owner calls it; `current` is this one.
    `passkeys` are those that were made there, or signed in there last."""

    id: UUID
    name: str | None
    device: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool
    passkeys: list[PasskeyThere]


class Devices(BaseModel):
    items: list[DeviceOut]


Kept = Literal["remove", "keep"]


@router.get("")
async def read_sessions(request: Request, asked: AskingOwn) -> Devices:
    """Where you are signed in, the device used last first."""
    return Devices(items=await list_devices(request, asked))


@router.patch("/{session_id}", responses=problems(400, 404, 408, 413))
async def rename_session(session_id: UUID, body: DeviceName, request: Request, asked: AskingOwn) -> DeviceOut:
    """Gives a device of yours a name."""
    return await name_device(request, asked, session_id, body.name)


@router.delete("/{session_id}", status_code=204, responses=problems(404))
async def delete_session_of_device(session_id: UUID, asked: AskingOwn, passkeys: Kept = "remove") -> None:
    """Signs a device of yours out, at once, and removes the passkeys that were made there or signed in there last;
    `passkeys=keep` leaves these, for a device that you still have."""
    await revoke_device(asked, session_id, passkeys == "remove")


@router.delete("", status_code=204)
async def delete_other_sessions(request: Request, asked: AskingOwn, passkeys: Kept = "remove") -> None:
    """Signs all your other devices out, at once, and removes their passkeys; `passkeys=keep` leaves these. What this
    device made or used last stays."""
    await end_others(request, asked, passkeys == "remove")


@of_account.delete("/{account_id}/sessions", status_code=204, responses=problems(404))
async def delete_sessions_of_account(account_id: UUID, asked: Keeping) -> None:
    """For a lost device of a colleague: ends all sessions and tokens of the account and removes its passkeys, at once.
    The passkeys of managers and stewards stay: theirs are taken away on the server."""
    await revoke_all(asked, account_id)


async def list_devices(request: Request, asked: Asked) -> list[DeviceOut]:
    rows = await asked.session.scalars(select(SignIn).where(*_mine(asked)).order_by(SignIn.last_seen_at.desc()))
    passkeys = await list_passkeys(asked.session, await _me(asked))
    return [_shown(row, request, passkeys) for row in rows]


async def name_device(request: Request, asked: Asked, session_id: UUID, name: str) -> DeviceOut:
    """Raises `not-found` for what is not one's own."""
    row = await asked.session.scalar(select(SignIn).where(*_mine(asked), SignIn.id == session_id).with_for_update())
    if row is None:
        raise Problem(NOT_FOUND)
    row.name = name
    await asked.session.flush()
    return _shown(row, request, await list_passkeys(asked.session, await _me(asked)))


async def revoke_device(asked: Asked, session_id: UUID, passkeys: bool) -> int:
    """Its passkeys go with it, if so wished; says how many. Raises `not-found` for what is not one's own."""
    gone = await asked.session.execute(
        delete(SignIn).where(*_mine(asked), SignIn.id == session_id).returning(SignIn.device_id)
    )
    row = gone.first()
    if row is None:
        raise Problem(NOT_FOUND)
    note(asked.session, Act.DEVICE_REVOKED, "session", [session_id])
    return await _remove_passkeys(asked, [row.device_id]) if passkeys else 0


async def end_others(request: Request, asked: Asked, passkeys: bool = False) -> int:
    """Ends every session of one's own but this one. The passkeys of those devices go with them, if so wished; says how
    many."""
    others = delete(SignIn).where(*_mine(asked), SignIn.token_hash != _this(request))
    gone = (await asked.session.execute(others.returning(SignIn.id, SignIn.device_id))).all()
    if not gone:
        return 0
    note(asked.session, Act.DEVICE_REVOKED, "session", [row.id for row in gone])
    here = await this_device(request, asked)
    return await _remove_passkeys(asked, [row.device_id for row in gone], here) if passkeys else 0


async def _remove_passkeys(asked: Asked, devices: list[bytes | None], but: bytes | None = None) -> int:
    account = await _me(asked)
    removed = await remove_passkeys_on(asked.session, account, devices, but)
    if removed:
        note(asked.session, Act.PASSKEY_REMOVED, "account", [account.id], {"passkeys": removed})
    return removed


async def revoke_all(asked: Asked, account_id: UUID) -> bool:
    """Ends all of a colleague's; False where passkeys may be left: those of managers and stewards are a second factor
    without which nobody passes for them. Raises `not-found` for an account of another organisation, as for one that is
    not there."""
    account = await found(asked, account_id)
    await end_credentials(asked.session, account)
    note(asked.session, Act.DEVICE_REVOKED, "account", [account_id])
    if not {Role.MANAGER, Role.STEWARD}.isdisjoint(account.roles):
        return False
    await name_account(asked.session, account.id)
    removed = await forget_passkeys(asked.session, account)
    if removed:
        note(asked.session, Act.PASSKEY_REMOVED, "account", [account_id], {"passkeys": removed})
    return True


async def note_second_factor(request: Request, asked: Asked) -> None:
    """This session has shown a second factor now."""
    this = update(SignIn).where(*_mine(asked), SignIn.token_hash == _this(request))
    await asked.session.execute(this.values(second_factor=True))


async def this_device(request: Request, asked: Asked) -> bytes | None:
    """By which this browser is known again; None for a session that began before devices were."""
    found: bytes | None = await asked.session.scalar(
        select(SignIn.device_id).where(*_mine(asked), SignIn.token_hash == _this(request))
    )
    return found


async def _me(asked: Asked) -> Account:
    return await asked.session.get_one(Account, (asked.asker.organisation_id, asked.asker.account_id))


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


def _shown(row: SignIn, request: Request, passkeys: list[Passkey]) -> DeviceOut:
    told = {"device", "current", "passkeys"}
    kept: dict[str, Any] = {name: getattr(row, name) for name in DeviceOut.model_fields.keys() - told}
    there = [PasskeyThere(id=each.id, name=each.name) for each in passkeys if each.is_on(row.device_id)]
    current = row.token_hash == _this(request)
    return DeviceOut(**kept, device=device_name(row.device), current=current, passkeys=there)


def device_name(browser: str) -> str:
    """What a browser says of itself, in two words: `Firefox, Android`. Empty where it says nothing known."""
    parts = (
        next((name for sign, name in BROWSERS.items() if re.search(rf"\b{sign}/", browser)), None),
        next((name for sign, name in SYSTEMS.items() if sign in browser), None),
    )
    return ", ".join(part for part in parts if part)
