"""A release: numbers published to planners, drawn once and frozen. Kept in a schema of its own."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, LargeBinary, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from geo.schema import OfOrganisation, Row, to_organisation


class Release(OfOrganisation, Row):
    """`body` is the GeoJSON file as it was drawn, `sha256` its digest; neither ever changes."""

    __tablename__ = "release"
    __table_args__ = (
        to_organisation(),
        ForeignKeyConstraint(
            ["organisation_id", "geography_version"],
            ["release.geography.organisation_id", "release.geography.version"],
        ),
        UniqueConstraint("organisation_id", "series", "geography_version", "period"),
        CheckConstraint("series in ('cells', 'districts')", name="series"),
        CheckConstraint("profile in ('standard', 'careful', 'strict')", name="profile"),
        CheckConstraint("period ~ '^20[0-9]{2}-(H[12]|Q[1-4])$'", name="period"),
        CheckConstraint("sha256 = sha256(body)", name="sha256"),
        {"schema": "release"},
    )

    series: Mapped[str]
    geography_version: Mapped[int]
    period: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    profile: Mapped[str]
    unit: Mapped[str]
    method: Mapped[str]
    epsilon: Mapped[float]
    threshold: Mapped[int]
    drawn_at: Mapped[datetime] = mapped_column(server_default=func.now())
    drawn_by: Mapped[UUID | None]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class ReleaseValue(Row):
    """One number of a release, by the code of its cell or district; empty when it is not shown."""

    __tablename__ = "release_value"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "release_id"], ["release.release.organisation_id", "release.release.id"]
        ),
        {"schema": "release"},
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    release_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int | None]


async def list_releases(session: AsyncSession, organisation_id: UUID, series: str | None = None) -> list[Release]:
    """The releases of an organisation, the newest period first."""
    found = select(Release).where(Release.organisation_id == organisation_id)
    if series is not None:
        found = found.where(Release.series == series)
    return list(await session.scalars(found.order_by(Release.last_day.desc(), Release.series, Release.id)))


async def find_release(session: AsyncSession, organisation_id: UUID, release_id: UUID) -> Release | None:
    return await session.get(Release, (organisation_id, release_id))


async def release_body(session: AsyncSession, organisation_id: UUID, release_id: UUID) -> tuple[bytes, bytes] | None:
    """The stored file and its SHA-256: the same bytes each time."""
    found = select(Release.body, Release.sha256).where(
        Release.organisation_id == organisation_id, Release.id == release_id
    )
    row = (await session.execute(found)).one_or_none()
    return None if row is None else (row.body, row.sha256)
