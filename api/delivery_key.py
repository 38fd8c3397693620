"""The key that phones seal to (HPKE, RFC 9180: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, base mode).

One for each organisation, whatever the number of servers: it lies in the database, sealed as notes are. What a phone
has sealed opens for its own account and delivery alone: both stand in the `info` of the sealing.
"""

import base64
from datetime import UTC, datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.asking import Asked, Reaching
from api.noun_router import noun_router
from api.problem import DELIVERY_KEY_UNKNOWN, DELIVERY_UNREADABLE, KEY_MISSING, Problem
from api.vault import Keys
from geo.delivery_key import DeliveryKey, add_key, find_key, place_of, retire_key
from geo.organisation import Organisation
from geo.seal import CannotOpen

router: APIRouter = noun_router("delivery-key")
SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
CURVE = ec.SECP256R1()


class DeliveryKeyOut(BaseModel):
    """What a phone seals to. `epoch`: after another one than it knows, a phone offers again what was acknowledged."""

    id: UUID
    public_key: str = Field(description="The uncompressed point (65 bytes), base64url without padding.")
    epoch: UUID
    now: datetime


@router.get("")
async def read_delivery_key(asked: Reaching) -> DeliveryKeyOut:
    """The key that deliveries are sealed to from now on, the server's time, and its epoch."""
    key = await key_in_use(asked.session, await asked.keys())
    point = base64.urlsafe_b64encode(key.public_key).decode().rstrip("=")
    return DeliveryKeyOut(id=key.id, public_key=point, epoch=await epoch_of(asked), now=datetime.now(UTC))


async def epoch_of(asked: Asked) -> UUID:
    return (await asked.session.get_one(Organisation, asked.asker.organisation_id)).epoch


async def key_in_use(session: AsyncSession, keys: Keys) -> DeliveryKey:
    """The organisation's key; made when there is none."""
    found = await find_key(session, keys.organisation_id)
    if found is None:
        await _add(session, keys)
        found = await find_key(session, keys.organisation_id)
    assert found is not None
    return found


async def renew_key(session: AsyncSession, keys: Keys) -> None:
    """Another key from now on; in a transaction of scope `keys`."""
    await retire_key(session, keys.organisation_id)
    await _add(session, keys)


async def open_delivery(session: AsyncSession, keys: Keys, key_id: UUID, sealed: bytes, info: bytes) -> bytes:
    """What a phone sealed. Raises `delivery-key-unknown` and `delivery-unreadable`."""
    row = await find_key(session, keys.organisation_id, key_id)
    if row is None:
        raise Problem(DELIVERY_KEY_UNKNOWN)
    try:
        private = keys.open(row.private_sealed, **place_of(row.id))
    except CannotOpen:
        raise Problem(KEY_MISSING) from None
    try:
        return SUITE.decrypt(sealed, ec.derive_private_key(int(private, 16), CURVE), info)
    except InvalidTag:
        raise Problem(
            DELIVERY_UNREADABLE, "It is damaged, or sealed to another key, for another account or delivery."
        ) from None


def info_of(asker: Asker, delivery_id: UUID) -> bytes:
    """What a sealing is bound to."""
    return f"lantern delivery 1 {asker.organisation_id} {asker.account_id} {delivery_id}".encode()


async def _add(session: AsyncSession, keys: Keys) -> None:
    made = ec.generate_private_key(CURVE)
    point = made.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    private = format(made.private_numbers().private_value, "064x")
    await add_key(session, keys.organisation_id, point, private, keys)
