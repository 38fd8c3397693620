"""The log: who saw and did what, when and why. Append-only, each entry chained to the one before it by its hash.

`note` collects during a transaction; whoever opened the transaction calls `write` as its last act, so that what was
done and that it was done stand or fall together.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Computed, DateTime, Index, LargeBinary, UniqueConstraint, insert
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from geo.schema import OfOrganisation, Row, new_id, to_organisation

MOST_IDS = 5000
"""The most ids that an entry names. What holds more says that it may be any row of the noun."""

_NOTED = "noted"


class Act(StrEnum):
    """What was done."""

    ACCOUNT_ERASED = "account-erased"
    ALERT_ANSWERED = "alert-answered"
    ALERT_FALSE = "alert-false"
    ALERT_OVER = "alert-over"
    ALERT_RAISED = "alert-raised"
    ALERT_SEEN = "alert-seen"
    CHANGED = "changed"
    CITY_ACCOUNT_TIED = "city-account-tied"
    CITY_SIGN_IN_SET = "city-sign-in-set"
    CREATED = "created"
    DEVICE_REVOKED = "device-revoked"
    EPOCH_RENEWED = "epoch-renewed"
    ERASED = "erased"
    EXPORTED = "exported"
    IMPORTED = "imported"
    KEYS_ROTATED = "keys-rotated"
    LAW_DOWNLOADED = "law-downloaded"
    LAW_PROPOSED = "law-proposed"
    LAW_REFUSED = "law-refused"
    LAW_REGISTERED = "law-registered"
    LAW_RELEASED = "law-released"
    MADE_TO_WAIT = "made-to-wait"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105
    PURPOSE_ENDED = "purpose-ended"
    PURPOSE_STATED = "purpose-stated"
    READ = "read"
    RECOVERY_CODE_USED = "recovery-code-used"
    RECOVERY_CODES_RENEWED = "recovery-codes-renewed"
    REFUSED = "refused"
    RELEASED = "released"
    RETENTION_CHANGED = "retention-changed"
    RETENTION_RAN = "retention-ran"
    SECOND_FACTOR_FAILED = "second-factor-failed"
    SECOND_FACTOR_RESET = "second-factor-reset"
    SECOND_FACTOR_SET = "second-factor-set"
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    SIGN_IN_FAILED = "sign-in-failed"
    TOKEN_MADE = "token-made"  # noqa: S105
    TOKEN_REVOKED = "token-revoked"  # noqa: S105
    WIDENING_ASKED = "widening-asked"
    WIDENING_ENDED = "widening-ended"
    WIDENING_GRANTED = "widening-granted"
    WIDENING_REFUSED = "widening-refused"


class LogHead(OfOrganisation, Row):
    """The number and the hash of the last entry; `id` is the organisation's."""

    __tablename__ = "log_head"
    __table_args__ = (to_organisation(), UniqueConstraint("organisation_id"))

    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


def _of_entry(expression: str, kind: Any, nullable: bool = False) -> Any:
    return mapped_column(kind, Computed(expression, persisted=True), nullable=nullable)


class LogEntry(OfOrganisation, Row):
    """`entry` is JSON in its canonical form (RFC 8785 as far as it is needed: sorted keys, no blanks) and the one thing
    that counts; `seq` and `hash` are given by the database, the other columns are read from it."""

    __tablename__ = "log_entry"
    __table_args__ = (
        to_organisation(),
        UniqueConstraint("organisation_id", "seq"),
        Index(None, "organisation_id", "account_id", "seq"),
        Index("log_entry_ids_index", "ids", postgresql_using="gin"),
    )

    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    entry: Mapped[str]
    at: Mapped[datetime] = _of_entry(
        "to_timestamp((entry::jsonb ->> 'at')::double precision / 1000)", DateTime(timezone=True)
    )
    account_id: Mapped[UUID | None] = _of_entry("(entry::jsonb ->> 'by')::uuid", Uuid, nullable=True)
    act: Mapped[str] = _of_entry("entry::jsonb ->> 'act'", None)
    noun: Mapped[str] = _of_entry("entry::jsonb ->> 'noun'", None)
    ids: Mapped[list[UUID]] = _of_entry("lantern.log_ids(entry)", ARRAY(Uuid))


@dataclass(frozen=True)
class Author:
    """In whose name entries are written: `by` an account (None for the command line), `via` what it came in by, `why`
    the purpose stated."""

    organisation_id: UUID
    by: UUID | None
    via: str
    why: str | None = None


@dataclass(frozen=True)
class _Noted:
    act: Act
    noun: str
    ids: list[UUID]
    detail: dict[str, Any] = field(default_factory=dict)
    why: str | None = None


def note(
    session: AsyncSession,
    act: Act,
    noun: str,
    ids: Iterable[UUID] = (),
    detail: dict[str, Any] | None = None,
    *,
    why: str | None = None,
) -> None:
    """Keeps in mind what is done in this transaction to the rows of a noun. `detail` is JSON without coordinates. `why`
    counts before the purpose of who does it; "" where that has nothing to do with it."""
    named, told = list(dict.fromkeys(ids)), dict(detail or {})
    if len(named) > MOST_IDS:
        named, told = [], told | {"any": True}
    session.info.setdefault(_NOTED, []).append(_Noted(act, noun, named, told, why))


async def write(session: AsyncSession, author: Author) -> bool:
    """Appends what was noted; was there anything? The organisation's chain is held from here to the commit."""
    all_noted = session.info.pop(_NOTED, [])
    for noted in all_noted:
        said = {
            "act": noted.act,
            "at": time.time_ns() // 1_000_000,
            "by": author.by and str(author.by),
            "detail": noted.detail,
            "ids": [str(one) for one in noted.ids],
            "noun": noted.noun,
            "via": author.via,
            "why": author.why if noted.why is None else noted.why or None,
        }
        entry = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        # Without RETURNING: who adds to the log may not therefore read it.
        row = insert(LogEntry).values(organisation_id=author.organisation_id, id=new_id(), entry=entry)
        await session.execute(row.inline(), execution_options={"synchronize_session": False})
    return bool(all_noted)
