"""An organisation: one service. Everything belongs to one."""

from datetime import datetime
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from geoalchemy2.shape import from_shape, to_shape
from shapely import Polygon
from sqlalchemy import CheckConstraint, UniqueConstraint, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from data.site_types import site_types
from geo.schema import Row, new_id
from geo.site_type import SiteType


class Organisation(Row):
    """`bounds` is the box outside which no coordinate of this organisation can lie (EPSG:4326). `epoch` says which copy
    of its data this is: another one after a restore from an older backup."""

    __tablename__ = "organisation"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="slug"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    bounds: Mapped[WKBElement] = mapped_column(Geometry("POLYGON", 4326, spatial_index=False))
    national_srid: Mapped[int | None]
    time_zone: Mapped[str] = mapped_column(server_default="Europe/Brussels")
    epoch: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    is_demo: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def bounds_of(organisation: Organisation) -> Polygon:
    """The organisation's bounds as a shape, in degrees (lon lat)."""
    shape = to_shape(organisation.bounds)
    assert isinstance(shape, Polygon)
    return shape


async def add_site_types(session: AsyncSession, organisation_id: UUID) -> None:
    """Gives an organisation the site types of `data/site_types.csv`, which it may edit from then on."""
    session.add_all(
        SiteType(
            organisation_id=organisation_id,
            slug=kind.slug,
            label=kind.label,
            revisit_days=kind.revisit_days,
            ethos=kind.ethos,
            ethos_light=kind.ethos_light,
            hud=kind.hud,
            polish_count=kind.polish_count,
            chain=kind.chain,
        )
        for kind in site_types()
    )
    await session.flush()


async def create_organisation(
    session: AsyncSession,
    *,
    slug: str,
    name: str,
    bounds: Polygon,
    time_zone: str,
    organisation_id: UUID | None = None,
    is_demo: bool = False,
    national_srid: int | None = None,
) -> Organisation:
    """A new organisation, without its site types yet; `bounds` in degrees (lon lat).

    The transaction names the slug (`Database.knocking`); its site types are added by who then asks for it.
    """
    organisation = Organisation(
        id=organisation_id or new_id(),
        slug=slug,
        name=name,
        bounds=from_shape(bounds, 4326),
        time_zone=time_zone,
        is_demo=is_demo,
        national_srid=national_srid,
    )
    session.add(organisation)
    await session.flush()
    return organisation
