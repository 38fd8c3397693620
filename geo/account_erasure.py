"""Erasure of an account: nothing of the person stays. The row does, nameless, so that what was done keeps an id."""

from uuid import UUID

from sqlalchemy import ColumnElement, any_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from geo.account import FORMER, AccessToken, Account, SignIn
from geo.account_secret import AccountSecret
from geo.change import Change
from geo.city_sign_in import CityIdentity
from geo.erasure import Again, Gone, Listed, Noun, Reason, remember_erased, remember_listed
from geo.log import Act, note
from geo.passkey import Passkey
from geo.phone_delivery import PhoneDelivery
from geo.refusal import Refusal
from geo.second_factor import Authenticator, RecoveryCode
from geo.widening import REASON_ERASED, Widening

THEIRS = (
    (AccountSecret, AccountSecret.id), (Authenticator, Authenticator.account_id),
    (RecoveryCode, RecoveryCode.account_id), (Passkey, Passkey.account_id), (SignIn, SignIn.account_id),
    (AccessToken, AccessToken.account_id), (CityIdentity, CityIdentity.account_id),
    (PhoneDelivery, PhoneDelivery.account_id), (Change, Change.noun_id),
)  # fmt: skip
"""What is a person's alone, and by which column. What they sent and waits for a manager stays: it is about a place."""


async def erase_account(
    session: AsyncSession, organisation_id: UUID, account_id: UUID, reason: Reason, by: UUID | None
) -> Gone | None:
    """Erases who an account was, and all that opened it. In a transaction of scope `erasure`.

    None: there is no such account, or no more. Raises Refusal for one that is the eraser's own, or has not ended.
    """
    mine = (Account.organisation_id == organisation_id, Account.id == account_id, Account.email.is_not(None))
    ended = func.coalesce(Account.left_on <= func.lantern.asking_on(), False)
    found = await session.scalar(select(ended).where(*mine))
    if found is None:
        return None
    if account_id == by:
        raise Refusal("is your own", "account_id")
    if not found:
        raise Refusal("still has access: end it first", "account_id")
    await remember_erased(session, organisation_id, [(Noun.ACCOUNT, account_id)], reason, by)
    gone = await _empty(session, organisation_id, [account_id])
    note(session, Act.ACCOUNT_ERASED, "account", gone, {"reason": reason.value})
    return {Noun.ACCOUNT: len(gone)}


async def erase_accounts_again(session: AsyncSession, organisation_id: UUID, listed: Listed) -> Again:
    """Erases once more the accounts that an older copy of the database brought back, with access or without."""
    await remember_listed(session, organisation_id, listed)
    ids = [one for _, one in listed]
    here = (Account.organisation_id == organisation_id, Account.id == _any(ids), Account.email.is_not(None))
    gone = await _empty(session, organisation_id, list(await session.scalars(select(Account.id).where(*here))))
    if gone:
        note(session, Act.ACCOUNT_ERASED, "account", gone, {"again": True})
    return Again({Noun.ACCOUNT: len(gone)})


async def _empty(session: AsyncSession, organisation_id: UUID, ids: list[UUID]) -> list[UUID]:
    """Empties accounts that are on the list; which of them were there."""
    for table, of in THEIRS:
        gone = delete(table).where(table.organisation_id == organisation_id, of == _any(ids))
        if table is Change:
            gone = gone.where(Change.noun == "account")
        await session.execute(gone, execution_options={"synchronize_session": False})
    await _empty_reasons(session, organisation_id, ids)
    rows = update(Account).where(Account.organisation_id == organisation_id, Account.id == _any(ids))
    emptied = rows.values(
        email=None,
        name=FORMER,
        roles=[],
        team_id=None,
        locale="en",
        left_on=func.coalesce(Account.left_on, func.lantern.asking_on()),
        version=Account.version + 1,
        updated_at=func.now(),
        updated_by=None,
    )
    done = emptied.returning(Account.id)
    return list(await session.scalars(done, execution_options={"synchronize_session": False}))


async def _empty_reasons(session: AsyncSession, organisation_id: UUID, ids: list[UUID]) -> None:
    """What they typed to see more. That they saw it stays: someone's place was looked at."""
    asked = update(Widening).where(Widening.organisation_id == organisation_id, Widening.account_id == _any(ids))
    await session.execute(asked.values(reason=REASON_ERASED), execution_options={"synchronize_session": False})


def _any(ids: list[UUID]) -> ColumnElement[bool]:
    return any_(literal(ids, ARRAY(Uuid)))
