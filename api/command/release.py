"""`lantern release`: the numbers that planners get, drawn once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.command.connection import connected
from api.command.refusal import Refusal
from api.database import Database, OrganisationUnknown
from api.settings import Settings
from geo.release import Release, list_releases
from geo.release_draw import ReleaseRefused, draw_release
from geo.release_series import Profile, Series

T = TypeVar("T")
Organisation = Annotated[str, typer.Option(metavar="SLUG", help="The organisation, by its short name.")]
app = typer.Typer(no_args_is_help=True, help="Draw the numbers that planners get, once and for ever.")


@app.command("draw")
def run_draw(
    *,
    organisation: Organisation,
    series: Annotated[Series, typer.Option(help="1 km cells each half year, districts each quarter.")],
    period: Annotated[str, typer.Option(metavar="PERIOD", help="2026-H1 for cells, 2026-Q2 for districts.")],
    profile: Annotated[Profile, typer.Option(help="How careful; the steward chooses.")] = Profile.STANDARD,
) -> None:
    """Draw a release. There is no second draw of a period, and none before it has been over for 30 days.

    Active sites are counted in 1 km cells or in districts made of them, noise is added to every count, small ones are
    hidden, and the file is stored. Planners find it under Releases.
    """

    async def draw(session: AsyncSession, asker: Asker) -> Release:
        return await draw_release(
            session,
            organisation_id=asker.organisation_id,
            series=series,
            period=period,
            today=asker.today,
            profile=profile,
        )

    try:
        release = _in_database(organisation, draw)
    except ValueError as wrong:
        raise Refusal(f"{wrong}.") from None
    except ReleaseRefused as refused:
        raise Refusal(f"Nothing was drawn: {refused}.") from None
    typer.echo(f"Drew {release.series} for {release.period}: /api/v1/releases/{release.id}.geojson")
    typer.echo(f"SHA-256 {release.sha256.hex()}")


@app.command("list")
def run_list(*, organisation: Organisation) -> None:
    """List the releases of an organisation, the newest period first."""

    async def found(session: AsyncSession, asker: Asker) -> list[Release]:
        return await list_releases(session, asker.organisation_id)

    table = Table("period", "series", "ε", "shown from", "drawn on", "id", "SHA-256", box=None)
    for release in _in_database(organisation, found):
        table.add_row(
            release.period,
            release.series,
            f"{release.epsilon:g}",
            str(release.threshold),
            release.drawn_at.date().isoformat(),
            str(release.id),
            release.sha256.hex()[:16],
        )
    Console().print(table)


def _in_database(slug: str, work: Callable[[AsyncSession, Asker], Awaitable[T]]) -> T:
    async def worked(url: str) -> T:
        database = Database(url, pool_size=1)
        try:
            asker = await database.asker_of_organisation(slug)
            async with database.asking(asker) as session:
                return await work(session, asker)
        finally:
            await database.close()

    with connected(Settings()) as url:
        try:
            return asyncio.run(worked(url))
        except OrganisationUnknown:
            raise Refusal("There is no organisation of that name.") from None
