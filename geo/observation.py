"""Observations in: old logs without site ids. Rows near each other, of one kind, become one site with many visits."""

from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.driver import raw
from geo.import_order import Order, Reckoning
from geo.observation_row import COLUMNS, Rows
from geo.organisation import Organisation, bounds_of
from geo.reading import find_columns
from geo.reading_process import Reading
from geo.record import FileError, Refused
from geo.site_type import SiteType
from geo.sql import queries

USUAL_KINDS = {
    "individual": "street",
    "person": "street",
    "people": "street",
    "structure": "tent",
    "tents": "tent",
    "encampment": "tent",
    "car": "vehicle",
    "caravan": "vehicle",
}
SEEN_LATELY_DAYS = 90
KMEANS_TRIES = 3


async def import_observations(session: AsyncSession, source: Reading, order: Order) -> Reckoning:
    """Every row becomes one visit on one site.

    A row within `order.distance_m` of a site of its type that is there already becomes a visit of the nearest. The rest
    is clustered (DBSCAN with one point as a cluster: chains of neighbours); where a chain reaches farther than that
    distance from its middle it is cut (k-means), so that no row lies farther from its site.
    """
    rows = await _rows(session, source, order)
    reckoning = Reckoning(source.counted)
    connection = await raw(session)
    await connection.execute(queries("observation")["tables"])
    order.tell("reading")
    async with connection.cursor().copy(queries("observation")["stage"]) as copy:
        async for batch in source.batches():
            reckoning.read += len(batch)
            lines = rows.lines(batch)
            for refused in (line for line in lines if isinstance(line, Refused)):
                reckoning.refuse(refused)
            await copy.write("".join(line for line in lines if isinstance(line, str)))
    staged = reckoning.read - reckoning.refused
    if not staged or (reckoning.refused and not order.keep_going):
        return reckoning
    await _store(session, order)
    reckoning.kept, reckoning.sites = await _counts(session)
    reckoning.already_there = staged - reckoning.kept
    return reckoning


async def _rows(session: AsyncSession, source: Reading, order: Order) -> Rows:
    organisation = await session.get_one(Organisation, order.organisation_id)
    of_organisation = select(SiteType.slug).where(SiteType.organisation_id == order.organisation_id)
    types = {slug: number for number, slug in enumerate(await session.scalars(of_organisation.order_by(SiteType.slug)))}
    if set(order.kinds.values()) - types.keys():
        raise FileError(f"The option kind names a site type that is not there. There are: {', '.join(types)}.")
    kinds = {slug: slug for slug in types} | {kind: slug for kind, slug in USUAL_KINDS.items() if slug in types}
    kinds |= {kind.strip().casefold(): slug for kind, slug in order.kinds.items()}
    return Rows(
        find_columns(source, COLUMNS, order.columns),
        organisation_id=order.organisation_id,
        bounds=bounds_of(organisation),
        zone=ZoneInfo(organisation.time_zone),
        kinds=kinds,
        types=types,
    )


async def _store(session: AsyncSession, order: Order) -> None:
    values = {
        "organisation_id": order.organisation_id,
        "account_id": order.account_id,
        "distance_m": order.distance_m,
        "lately_days": SEEN_LATELY_DAYS,
    }

    async def run(name: str) -> int:
        ran = await session.execute(text(queries("observation")[name]), values)
        return int(getattr(ran, "rowcount", 0))

    order.tell("finding what is new")
    await run("analyze_rows")
    await run("identify")
    await run("analyze_visits")
    order.tell("finding the sites that are there")
    if await run("known_sites"):
        await run("join_known_sites")
    order.tell("clustering")
    await run("cluster")
    await run("analyze_components")
    await run("cut_wide_components")
    await run("analyze_parts")
    await run("middles")
    for attempt in range(1, KMEANS_TRIES + 2):
        if not await run("too_wide"):
            break
        await run("cut_again" if attempt <= KMEANS_TRIES else "cut_by_squares")
        await run("middles")
    order.tell("storing")
    for name in ("name_sites", "insert_sites", "insert_statuses", "insert_visits"):
        await run(name)


async def _counts(session: AsyncSession) -> tuple[int, int]:
    """New visits and new sites."""
    visits, sites = (await session.execute(text(queries("observation")["counts"]))).one()
    return visits, sites
