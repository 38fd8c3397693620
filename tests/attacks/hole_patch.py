"""What is put in the place of checks: each as someone in a hurry might have written it."""

import contextlib
import json
from typing import Any
from uuid import UUID

import pytest
from fastapi import Response
from jinja2 import Environment
from markupsafe import Markup
from psycopg import sql
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api import asking, credential, database, note, site
from api.asker import Asker
from api.asking import Asked
from api.credential import Ended
from api.database import Database
from api.listing import features
from api.problem import CONFLICT, ID_TAKEN, Problem
from api.vault import Keys
from geo import file_form
from geo.account import Account, Role, SignIn
from geo.coverage import Coverage, measure_coverage
from geo.delivery import Delivery
from geo.log import Author, write
from geo.log_chain import Chain
from geo.note import opened_note
from geo.organisation import Organisation
from geo.selection import Selection
from geo.site import Site
from geo.site_change import create_site
from geo.site_query import list_sites
from web import page

sessions_of, asker_of = credential.asker_of_session, credential.asker_of


def planner_as_manager(patch: pytest.MonkeyPatch) -> None:
    """Planners may ask what managers ask, and the database believes it."""
    scope, role = Asker.scope.fget, Asker.database_role.fget  # type: ignore[attr-defined]

    def is_planner(asker: Asker) -> bool:
        return Role.PLANNER in asker.roles

    patch.setattr(Asker, "scope", property(lambda asker: "organisation" if is_planner(asker) else scope(asker)))
    patch.setattr(Asker, "database_role", property(lambda asker: "lantern_app" if is_planner(asker) else role(asker)))
    who = asking.find_asker

    async def found(request: Any) -> Asker | Ended | None:
        asker = await who(request)
        if isinstance(asker, Asker) and is_planner(asker):
            object.__setattr__(asker, "roles", asker.roles | {Role.STREETWORKER})
        return asker

    patch.setattr(asking, "find_asker", found)


def sessions_in_memory(patch: pytest.MonkeyPatch) -> None:
    """Who is signed in is looked up once and then remembered."""
    known: dict[str, Asker] = {}

    async def remembered(database: Database, secret: str) -> Asker | Ended:
        if secret not in known:
            asker = await sessions_of(database, secret)
            if not isinstance(asker, Asker):
                return asker
            known[secret] = asker
        return known[secret]

    patch.setattr(asking, "asker_of_session", remembered)


def leaver_keeps_token(account: Account, organisation: Organisation, by: str, *, second_factor: bool) -> Asker | None:
    """The day someone left is looked at for sessions, and forgotten for tokens."""
    left, account.left_on = account.left_on, None if by == "token" else account.left_on
    try:
        return asker_of(account, organisation, by, second_factor=second_factor)
    finally:
        account.left_on = left


def lax_cookie(patch: pytest.MonkeyPatch) -> None:
    true = Response.set_cookie

    def set_cookie(answer: Response, *given: Any, **more: Any) -> None:
        true(answer, *given, **more | {"samesite": "lax"})

    patch.setattr(Response, "set_cookie", set_cookie)


async def best_effort_log(session: AsyncSession, author: Author) -> bool:
    """The log is written where it can be."""
    with contextlib.suppress(Exception):
        async with session.begin_nested():
            return await write(session, author)
    return False


def total_of_all(patch: pytest.MonkeyPatch) -> None:
    """A list says how many there are in all, counted past the policies."""

    totals: list[int] = []

    async def counted(session: AsyncSession, organisation_id: UUID, *given: Any) -> list[Site]:
        rows = await list_sites(session, organisation_id, *given)
        scope = await session.scalar(text("SELECT current_setting('lantern.scope')"))
        await session.execute(text("SET LOCAL lantern.scope = 'organisation'"))
        totals.append(await session.scalar(select(func.count()).select_from(Site)) or 0)
        await session.execute(text(f"SET LOCAL lantern.scope = '{scope}'"))
        return rows

    def told(*given: Any) -> Response:
        answer = features(*given)
        answer.headers["Lantern-Total"] = str(totals[-1])
        return answer

    patch.setattr(site, "list_sites", counted)
    patch.setattr(site, "features", told)


async def telling_create(session: AsyncSession, values: dict[str, Any], *given: Any) -> Delivery:
    """An id that stands for what one does not see is told apart from one of one's own."""
    delivery = await create_site(session, values, *given)
    if delivery is Delivery.TAKEN:
        seen = await session.get(Site, (values["organisation_id"], values["id"]))
        raise Problem(ID_TAKEN if seen else CONFLICT)
    return delivery


def in_the_words_of_the_database(error: Any) -> Problem:
    return Problem(CONFLICT, str(error.orig))


def unescaped_pages(patch: pytest.MonkeyPatch) -> None:
    def environment(**given: Any) -> Environment:
        return Environment(**given | {"autoescape": False})

    patch.setattr(page, "Environment", environment)
    patch.setattr(page, "environment", page.environment.__wrapped__)


def notes_for_all(patch: pytest.MonkeyPatch) -> None:
    """Whoever reaches a place reads its note."""

    def shown(notes: note.Notes, row: Any) -> dict[str, Any]:
        sealed = row.note_sealed if row.__tablename__ == "visit" else row.access_note_sealed
        name = "note" if row.__tablename__ == "visit" else "access_note"
        return {name: opened_note(notes.keys, type(row), row.id, sealed), f"has_{name}": sealed is not None}

    patch.setattr(note.Notes, "shown", shown)


def place_without_row(keys: Keys, head: bytes, table: str, column: str, row_id: UUID) -> bytes:
    return b"\x1f".join((head, keys.organisation_id.bytes, table.encode(), column.encode()))


def chain_without_numbers(patch: pytest.MonkeyPatch) -> None:
    """Each entry is held against its own hash, and nobody counts them."""
    true = Chain.take

    def take(chain: Chain, seq: int, entry: str, hashed: bytes) -> None:
        if seq == chain.seq + 1:
            true(chain, seq, entry, hashed)
        chain.seq, chain.hash = seq, hashed

    patch.setattr(Chain, "take", take)


def kept_settings(patch: pytest.MonkeyPatch) -> None:
    """Who asks is set for the connection, not for the transaction."""

    class Lasting:
        Identifier, Literal = sql.Identifier, sql.Literal

        @staticmethod
        def SQL(said: Any) -> Any:
            return sql.SQL(said.replace("SET LOCAL {} =", "SET {} ="))

    patch.setattr(database, "sql", Lasting)


def steward_reads_unlogged(patch: pytest.MonkeyPatch) -> None:
    """Reading the log leaves nothing in it."""
    true = Asked.saw

    def saw(asked: Asked, noun: str, ids: Any, **detail: Any) -> None:
        if noun != "log":
            true(asked, noun, ids, **detail)

    patch.setattr(Asked, "saw", saw)


async def always(*_: Any, **__: Any) -> bool:
    return True


def plain_json(value: Any) -> Markup:
    return Markup(json.dumps(value, ensure_ascii=False))


async def whole_coverage(session: AsyncSession, selection: Selection, *, whole: bool = True) -> Coverage:
    return await measure_coverage(session, selection)


def sessions_of_the_organisation(asked: Asked) -> tuple[ColumnElement[bool], ...]:
    return (SignIn.organisation_id == asked.asker.organisation_id,)


def archives_as_json(patch: pytest.MonkeyPatch) -> None:
    for suffix in file_form.PACKED:
        patch.setitem(file_form.BY_SUFFIX, suffix, file_form.FileForm.JSON)
