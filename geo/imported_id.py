"""Ids of what a file brings: the same content makes the same id, so importing a file twice adds nothing.

They have the shape of a UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, then a SHA-256 of the content in
place of random bits.
"""

from hashlib import sha256
from uuid import UUID


def imported_id(organisation_id: UUID, milliseconds: int, content: bytes) -> str:
    """An id as 32 hexadecimal digits; `milliseconds` since 1970, 0 to 2^48 - 1."""
    return shaped(f"{milliseconds:012x}", organisation_id.bytes + content)


def shaped(moment: str, content: bytes) -> str:
    """The same from 12 hexadecimal digits and content that names the organisation."""
    digits = sha256(content).hexdigest()
    return f"{moment}7{digits[:3]}8{digits[3:18]}"
