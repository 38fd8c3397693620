"""Districts in: public outlines with a code and a name."""

from typing import Any

from geoalchemy2.shape import from_shape, to_shape
from shapely import MultiPolygon
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.change import remember
from geo.district import District
from geo.import_order import Order, Reckoning
from geo.organisation import Organisation, bounds_of
from geo.reading import Column, find_columns
from geo.reading_cell import WKT, Cells
from geo.reading_process import Reading
from geo.reading_rows import each_row
from geo.schema import new_id

NAMES = (
    "name", "naam", "nazwa", "nom", "wijk", "wijk_naam", "wijknaam", "buurtnaam", "sectornaam", "gmina", "district",
    "label",
)  # fmt: skip
CODES = (
    "code", "nis9_code", "nis9", "wijk_code", "wijkcode", "wijknr", "buurtcode", "terc", "teryt", "jpt_kod_je",
    "niscode", "nis_code", "insee", "gm_code", "id",
)  # fmt: skip
COLUMNS = (Column("name", NAMES, True), Column("code", CODES), Column("wkt", WKT))


async def import_districts(session: AsyncSession, source: Reading, order: Order) -> Reckoning:
    """A district is known by its code (without a column of codes, by its name): a known one is changed where the file
    says something else, and what it was before is kept."""
    bounds = bounds_of(await session.get_one(Organisation, order.organisation_id))
    columns = find_columns(source, COLUMNS, order.columns)
    there = {
        district.code: district
        for district in await session.scalars(
            select(District).where(District.organisation_id == order.organisation_id).with_for_update()
        )
    }
    seen: set[str] = set()
    reckoning = Reckoning(source.counted)

    async def keep(cells: Cells) -> None:
        name = cells.needed("name", 200)
        code = cells.needed("code", 100) if "code" in columns else name[:100]
        shape = cells.multipolygon(bounds)
        if code in seen:
            raise ValueError("its code is that of a row before it")
        seen.add(code)
        district = there.get(code)
        if district is None:
            key = {"organisation_id": order.organisation_id, "id": new_id()}
            geom = from_shape(shape, 4326)
            session.add(District(**key, code=code, name=name, geom=geom, updated_by=order.account_id))
            reckoning.kept += 1
        elif district.name == name and same_shape(district.geom, shape):
            reckoning.already_there += 1
        else:
            await remember(session, district, "district", order.account_id)
            district.name, district.geom = name, from_shape(shape, 4326)
            reckoning.changed += 1

    await each_row(source, columns, reckoning, keep)
    await session.flush()
    return reckoning


def same_shape(stored: Any, shape: MultiPolygon) -> bool:
    """Point for point the same."""
    return bool(to_shape(stored) == shape)
