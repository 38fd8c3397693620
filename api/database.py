"""The database, and the one place that opens a transaction and says who asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from api.asker import Asker
from geo.account import Role
from geo.driver import raw
from geo.log import Author, write
from geo.organisation import Organisation

STATEMENT_TIMEOUT_S = 60
KEYS_TIMEOUT_S = 600
RETENTION_TIMEOUT_S = 600
# PostGIS prices its predicates so high that a screenful of rows would start workers, which takes longer than the rows.
PARALLEL_SETUP_COST = 100_000
MOST_STREAMS = 4  # downloads hold a connection for as long as they last: some must be left for everything else


class OrganisationUnknown(LookupError):
    """There is no organisation of that name."""


class Database:
    """A pool of connections to one PostgreSQL with PostGIS (`postgresql+psycopg://…`)."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=20,
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,
        )
        self.streams = asyncio.Semaphore(MOST_STREAMS)
        self.logged: set[UUID] = set()
        """The organisations whose log moved through this pool."""
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    def asking(self, asker: Asker, timeout_s: int = STATEMENT_TIMEOUT_S) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction in the name of who asks: what it noted goes into the log as its last act.

        Committed at the end, rolled back on any exception, also where the log cannot be written.
        """
        own = {"roles": _roles(asker), "today": asker.today.isoformat()}
        return self._named(asker, asker.database_role, timeout_s, scope=asker.scope, **own)

    def asking_own(self, asker: Asker) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction that reaches what is everyone's own: account, sessions, tokens. No places."""
        return self._named(asker, "lantern_app", STATEMENT_TIMEOUT_S, scope="none", today=asker.today.isoformat())

    @asynccontextmanager
    async def knocking(
        self,
        *,
        organisation_slug: str = "",
        sign_in_email: str = "",
        credential: str = "",
        passkey: str = "",
        challenge: str = "",
        tries: str = "",
        door: str = "",
        city_subject: str = "",
    ) -> AsyncIterator[AsyncSession]:
        """One transaction of someone not known yet, who sees only the row that they can name.

        `credential` is the SHA-256 of a token, `passkey` what a device calls its own, `challenge` the id of one,
        `tries` the keys of some with commas between, `city_subject` the hash of what a city calls someone: all in
        hexadecimal. With `door` "city" the ways in by a city's accounts are seen.
        """
        async with self._transaction(
            "lantern_app",
            STATEMENT_TIMEOUT_S,
            None,
            organisation_slug=organisation_slug,
            sign_in_email=sign_in_email,
            credential=credential,
            passkey=passkey,
            challenge=challenge,
            tries=tries,
            door=door,
            city_subject=city_subject,
        ) as session:
            yield session

    @asynccontextmanager
    async def keeping_keys(self, asker: Asker | None = None) -> AsyncIterator[AsyncSession]:
        """One transaction of the command line that keeps the keys of all organisations, and reaches nothing else; in
        the name of one organisation also what its keys have sealed."""
        author, of = (asker.author, str(asker.organisation_id)) if asker else (None, "")
        async with self._transaction(
            "lantern_app", KEYS_TIMEOUT_S, author, organisation_id=of, scope="keys"
        ) as session:
            yield session

    def retaining(self, asker: Asker) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction that counts and takes what the rules of retention say, and can take nothing younger."""
        return self._named(asker, "lantern_app", RETENTION_TIMEOUT_S, scope="retention")

    def erasing(self, asker: Asker) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction of a steward that puts ids on the list of erasures, and reaches what is on it alone."""
        own = {"roles": _roles(asker), "today": asker.today.isoformat()}
        return self._named(asker, "lantern_app", RETENTION_TIMEOUT_S, scope="erasure", **own)

    def releasing(self, asker: Asker, law_request_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction of a step of a request by law: the second person sees in it what it names, once they have
        agreed."""
        own = {"roles": _roles(asker), "today": asker.today.isoformat(), "law_request": str(law_request_id)}
        return self._named(asker, "lantern_app", STATEMENT_TIMEOUT_S, scope="law", **own)

    def noting(self, author: Author) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction that adds to the log in someone's name, and reaches nothing."""
        of = {"organisation_id": str(author.organisation_id), "account_id": str(author.by or "")}
        return self._transaction("lantern_app", STATEMENT_TIMEOUT_S, author, scope="none", **of)

    def _named(
        self, asker: Asker, role: LiteralString, timeout_s: int, **settings: str
    ) -> AbstractAsyncContextManager[AsyncSession]:
        of = {"organisation_id": str(asker.organisation_id), "account_id": str(asker.account_id or "")}
        return self._transaction(role, timeout_s, asker.author, **of, **settings)

    @asynccontextmanager
    async def _transaction(
        self, role: LiteralString, timeout_s: int, author: Author | None, **settings: str
    ) -> AsyncIterator[AsyncSession]:
        # SET takes no bound parameters, and set_config() is not carried to the workers of a Citus cluster.
        lines = [sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role))]
        lines.append(sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(f"{timeout_s}s")))
        lines.append(sql.SQL("SET LOCAL parallel_setup_cost = {}").format(sql.Literal(PARALLEL_SETUP_COST)))
        lines += [
            sql.SQL("SET LOCAL {} = {}").format(sql.Identifier("lantern", name), sql.Literal(value))
            for name, value in settings.items()
            if value
        ]
        async with self._sessions() as session, session.begin():
            await (await raw(session)).execute(sql.SQL("; ").join(lines), prepare=False)
            yield session
            if author is not None and await write(session, author):
                self.logged.add(author.organisation_id)

    async def asker_of_organisation(self, slug: str, role: Role = Role.MANAGER, purpose: str | None = None) -> Asker:
        """The command line acting for an organisation; raises OrganisationUnknown."""
        async with self.knocking(organisation_slug=slug) as session:
            found = await session.scalar(select(Organisation).where(Organisation.slug == slug))
        if found is None:
            raise OrganisationUnknown(slug)
        return Asker.command(found.id, found.slug, found.time_zone, role, purpose)

    async def answers(self) -> bool:
        """Does the database answer?"""
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (DBAPIError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        await self.engine.dispose()


def _roles(asker: Asker) -> str:
    return ",".join(sorted(asker.roles))
