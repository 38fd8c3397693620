"""An import, of whatever noun: one file, one order, one account of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.district_import import import_districts
from geo.file_form import form_of_name
from geo.import_order import Order, Reckoning
from geo.log import Act, note
from geo.observation import import_observations
from geo.reading_process import Reading, reading
from geo.site_import import import_sites
from geo.work_area_import import import_areas

Importer = Callable[[AsyncSession, Reading, Order], Awaitable[Reckoning]]
IMPORTERS: Mapping[str, Importer] = {
    "districts": import_districts,
    "areas": import_areas,
    "sites": import_sites,
    "observations": import_observations,
}


class ImportRunning(Exception):
    """Another import of this organisation is running."""


async def import_file(session: AsyncSession, noun: str, file: BinaryIO, order: Order) -> Reckoning:
    """Imports a file in the session's transaction, which the caller commits; raises FileError.

    Where a row is refused, nothing is written, unless the order says to keep going; a dry run does all the work and
    then takes it back. Raises ImportRunning while another import of the organisation runs.
    """
    form = form_of_name(order.file_name)
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"import {order.organisation_id}", 0))
    if not await session.scalar(select(lock)):
        raise ImportRunning
    async with reading(file, order.encoding, form, order.heard) as source:
        step = await session.begin_nested()
        reckoning = await IMPORTERS[noun](session, source, order)
    reckoning.written = not order.dry_run and (order.keep_going or not reckoning.refused)
    if reckoning.written:
        await step.commit()
        note(session, Act.IMPORTED, noun, (), {"read": reckoning.read, "kept": reckoning.kept})
    else:
        await step.rollback()
    return reckoning
