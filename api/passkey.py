"""Passkeys over HTTP: one's own are listed, added, named and removed."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from webauthn import generate_registration_options, options_to_json, verify_registration_response
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from api.asker import Asker
from api.asking import Asked, AskingOwn, Who, get_database, own
from api.body import Body, Line
from api.cookie import SESSION, read_cookie
from api.device import this_device
from api.noun_router import noun_router, problems
from api.passkey_challenge import Base64, Credential, Signed, give_challenge, required_site, take_challenge
from api.problem import CONFLICT, INVALID_INPUT, NOT_FOUND, Problem
from api.proof import Proof, own_account, show_again
from geo.account import Account
from geo.log import Act, note
from geo.passkey import CHALLENGE_LASTS, Passkey, find_passkey, list_passkeys, remove_passkey
from geo.schema import new_id

router: APIRouter = noun_router("passkeys")
MOST = 20
TO_ADD = "add"


class PasskeyName(Body):
    name: Line


class PasskeyOut(BaseModel):
    """`host` is the address it is good at."""

    id: UUID
    name: str
    host: str
    created_at: datetime
    last_used_at: datetime | None


class Passkeys(BaseModel):
    items: list[PasskeyOut]


class Made(Signed):
    attestationObject: Base64


class MadeCredential(Credential):
    response: Made


class NewPasskey(Body):
    name: Line
    credential: MadeCredential


@router.get("")
async def read_passkeys(asked: AskingOwn) -> Passkeys:
    """Your passkeys, the newest first."""
    return Passkeys(items=await passkeys_of(asked))


@router.post("/challenge", status_code=201, responses=problems(400, 404, 409, 408, 413, 429))
async def post_challenge(body: Proof, request: Request, asker: Who) -> dict[str, Any]:
    """Begins to add one: the options for `navigator.credentials.create()`, good for five minutes. Who signed in more
    than ten minutes ago shows again who they are."""
    return await begin_passkey(request, asker, body)


@router.post("", status_code=201, responses=problems(400, 404, 409, 408, 413))
async def post_passkey(body: NewPasskey, request: Request, asker: Who) -> PasskeyOut:
    """Adds what the browser made."""
    return await add_passkey(request, asker, body)


@router.patch("/{passkey_id}", responses=problems(400, 404, 408, 413))
async def patch_passkey(passkey_id: UUID, body: PasskeyName, asked: AskingOwn) -> PasskeyOut:
    """Gives one of yours another name."""
    return await name_passkey(asked, passkey_id, body.name)


@router.delete("/{passkey_id}", status_code=204, responses=problems(404))
async def delete_passkey(passkey_id: UUID, asked: AskingOwn) -> None:
    """It opens nothing any more; what it has opened stays open."""
    await forget_passkey(asked, passkey_id)


async def passkeys_of(asked: Asked) -> list[PasskeyOut]:
    account, _ = await own_account(asked)
    return [_shown(row) for row in await list_passkeys(asked.session, account)]


async def begin_passkey(request: Request, asker: Asker, proof: Proof) -> dict[str, Any]:
    site = required_site(request)
    await show_again(request, asker, proof)
    async with own(request, asker) as asked:
        account, _ = await own_account(asked)
        rows = await list_passkeys(asked.session, account)
    if len(rows) >= MOST:
        raise Problem(CONFLICT, "You have as many passkeys as there may be. Remove one first.")
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Lantern",
        user_id=user_handle(account),
        user_name=account.email,
        user_display_name=account.name,
        challenge=await give_challenge(get_database(request), *_what_for(request, account)),
        timeout=int(CHALLENGE_LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=row.credential_id) for row in rows if row.host == site.host
        ],
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


async def add_passkey(request: Request, asker: Asker, new: NewPasskey) -> PasskeyOut:
    """Raises `invalid-input` for what was not signed for this, here and now, by a device that checked who holds it."""
    site = required_site(request)
    async with own(request, asker) as asked:
        account, _ = await own_account(asked)
    wrong = Problem(INVALID_INPUT, errors=[{"where": "body.credential", "what": "was not made for this, here and now"}])
    challenge = await take_challenge(request, new.credential.response, *_what_for(request, account))
    if challenge is None:
        raise wrong
    try:
        verified = verify_registration_response(
            credential=new.credential.model_dump(),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # the library reads certificates and CBOR of strangers: whatever it stumbles over, it is refused
        raise wrong from None
    row = Passkey(
        organisation_id=account.organisation_id,
        id=new_id(),
        account_id=account.id,
        name=new.name,
        host=site.host,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
    )
    async with own(request, asker) as asked:
        row.made_on = await this_device(request, asked)
        try:
            async with asked.session.begin_nested():
                asked.session.add(row)
        except IntegrityError:
            raise Problem(CONFLICT, "This passkey is there already, or cannot be kept.") from None
        await asked.session.refresh(row)
        note(asked.session, Act.PASSKEY_ADDED, "account", [account.id])
        return _shown(row)


async def name_passkey(asked: Asked, passkey_id: UUID, name: str) -> PasskeyOut:
    """Raises `not-found` for what is not one's own."""
    account, _ = await own_account(asked)
    row = await find_passkey(asked.session, account, passkey_id)
    if row is None:
        raise Problem(NOT_FOUND)
    row.name = name
    await asked.session.flush()
    return _shown(row)


async def forget_passkey(asked: Asked, passkey_id: UUID) -> None:
    """Raises `not-found` for what is not one's own. The last one may go too: the password stays."""
    account, _ = await own_account(asked)
    if not await remove_passkey(asked.session, account, passkey_id):
        raise Problem(NOT_FOUND)
    note(asked.session, Act.PASSKEY_REMOVED, "account", [account.id])


def user_handle(account: Account) -> bytes:
    """What a device knows an account by: it says nothing to who finds the device."""
    return hashlib.sha256(b"passkey of" + account.organisation_id.bytes + account.id.bytes).digest()


def _what_for(request: Request, account: Account) -> tuple[str, ...]:
    return TO_ADD, str(account.id), read_cookie(request, SESSION)


def _shown(row: Passkey) -> PasskeyOut:
    return PasskeyOut(**{name: getattr(row, name) for name in PasskeyOut.model_fields})
