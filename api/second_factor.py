"""The second factor over HTTP: an authenticator app is set up, and recovery codes stand in for it."""

from typing import Annotated

import pyotp
import segno
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.asker import Asker
from api.asking import Asked, Settled, Settling, Who, own
from api.body import Body
from api.device import end_others, note_second_factor
from api.noun_router import noun_router, problems
from api.problem import CONFLICT, FORBIDDEN, INVALID_INPUT, Problem
from api.proof import Proof, needed, own_account, show_again
from api.time_code import take_time_code
from geo.account import Account
from geo.log import Act, note
from geo.passkey import list_passkeys
from geo.schema import new_id
from geo.second_factor import (
    add_authenticator,
    confirm_authenticator,
    find_authenticator,
    forget_second_factor,
    recovery_codes_left,
    renew_recovery_codes,
    required,
)

router: APIRouter = noun_router("second-factor")
Code = Annotated[str, Field(max_length=40, strict=True)]
BEGIN_FIRST = "Begin to set up an authenticator first, and give its first code within ten minutes."


class SecondFactorOut(BaseModel):
    """`required` by the role; `set_up` when an authenticator is; how many recovery codes are left."""

    required: bool
    set_up: bool
    recovery_codes_left: int


class AuthenticatorOut(BaseModel):
    """What an authenticator app reads, until its first code has come: as text, as an address, and as a picture (SVG in
    a data URI)."""

    secret: str
    uri: str
    picture: str


class CodeIn(Body):
    code: Code


class RecoveryCodes(BaseModel):
    """Shown this once; each is good once, in the place of a code of the authenticator."""

    recovery_codes: list[str]


@router.get("")
async def read_second_factor(asked: Settling) -> SecondFactorOut:
    """What there is of it."""
    return await second_factor_of(asked)


@router.post("/authenticator", status_code=201, responses=problems(400, 408, 413, 429))
async def start_authenticator(body: Proof, request: Request, asker: Settled) -> AuthenticatorOut:
    """Begins to set up an authenticator app; one that is in use stays until the new one's first code has come."""
    return await begin(request, asker, body)


@router.post("/authenticator/confirm", responses=problems(400, 409, 408, 413))
async def confirm(body: CodeIn, request: Request, asked: Settling) -> RecoveryCodes:
    """Ends it with the app's first code, within ten minutes: every other session ends, and ten new recovery codes come
    back."""
    return RecoveryCodes(recovery_codes=await finish(request, asked, body.code))


@router.post("/recovery-codes", status_code=201, responses=problems(400, 409, 408, 413, 429))
async def make_recovery_codes(body: Proof, request: Request, asker: Who) -> RecoveryCodes:
    """Ten new recovery codes in the place of all before."""
    return RecoveryCodes(recovery_codes=await renew(request, asker, body))


@router.post("/remove", status_code=204, responses=problems(400, 408, 413, 429))
async def remove_second_factor(body: Proof, request: Request, asker: Who) -> None:
    """Takes authenticator and recovery codes away, where the role does not require them."""
    await remove(request, asker, body)


async def second_factor_of(asked: Asked) -> SecondFactorOut:
    account, organisation = await own_account(asked)
    return SecondFactorOut(
        required=required(account.roles, organisation.is_demo),
        set_up=await find_authenticator(asked.session, account) is not None,
        recovery_codes_left=await recovery_codes_left(asked.session, account),
    )


async def show_who(request: Request, asker: Asker, proof: Proof) -> None:
    """Whoever changes what keeps others out shows first that they are no passer-by at an open screen."""
    async with own(request, asker) as asked:
        account, organisation = await own_account(asked)
        has_passkey = bool(await list_passkeys(asked.session, account))
    if organisation.is_demo:
        raise Problem(FORBIDDEN, "In a demo everyone may be anyone.")
    if asker.setting_up and has_passkey:
        raise Problem(FORBIDDEN, "You have a passkey: sign in with it to set up an authenticator.")
    await show_again(request, asker, proof)


async def begin(request: Request, asker: Asker, proof: Proof) -> AuthenticatorOut:
    """A new secret, sealed in the database."""
    await show_who(request, asker, proof)
    secret, row_id = pyotp.random_base32(), new_id()
    async with own(request, asker) as asked:
        account, _ = await own_account(asked)
        keys = await asked.keys()
        sealed = keys.seal(secret, table="authenticator", column="secret", row_id=row_id)
        await add_authenticator(asked.session, account, row_id, sealed)
    return _shown(secret, account)


async def waiting(request: Request, asked: Asked) -> AuthenticatorOut | None:
    """What was begun and awaits its first code, once more: for whom it could be begun at this moment."""
    account, _ = await own_account(asked)
    if any(await needed(request, asked)):
        return None
    keys = await asked.keys()
    row = await find_authenticator(asked.session, account, confirmed=False)
    if row is None:
        return None
    return _shown(keys.open(row.secret, table="authenticator", column="secret", row_id=row.id), account)


def _shown(secret: str, account: Account) -> AuthenticatorOut:
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name="Lantern")
    return AuthenticatorOut(secret=secret, uri=uri, picture=picture(uri))


def picture(text: str) -> str:
    """A QR code as a data URI of SVG: dark on white with its margin in both themes, or no camera reads it."""
    return segno.make(text, error="m").svg_data_uri(scale=4, border=4, light="#fff", dark="#000")


async def finish(request: Request, asked: Asked, code: str) -> list[str]:
    account, _ = await own_account(asked)
    awaited = await find_authenticator(asked.session, account, confirmed=False)
    if awaited is None or any(await needed(request, asked)):
        raise Problem(CONFLICT, BEGIN_FIRST)
    waiting = await take_time_code(asked.session, asked.vault, account, code, confirmed=False)
    if waiting is None:
        raise Problem(INVALID_INPUT, errors=[{"where": "body.code", "what": "is not the code of this moment"}])
    codes = await confirm_authenticator(asked.session, account, waiting)
    await note_second_factor(request, asked)
    await end_others(request, asked)
    note(asked.session, Act.SECOND_FACTOR_SET, "account", [account.id])
    return codes


async def renew(request: Request, asker: Asker, proof: Proof) -> list[str]:
    await show_who(request, asker, proof)
    async with own(request, asker) as asked:
        account, _ = await own_account(asked)
        if await find_authenticator(asked.session, account) is None:
            raise Problem(CONFLICT, "Set up an authenticator first.")
        note(asked.session, Act.RECOVERY_CODES_RENEWED, "account", [account.id])
        return await renew_recovery_codes(asked.session, account)


async def remove(request: Request, asker: Asker, proof: Proof) -> None:
    await show_who(request, asker, proof)
    async with own(request, asker) as asked:
        account, organisation = await own_account(asked)
        if required(account.roles, organisation.is_demo):
            raise Problem(FORBIDDEN, "Your role requires a second factor.")
        await forget_second_factor(asked.session, account)
        note(asked.session, Act.SECOND_FACTOR_RESET, "account", [account.id])
