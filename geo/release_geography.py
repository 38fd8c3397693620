"""The fixed shapes that releases speak of: 1 km cells, and districts as unions of whole cells.

A cell belongs to the district that holds its centre (to the first by code where two do). Cells whose centre lies in no
district are not in the geography. Made once and versioned: a district redrawn later changes nothing that was released.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geoalchemy2.shape import to_shape
from shapely import MultiPolygon
from sqlalchemy import BigInteger, ForeignKeyConstraint, UniqueConstraint, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.district import District
from geo.grid import cells_within
from geo.schema import OfOrganisation, Row, new_id, to_organisation

METRES = 1000


class Geography(OfOrganisation, Row):
    """One version of an organisation's geography."""

    __tablename__ = "geography"
    __table_args__ = (to_organisation(), UniqueConstraint("organisation_id", "version"), {"schema": "release"})

    version: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class GeographyDistrict(Row):
    """A district of one version, with the name it had then."""

    __tablename__ = "geography_district"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "version"], ["release.geography.organisation_id", "release.geography.version"]
        ),
        {"schema": "release"},
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class GeographyCell(Row):
    """A 1 km cell of one version, by its number, and the district that it is part of."""

    __tablename__ = "geography_cell"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "version", "district_code"],
            [
                "release.geography_district.organisation_id",
                "release.geography_district.version",
                "release.geography_district.code",
            ],
        ),
        {"schema": "release"},
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    cell: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    district_code: Mapped[str]


@dataclass(frozen=True)
class Shapes:
    """A geography as it is used: the district code of each cell number, and the name of each district code."""

    version: int
    cells: Mapping[int, str]
    districts: Mapping[str, str]

    def cells_of(self) -> dict[str, list[int]]:
        found = defaultdict(list)
        for cell, code in sorted(self.cells.items()):
            found[code].append(cell)
        return dict(found)


async def newest_geography(session: AsyncSession, organisation_id: UUID) -> Shapes | None:
    version = await session.scalar(
        select(func.max(Geography.version)).where(Geography.organisation_id == organisation_id)
    )
    if version is None:
        return None
    at = (organisation_id, version)
    cells = await session.execute(
        select(GeographyCell.cell, GeographyCell.district_code)
        .where(GeographyCell.organisation_id == at[0], GeographyCell.version == at[1])
        .order_by(GeographyCell.cell)
    )
    districts = await session.execute(
        select(GeographyDistrict.code, GeographyDistrict.name)
        .where(GeographyDistrict.organisation_id == at[0], GeographyDistrict.version == at[1])
        .order_by(GeographyDistrict.code)
    )
    return Shapes(version, {row[0]: row[1] for row in cells}, {row[0]: row[1] for row in districts})


async def make_geography(session: AsyncSession, organisation_id: UUID) -> Shapes | None:
    """Makes the next version from the districts as they are now, and stores it; None when they hold no cell."""
    districts = await session.scalars(
        select(District).where(District.organisation_id == organisation_id).order_by(District.code)
    )
    cells: dict[int, str] = {}
    names: dict[str, str] = {}
    for district in districts:
        shape = to_shape(district.geom)
        assert isinstance(shape, MultiPolygon)
        new = [cell for cell in cells_within(shape, METRES) if cell not in cells]
        if new:
            names[district.code] = district.name
            cells.update(dict.fromkeys(new, district.code))
    if not cells:
        return None
    before = await newest_geography(session, organisation_id)
    shapes = Shapes(before.version + 1 if before else 1, cells, names)
    await _store(session, organisation_id, shapes)
    return shapes


async def _store(session: AsyncSession, organisation_id: UUID, shapes: Shapes) -> None:
    key = {"organisation_id": organisation_id, "version": shapes.version}
    await session.execute(insert(Geography).values(id=new_id(), **key))
    await session.execute(
        insert(GeographyDistrict), [key | {"code": code, "name": name} for code, name in shapes.districts.items()]
    )
    await session.execute(
        insert(GeographyCell), [key | {"cell": cell, "district_code": code} for cell, code in shapes.cells.items()]
    )
