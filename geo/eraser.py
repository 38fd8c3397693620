"""Who erases what: for each noun that can be erased by itself, how, for which reasons, and once more after a backup."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from geo.account_erasure import erase_account, erase_accounts_again
from geo.erasure import Again, Gone, Listed, Noun, Reason
from geo.site_erasure import erase_site, erase_sites_again


@dataclass(frozen=True)
class Eraser:
    """`erase` takes one row; its answer is None where there is none. `again` takes those of `nouns` on a list that was
    kept outside the database."""

    erase: Callable[[AsyncSession, UUID, UUID, Reason, UUID | None], Awaitable[Gone | None]]
    again: Callable[[AsyncSession, UUID, Listed], Awaitable[Again]]
    reasons: frozenset[Reason]
    nouns: frozenset[Noun]


ERASERS = {
    Noun.SITE: Eraser(
        erase_site, erase_sites_again, frozenset(Reason) - {Reason.LEFT}, frozenset({Noun.SITE, Noun.VISIT, Noun.ALERT})
    ),
    Noun.ACCOUNT: Eraser(erase_account, erase_accounts_again, frozenset(Reason), frozenset({Noun.ACCOUNT})),
}


async def erase_again(session: AsyncSession, organisation_id: UUID, listed: Listed) -> Again:
    """Erases once more what an older copy of the database brought back, but for what a request by law holds."""
    gone: Gone = {}
    kept: Gone = {}
    held_by: frozenset[UUID] = frozenset()
    for eraser in ERASERS.values():
        theirs = {key: reason for key, reason in listed.items() if key[0] in eraser.nouns}
        again = await eraser.again(session, organisation_id, theirs)
        gone, kept, held_by = gone | again.gone, kept | again.kept, held_by | again.held_by
    return Again(gone, kept, held_by)
