"""Visit heat: efforts and encounters by cell of the grid and by month, counted in PostgreSQL in one pass."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.grid import ROW, SIZES
from geo.selection import Period, Selection
from geo.sql import queries

Integers = NDArray[np.int64]
COUNTED = np.dtype(
    [("cell_100m", ">i8"), ("cell_250m", ">i8"), ("step", ">i4"), ("efforts", ">i4"), ("encounters", ">i4")]
)


@dataclass(frozen=True)
class Cells:
    """The searched cells of one size. `numbers` [n] are in order (see geo/grid.py); `efforts` and `encounters`
    [n, steps] are counts of visits."""

    metres: int
    numbers: Integers
    efforts: Integers
    encounters: Integers

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True)
class Heat:
    """The same visits counted in cells of 100 m, 250 m and 1 km, by step (a month) of the period."""

    steps: list[Period]
    cells: dict[int, Cells]

    @property
    def efforts(self) -> Integers:
        """Efforts by step, of all cells together."""
        return np.asarray(self.cells[SIZES[-1]].efforts.sum(axis=0))

    @property
    def encounters(self) -> Integers:
        return np.asarray(self.cells[SIZES[-1]].encounters.sum(axis=0))


async def count_heat(session: AsyncSession, selection: Selection, steps: list[Period] | None = None) -> Heat:
    """Counts what the asker may see of the selection, by calendar month unless other steps are given."""
    steps = selection.period.steps() if steps is None else steps
    await session.execute(text(queries("heat")["plan"]))
    counts = await session.scalar(
        text(queries("heat")["cells"]), selection.parameters() | {"edges": selection.edges(steps)}
    )
    rows: Any = np.frombuffer(counts or b"", COUNTED)
    kilometres = rows["cell_250m"] // ROW // 4 * ROW + rows["cell_250m"] % ROW // 4
    numbers = dict(zip(SIZES, (rows["cell_100m"], rows["cell_250m"], kilometres), strict=True))
    return Heat(steps, {metres: _gather(metres, numbers[metres], rows, len(steps)) for metres in SIZES})


def _gather(metres: int, numbers: Integers, rows: Any, steps: int) -> Cells:
    found, place = np.unique(numbers.astype(np.int64), return_inverse=True)
    slot = place * steps + rows["step"]
    sums = [
        np.bincount(slot, rows[name], len(found) * steps).astype(np.int64).reshape(len(found), steps)
        for name in ("efforts", "encounters")
    ]
    return Cells(metres, found, sums[0], sums[1])
