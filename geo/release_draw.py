"""Drawing a release: count, add noise, hide what is small, store, in the one transaction of whoever calls.

Until that transaction commits nothing of the draw exists anywhere; afterwards it never changes. The noise is OpenDP's
integer Laplace, drawn for every cell or district of the geography, the empty ones too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

import opendp.prelude as dp
from sqlalchemy import bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger, Date, Text

from geo.grid import cell_code
from geo.log import Act, note
from geo.organisation import Organisation
from geo.release import Release, ReleaseValue
from geo.release_charge import ReleaseCharge, most_paid
from geo.release_file import METHOD, UNIT, Shown, release_file
from geo.release_geography import METRES, Shapes, make_geography, newest_geography
from geo.release_series import CAP, KEPT_WITHIN, PROFILES, Noise, Profile, ReleasePeriod, Series
from geo.schema import new_id
from geo.sql import queries

COUNTED = text(queries("release")["counted_sites"]).bindparams(
    bindparam("last_day", type_=Date), bindparam("time_zone", type_=Text), bindparam("cells", type_=ARRAY(BigInteger))
)


class ReleaseRefused(Exception):
    """The draw is refused; the message says why."""


class AlreadyDrawn(ReleaseRefused):
    """This series has a release for this period already. There is never a second one."""

    def __init__(self, release_id: UUID) -> None:
        super().__init__("this series has a release for this period already, and there is never a second one")
        self.release_id = release_id


class PeriodOpen(ReleaseRefused):
    """The period still takes late records."""

    def __init__(self, period: ReleasePeriod) -> None:
        super().__init__(f"{period.name} takes late records until it closes on {period.closes_on.isoformat()}")


async def draw_release(
    session: AsyncSession,
    *,
    organisation_id: UUID,
    series: Series,
    period: str,
    today: date,
    account_id: UUID | None = None,
    profile: Profile = Profile.STANDARD,
) -> Release:
    """Draws and stores one release. Needs the reach of a manager.

    Raises ValueError for what is no period of the series, and ReleaseRefused: AlreadyDrawn, PeriodOpen, or for a
    profile without the series, an organisation without districts, a site whose budget is spent.
    """
    of = ReleasePeriod.of(period, series)
    noise = PROFILES[profile].get(series)
    if noise is None:
        raise ReleaseRefused(f"the profile {profile} has no {series}")
    if today < of.closes_on:
        raise PeriodOpen(of)
    await _refuse_second(session, organisation_id, series, of)
    shapes = await newest_geography(session, organisation_id) or await make_geography(session, organisation_id)
    if shapes is None:
        raise ReleaseRefused("there are no districts yet: import them first")
    sites = await _counted(session, organisation_id, of, shapes)
    if await most_paid(session, organisation_id, of, list(sites)) + noise.epsilon > CAP:
        raise ReleaseRefused(f"a site would have paid more than ε {CAP:g} in 24 months")
    before = await _values_before(session, organisation_id, series, shapes.version, of)
    values = draw_values(counts_by_code(series, shapes, sites.values()), noise, before)
    release = Release(
        organisation_id=organisation_id,
        id=new_id(),
        series=series.value,
        geography_version=shapes.version,
        period=of.name,
        first_day=of.first,
        last_day=of.last,
        profile=profile.value,
        unit=UNIT,
        method=METHOD,
        epsilon=noise.epsilon,
        threshold=noise.threshold,
        drawn_at=datetime.now(UTC),
        drawn_by=account_id,
    )
    release.body = release_file(release, shapes, values)
    release.sha256 = sha256(release.body).digest()
    await _store(session, release, values, list(sites))
    return release


def counts_by_code(series: Series, shapes: Shapes, cells: Iterable[int]) -> dict[str, int]:
    """How many sites lie in each cell or district of a geography, by code, in the order of the codes."""
    by_cell = Counter(cells)
    if series is Series.CELLS:
        counts = {cell_code(cell, METRES): by_cell[cell] for cell in shapes.cells}
    else:
        counts = {code: sum(by_cell[cell] for cell in cells) for code, cells in shapes.cells_of().items()}
    return dict(sorted(counts.items()))


def noisy(counts: Sequence[int], epsilon: float) -> list[int]:
    """Each count with integer Laplace noise of scale 1/ε: one site changes one count by one."""
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    measurement = space >> dp.m.then_laplace(scale=1.0 / epsilon)
    assert measurement.map(1) <= epsilon * (1 + 1e-9)
    drawn: list[int] = measurement(list(counts))
    return drawn


def draw_values(counts: Mapping[str, int], noise: Noise, before: Mapping[str, int]) -> dict[str, Shown | None]:
    """What is shown for each code, None for all that is not: the noisy value counts, never the true one.

    A value shown `before` stays unless the new one differs by more than 4; its interval is the wider for it.
    """
    shown: dict[str, Shown | None] = {}
    for code, value in zip(counts, noisy(list(counts.values()), noise.epsilon), strict=True):
        last = before.get(code)
        if last is not None and abs(value - last) <= KEPT_WITHIN:
            shown[code] = Shown.around(last, noise.radius + KEPT_WITHIN)
        else:
            shown[code] = Shown.around(value, noise.radius) if value >= noise.threshold else None
    return shown


async def _refuse_second(session: AsyncSession, organisation_id: UUID, series: Series, period: ReleasePeriod) -> None:
    """Under any version of the geography: a second look at the same sites would undo the noise of the first.

    One draw at a time: the next waits here until this one is stored or gone.
    """
    key = int.from_bytes(sha256(b"release" + organisation_id.bytes).digest()[:8], "big", signed=True)
    await session.execute(select(func.pg_advisory_xact_lock(key)))
    there = await session.scalar(
        select(Release.id).where(
            Release.organisation_id == organisation_id, Release.series == series, Release.period == period.name
        )
    )
    if there is not None:
        raise AlreadyDrawn(there)


async def _counted(
    session: AsyncSession, organisation_id: UUID, period: ReleasePeriod, shapes: Shapes
) -> dict[UUID, int]:
    """The sites that are counted, with the 1 km cell of each."""
    time_zone = await session.scalar(select(Organisation.time_zone).where(Organisation.id == organisation_id))
    asked = {
        "organisation_id": organisation_id,
        "cells": list(shapes.cells),
        "last_day": period.last,
        "time_zone": time_zone,
    }
    return dict(iter(await session.execute(COUNTED, asked)))


async def _values_before(
    session: AsyncSession, organisation_id: UUID, series: Series, geography_version: int, period: ReleasePeriod
) -> dict[str, int]:
    """The values shown for the period before, as far as there was a release of the same shapes."""
    newest = (
        select(Release.id)
        .where(
            Release.organisation_id == organisation_id,
            Release.series == series,
            Release.geography_version == geography_version,
            Release.last_day < period.first,
        )
        .order_by(Release.last_day.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(ReleaseValue.code, ReleaseValue.value).where(
            ReleaseValue.organisation_id == organisation_id, ReleaseValue.release_id == newest
        )
    )
    return {code: value for code, value in rows if value is not None}


async def _store(
    session: AsyncSession, release: Release, values: Mapping[str, Shown | None], sites: Sequence[UUID]
) -> None:
    session.add(release)
    await session.flush()
    key = {"organisation_id": release.organisation_id, "release_id": release.id}
    await session.execute(
        insert(ReleaseValue),
        [key | {"code": code, "value": shown.value if shown else None} for code, shown in values.items()],
    )
    told = {"series": release.series, "period": release.period, "epsilon": release.epsilon}
    note(session, Act.RELEASED, "release", [release.id], told | {"sha256": release.sha256.hex()})
    if sites:
        charge = key | {"last_day": release.last_day, "epsilon": release.epsilon}
        await session.execute(insert(ReleaseCharge), [charge | {"id": new_id(), "site_id": site} for site in sites])
