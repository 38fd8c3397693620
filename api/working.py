"""The transaction of a streetworker at work."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from api.asking import Asked, Who, get_database, get_vault, refusal
from geo.account import Role


async def working(request: Request, asker: Who) -> AsyncIterator[Asked]:
    """The transaction of a streetworker. Whoever is a manager too has no more than their own areas here, and so may
    read the notes of these."""
    if Role.STREETWORKER not in asker.roles:
        raise refusal(asker)
    database, worker = get_database(request), replace(asker, roles=frozenset({Role.STREETWORKER}))
    async with database.asking(worker) as session:
        yield Asked(session, worker, database, get_vault(request))


Working = Annotated[Asked, Depends(working, scope="function")]
