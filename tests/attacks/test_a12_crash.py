"""A12. The budget: crash between the draw and the store, to be given a second draw of the same numbers."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.database import Database
from geo.release import Release
from geo.release_draw import AlreadyDrawn, draw_release, noisy
from geo.release_series import Series
from tests.fixtures.crowd import Crowd
from tests.fixtures.look import look, run

pytestmark = pytest.mark.anyio
KEPT = """
    SELECT (SELECT count(*) FROM release.geography), (SELECT count(*) FROM release.geography_cell),
        (SELECT count(*) FROM release.release), (SELECT count(*) FROM release.release_value),
        (SELECT count(*) FROM lantern.release_charge)
"""


class Crash(BaseException):
    """The process ends here."""


async def draw(session: AsyncSession, asker: Asker, half: str) -> Release:
    return await draw_release(
        session, organisation_id=asker.organisation_id, series=Series.CELLS, period=half, today=asker.today
    )


async def draw_and_crash(database: Database, asker: Asker, half: str, before_commit: bool = True) -> None:
    async with database.asking(asker) as session:
        await draw(session, asker, half)
        if before_commit:
            raise Crash
    raise Crash


async def draw_and_lose_the_database(database: Database, asker: Asker, half: str, owner_url: str) -> None:
    async with database.asking(asker) as session:
        await draw(session, asker, half)
        backend = await session.scalar(text("SELECT pg_backend_pid()"))
        run(owner_url, "SELECT pg_terminate_backend(:backend)", backend=backend)


async def test_a_crash_after_the_draw_leaves_nothing_of_it(
    database: Database, drawer: Asker, crowd: Crowd, half: str, owner_url: str
) -> None:
    await crowd(20)
    with pytest.raises(Crash):
        await draw_and_crash(database, drawer, half)
    assert look(owner_url, KEPT) == [(0, 0, 0, 0, 0)]


async def test_a_database_that_dies_before_the_commit_leaves_nothing_of_it(
    database: Database, drawer: Asker, crowd: Crowd, half: str, owner_url: str
) -> None:
    await crowd(20)
    with pytest.raises(DBAPIError):
        await draw_and_lose_the_database(database, drawer, half, owner_url)
    assert look(owner_url, KEPT) == [(0, 0, 0, 0, 0)]
    async with database.asking(drawer) as session:
        await draw(session, drawer, half)
    assert look(owner_url, "SELECT count(*) FROM release.release") == [(1,)]


async def test_whatever_crashes_there_is_one_draw_and_each_site_pays_once(
    database: Database, drawer: Asker, crowd: Crowd, half: str, owner_url: str
) -> None:
    await crowd(20)
    for turn in range(12):
        with pytest.raises((Crash, AlreadyDrawn)):
            await draw_and_crash(database, drawer, half, before_commit=turn % 3 > 0)
    assert look(owner_url, "SELECT count(*) FROM release.release") == [(1,)]
    assert look(owner_url, "SELECT max(paid) FROM (SELECT sum(epsilon) AS paid FROM lantern.release_charge "
        "GROUP BY site_id) AS site") == [(1.0,)]  # fmt: skip


async def test_control_noise_kept_before_the_store_is_there_after_a_crash_and_drawn_again(
    database: Database, owner_url: str
) -> None:
    """A draw in a transaction of its own, then the crash, then the draw again: two looks at one number."""
    run(owner_url, "CREATE TABLE public.drawn (value integer)")
    for _ in range(2):
        run(owner_url, "INSERT INTO public.drawn VALUES (:value)", value=noisy([20], 1.0)[0])
    assert look(owner_url, "SELECT count(*) FROM public.drawn") == [(2,)]
