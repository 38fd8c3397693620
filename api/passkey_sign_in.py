"""Signing in with a passkey: it shows that someone has the device and that the device knows them, so no code is asked
for. Nobody says first who they are; the passkey does."""

import hmac
import json
from functools import partial
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from webauthn import base64url_to_bytes, generate_authentication_options, options_to_json
from webauthn import verify_authentication_response as verify
from webauthn.helpers.structs import UserVerificationRequirement

from api.asking import get_database
from api.body import Body
from api.cookie import drop_cookie, read_cookie, set_cookie
from api.credential import new_secret
from api.noun_router import problems
from api.passkey import user_handle
from api.passkey_challenge import Base64, Credential, Signed, Site, give_challenge, required_site, take_challenge
from api.problem import SIGN_IN_FAILED, Problem
from api.session import WhoAmI, set_cookies, who_am_i
from api.sign_in import Door, Known, Opened, device_of, known_by_id, open_session
from geo.log import Act, note
from geo.passkey import CHALLENGE_LASTS, Passkey, is_held, passkeys_by_credential, place_passkey, use_passkey

router = APIRouter(prefix="/api/v1/session/passkey", tags=["session"])
TO_SIGN_IN = "sign-in"
BROWSER_COOKIE = "lantern_passkey"
REFUSED = "This passkey opens nothing here."


class Shown(Signed):
    authenticatorData: Base64
    signature: Base64
    userHandle: Base64


class ShownCredential(Credential):
    """`PublicKeyCredential.toJSON()` of what `navigator.credentials.get()` gave."""

    response: Shown


class PasskeySignIn(Body):
    credential: ShownCredential


@router.post("/challenge", status_code=201, responses=problems(403, 404, 408, 413, 429, 503))
async def post_challenge(request: Request, response: Response) -> dict[str, Any]:
    """The options for `navigator.credentials.get()`, good for five minutes, in this browser."""
    site, door = required_site(request), Door.of(request)
    await door.tries.asked_for_challenge(door.caller)
    browser, seconds = new_secret(), int(CHALLENGE_LASTS.total_seconds())
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=await give_challenge(door.database, TO_SIGN_IN, browser),
        timeout=seconds * 1000,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    set_cookie(response, request, BROWSER_COOKIE, browser, seconds)
    return cast(dict[str, Any], json.loads(options_to_json(options)))


@router.post("", status_code=201, responses=problems(400, 401, 403, 404, 408, 413, 422, 503))
async def sign_in_with_passkey(body: PasskeySignIn, request: Request, response: Response) -> WhoAmI:
    """Signs in with what the browser gave; the session's secret comes back in a cookie only."""
    opened = await sign_in(request, body.credential)
    set_cookies(response, request, opened)
    drop_cookie(response, request, BROWSER_COOKIE)
    return who_am_i(opened.asker)


async def sign_in(request: Request, credential: ShownCredential) -> Opened:
    """Opens a session. Raises `sign-in-failed`, the same for all that can be wrong."""
    site, door = required_site(request), Door.of(request)
    browser = read_cookie(request, BROWSER_COOKIE)
    challenge = await take_challenge(request, credential.response, TO_SIGN_IN, browser)
    found = await _known(request, site, credential) if challenge else None
    if challenge is None or found is None:
        door.turned_away.stranger("passkey")
        raise Problem(SIGN_IN_FAILED, REFUSED)
    known, passkey = found
    count = _count_of(site, credential, challenge, passkey)
    if count is None:
        door.turned_away.known_at_the_door(known.account, "passkey")
    if count is None or not await _use(door, known, passkey, count):
        raise Problem(SIGN_IN_FAILED, REFUSED)
    await door.tries.met_challenge(door.caller)
    try:
        opened = await open_session(door, known.while_so(partial(is_held, passkey=passkey)), second_factor=True)
    except Problem as problem:
        if problem.kind is not SIGN_IN_FAILED:
            raise
        door.turned_away.known_at_the_door(known.account, "passkey")
        raise Problem(SIGN_IN_FAILED, REFUSED) from None
    async with door.database.asking_own(known.asker) as session:
        await place_passkey(session, passkey, device_of(opened.mark))
    return opened


async def _known(request: Request, site: Site, credential: ShownCredential) -> tuple[Known, Passkey] | None:
    """Whose passkey of this host it is; None also when they have left."""
    database = get_database(request)
    try:
        named, handle = base64url_to_bytes(credential.rawId), base64url_to_bytes(credential.response.userHandle)
    except ValueError:
        return None
    async with database.knocking(passkey=named.hex()) as session:
        rows = await passkeys_by_credential(session, named)
    for row in rows:
        known = await known_by_id(database, row) if row.host == site.host else None
        if known and hmac.compare_digest(user_handle(known.account), handle):
            return known, row
    return None


def _count_of(site: Site, credential: ShownCredential, challenge: bytes, passkey: Passkey) -> int | None:
    """How often the device says that the key was used; None unless it signed this, here, and checked who holds it."""
    try:
        verified = verify(
            credential=credential.model_dump(),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared where it is kept, so that of two at once one is refused
            require_user_verification=True,
        )
    except Exception:  # the library reads CBOR of strangers: whatever it stumbles over, it is refused
        return None
    return verified.new_sign_count


async def _use(door: Door, known: Known, passkey: Passkey, count: int) -> bool:
    async with door.database.asking_own(known.asker) as session:
        used = await use_passkey(session, passkey, count)
        if not used:
            note(session, Act.SECOND_FACTOR_FAILED, "account", [known.account.id], {"passkey": "counted back"})
    return used
