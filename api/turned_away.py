"""Whom Lantern turned away: sign-ins that failed, refusals and waits, for the log of whom they concern.

They are counted in memory and written beside the requests. So nobody can tell by the time an answer takes whether there
is such an account; and nobody can fill the log: of what happens again and again to one account at one door the first is
written within seconds, and all the rest as one number at the end of a quarter of an hour. Addresses that are accounts'
have room of their own, so that nobody hides one by trying many others.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.asker import Asker
from api.database import Database
from api.problem import (
    FORBIDDEN,
    INVALID_INPUT,
    PASSWORD_CHANGE_REQUIRED,
    PURPOSE_REQUIRED,
    RELEASES_ONLY,
    SECOND_FACTOR_REQUIRED,
    TOO_MANY,
    Kind,
    Problem,
)
from geo.account import Account, Address, Role
from geo.log import Act, Author, note
from geo.organisation import Organisation

EVERY_S = 5.0
TOGETHER_S = 900.0
LEARNS_EVERY_S = 60.0
MOST_ADDRESSES = 400
AT_THE_DOOR = "sign-in"
REFUSED = {FORBIDDEN, RELEASES_ONLY}
REFUSED_BY_API = {PURPOSE_REQUIRED, PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_REQUIRED, INVALID_INPUT}
"""These lead people at a browser on to what is missing; a script that gets them tries something."""
logger = logging.getLogger("lantern.turned-away")
Way = Literal["password", "passkey", "city-sign-in-required"]
Stranger = Literal["address", "passkey", "token", "cross-site"]
STRANGERS: dict[Stranger, str] = {
    "address": "Tries to sign in with addresses that nobody has: %d",
    "passkey": "Tries to sign in with passkeys that open nothing: %d",
    "token": "Requests with access tokens that open nothing: %d",
    "cross-site": "Writes that another site sent: %d",
}


@dataclass(frozen=True)
class Turned:
    """Which account it concerns (None: the organisation), in whose name it is written, at which door and why. Nothing
    of it was typed."""

    author: Author
    account_id: UUID | None
    act: Act
    door: str
    why: str


@dataclass
class _Count:
    ends_at: float
    unwritten: int = 0
    is_new: bool = True


class TurnedAway:
    """Counts what is turned away until `write` puts it into the log."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._knocks: dict[tuple[Act, bool], Counter[tuple[Address, str]]] = {}
        self._addresses: frozenset[str] = frozenset()
        self._met: frozenset[str] = frozenset()
        self._learns_at = -math.inf
        self._counts: dict[Turned, _Count] = {}
        self._strangers: dict[Stranger, _Count] = {}

    def meet(self, email: str) -> None:
        """This server gave an account this address just now: it has room of its own at once."""
        self._met |= {email}
        self._addresses |= {email}

    def at_the_door(self, act: Act, email: Address, why: str) -> None:
        """Someone who has not shown who they are gave this address. Whose it is, is looked up later, whatever it is."""
        key = email, why
        known = key[0] in self._addresses
        knocks = self._knocks.setdefault((act, known), Counter())
        if known or key in knocks or len(knocks) < MOST_ADDRESSES:
            knocks[key] += 1
        else:
            self.stranger("address")

    def known_at_the_door(self, account: Account, way: Way) -> None:
        """Likewise where it is plain which account was meant."""
        author = Author(account.organisation_id, None, AT_THE_DOOR)
        self._add(Turned(author, account.id, Act.SIGN_IN_FAILED, AT_THE_DOOR, way), 1)

    def city_at_the_door(self, organisation_id: UUID) -> None:
        """Likewise where what a city's own sign-in sent back opened nothing: no account is known then."""
        author = Author(organisation_id, None, AT_THE_DOOR)
        self._add(Turned(author, None, Act.SIGN_IN_FAILED, AT_THE_DOOR, "city"), 1)

    def stranger(self, what: Stranger, times: int = 1) -> None:
        """Likewise where nothing tells whom it concerns: it is in the server's own words, as a number."""
        self._strangers.setdefault(what, _Count(0.0)).unwritten += times

    def inside(self, request: Request, asker: Asker, act: Act, why: str) -> None:
        """Something was denied to someone who is signed in."""
        if asker.account_id is not None:
            route = getattr(request.scope.get("route"), "path", "")
            author = replace(asker.author, why=None)
            self._add(Turned(author, asker.account_id, act, f"{request.method} {route}".strip(), why), 1)

    def refused(self, request: Request, problem: Problem) -> None:
        """The answer to a request is this problem."""
        asker, kind = getattr(request.state, "asker", None), problem.kind
        if not isinstance(asker, Asker) or problem.noted:
            return
        if kind == TOO_MANY:
            self.inside(request, asker, Act.MADE_TO_WAIT, kind.slug)
        elif kind in REFUSED or _by_api(request, kind):
            self.inside(request, asker, Act.REFUSED, kind.slug)

    def _add(self, turned: Turned, times: int) -> None:
        counted = self._counts.setdefault(turned, _Count(self._clock() + TOGETHER_S))
        counted.unwritten += times

    async def keep(self) -> None:
        """Writes for as long as the server runs."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.try_to_write()

    async def try_to_write(self, *, all_of_it: bool = False) -> None:
        try:
            await self.write(all_of_it=all_of_it)
            if self._learns_at <= self._clock() and not all_of_it:
                await self.learn()
        except (OSError, DBAPIError, PoolTimeout) as error:
            logger.error("Who was turned away could not be written down: %s", type(error).__name__)

    async def write(self, *, all_of_it: bool = False) -> None:
        """Writes what is new, and what came again in a quarter of an hour that is over; with `all_of_it` everything."""
        await self._look_up()
        now, due = self._clock(), dict[Author, list[Turned]]()
        for turned, counted in self._counts.items():
            if counted.unwritten and (counted.is_new or all_of_it or counted.ends_at <= now):
                due.setdefault(turned.author, []).append(turned)
        for author, turned_away in due.items():
            await self._write(author, turned_away)
        self._counts = {one: count for one, count in self._counts.items() if count.unwritten or count.ends_at > now}
        self._tell_of_strangers(now, all_of_it)

    async def learn(self) -> None:
        """Which addresses are accounts', at this moment."""
        self._met = frozenset()
        async with self._database.keeping_keys() as session:
            cities = list(await session.scalars(select(Organisation).order_by(Organisation.id)))
        found: set[str] = set()
        for city in cities:
            server = Asker.command(city.id, city.slug, city.time_zone, Role.STEWARD)
            theirs = select(Account.email).where(Account.organisation_id == city.id, Account.email.is_not(None))
            async with self._database.asking(server) as session:
                found.update(await session.scalars(theirs))
        self._addresses, self._learns_at = self._met | found, self._clock() + LEARNS_EVERY_S

    async def _write(self, author: Author, turned_away: list[Turned]) -> None:
        told = {turned: self._counts[turned].unwritten for turned in turned_away}
        async with self._database.noting(author) as session:
            for turned, times in told.items():
                detail = {"door": turned.door, "why": turned.why, "times": times}
                note(session, turned.act, "account", [turned.account_id] if turned.account_id else [], detail)
        for turned, times in told.items():
            counted = self._counts[turned]
            counted.unwritten, counted.is_new = counted.unwritten - times, False

    async def _look_up(self) -> None:
        """Whose the addresses are. One that nobody has is forgotten here, and only counted."""
        for (act, _), counter in list(self._knocks.items()):
            for email, why in list(counter):
                whose = select(Account.organisation_id, Account.id).where(Account.email == email)
                async with self._database.knocking(sign_in_email=email) as session:
                    found = (await session.execute(whose)).all() if email else []
                times = counter.pop((email, why))
                for organisation_id, account_id in found:
                    author = Author(organisation_id, None, AT_THE_DOOR)
                    self._add(Turned(author, account_id, act, AT_THE_DOOR, why), times)
                if not found:
                    self.stranger("address", times)

    def _tell_of_strangers(self, now: float, all_of_it: bool) -> None:
        for what, counted in self._strangers.items():
            if counted.unwritten and (all_of_it or counted.ends_at <= now):
                logger.warning(STRANGERS[what], counted.unwritten)
                self._strangers[what] = _Count(now + TOGETHER_S)


def _by_api(request: Request, kind: Kind) -> bool:
    return kind in REFUSED_BY_API and request.url.path.startswith("/api/")


def turned_away_of(request: Request) -> TurnedAway:
    found: TurnedAway = request.app.state.turned_away
    return found
