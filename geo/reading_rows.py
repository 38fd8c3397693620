"""Row by row, each kept or refused on its own."""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping

from geo.geometry import GeometryError
from geo.import_order import Reckoning
from geo.reading_cell import Cells
from geo.reading_process import Reading
from geo.record import Refused


async def each_row(
    source: Reading, columns: Mapping[str, int], reckoning: Reckoning, keep: Callable[[Cells], Awaitable[None]]
) -> None:
    """Hands each row to `keep`, which refuses it by ValueError or GeometryError; counts what was read and refused."""
    async for batch in source.batches():
        for row in batch:
            reckoning.read += 1
            if isinstance(row, Refused):
                reckoning.refuse(row)
                continue
            try:
                await keep(Cells(row, columns))
            except (ValueError, GeometryError) as error:
                reckoning.refuse(Refused(row.line, str(error)))
            await sleep(0)  # others are served between two rows
