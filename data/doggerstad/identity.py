"""Ids that look like those of real rows, UUIDv7 (RFC 9562, section 5.7), but come from the seed."""

from datetime import datetime
from uuid import UUID

import numpy as np


class Identities:
    """Hands out ids, each with the time of the row that it names."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def at(self, moment: datetime) -> UUID:
        milliseconds = int(moment.timestamp() * 1000)
        chance = int.from_bytes(self._rng.bytes(10), "big")
        return UUID(int=(milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (chance & 0xFFF) << 64
                    | 0b10 << 62 | (chance >> 12) & ((1 << 62) - 1))  # fmt: skip
