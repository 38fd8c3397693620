"""`lantern map`: the coverage map and the heat map, each as one HTML file that stands alone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.command.connection import connected
from api.command.refusal import Refusal
from api.database import Database, OrganisationUnknown
from api.problem import Problem
from api.selection import period_of, selection_of
from api.settings import Settings
from geo.basemap_query import basemap_layer
from geo.coverage import measure_coverage
from geo.coverage_map import coverage_map
from geo.heat import count_heat
from geo.heat_map import heat_map
from geo.map_choice import Choices, load_choices
from geo.map_file import BuildMissing, map_file, packed_basemap
from geo.map_panel import Asked, coverage_panel, heat_panel
from geo.outline import list_outlines
from geo.selection import Selection
from geo.voice import PlainVoice


@dataclass(frozen=True)
class Wanted:
    """The options of both maps."""

    organisation: str
    first: datetime | None
    last: datetime | None
    team: str | None
    site_type: str | None


app = typer.Typer(no_args_is_help=True, help="Write a map as one HTML file that needs no network.")
Draw = Callable[[AsyncSession, Selection, Choices, dict[str, list[dict[str, str]]]], Awaitable[str]]
Out = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The HTML file to write.")]
Organisation = Annotated[str, typer.Option(metavar="SLUG", help="The organisation, by its short name.")]
First = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="The first day. [twelve months back]"),
]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="The last day, included. [today]")
]
Team = Annotated[str | None, typer.Option(metavar="NAME", help="One team: its work areas, and the visits made as it.")]
SiteType = Annotated[str | None, typer.Option("--type", metavar="SLUG", help="One site type, such as doorway.")]


@app.command("coverage")
def write_coverage(
    *,
    output: Out,
    organisation: Organisation,
    first: First = None,
    last: Last = None,
    team: Team = None,
    site_type: SiteType = None,
) -> None:
    """Who looks after which ground, which sites were seen in time, and what was searched.

    The file holds cells and areas, never an exact site. Keep it as you would keep the numbers in it.
    """
    _write(_draw_coverage, output, Wanted(organisation, first, last, team, site_type))


@app.command("heat")
def write_heat(
    *,
    output: Out,
    organisation: Organisation,
    first: First = None,
    last: Last = None,
    team: Team = None,
    site_type: SiteType = None,
) -> None:
    """Searches and encounters by cell of the grid and by month.

    The file holds counts by cell, never an exact site. It is for those who may see the visits: to hand numbers to
    planners, draw a release.
    """
    _write(_draw_heat, output, Wanted(organisation, first, last, team, site_type))


async def _draw_coverage(
    session: AsyncSession, selection: Selection, choices: Choices, basemap: dict[str, list[dict[str, str]]]
) -> str:
    coverage = await measure_coverage(session, selection)
    voice = PlainVoice()
    drawn = coverage_map(coverage, voice, basemap, choices.bounds)
    panel = coverage_panel(coverage, Asked(selection, choices), voice)
    return map_file(drawn, panel, f"Coverage map · {choices.organisation}", _static(), voice)


async def _draw_heat(
    session: AsyncSession, selection: Selection, choices: Choices, basemap: dict[str, list[dict[str, str]]]
) -> str:
    outlines = await list_outlines(session, selection)
    heat = await count_heat(session, selection)
    voice = PlainVoice()
    drawn = heat_map(heat, voice, basemap, choices.bounds, outlines)
    return map_file(
        drawn,
        heat_panel(heat, Asked(selection, choices), voice),
        f"Heat map · {choices.organisation}",
        _static(),
        voice,
    )


def _static() -> Path:
    return Path(str(files("web") / "static"))


def _write(draw: Draw, output: Path, wanted: Wanted) -> None:
    with connected(Settings()) as url:
        try:
            page = asyncio.run(_drawn(draw, url, wanted))
        except OrganisationUnknown:
            raise Refusal("There is no organisation of that name.") from None
        except BuildMissing as missing:
            raise Refusal(f"{missing}. Build it with `make run`, or `npm run build` in web/.") from None
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Refusal(f"Cannot write {output}: {error.strerror}.") from None
    typer.echo(f"Wrote {output}, {len(page.encode()) / 1000:,.0f} kB.")


async def _drawn(draw: Draw, url: str, wanted: Wanted) -> str:
    database = Database(url, pool_size=1)
    try:
        asker = await database.asker_of_organisation(wanted.organisation)
        async with database.asking(asker) as session:
            choices = await load_choices(session, asker.organisation_id)
            selection = _selection(asker, choices, wanted)
            layers = {name: await basemap_layer(session, asker.organisation_id, name) for name in choices.basemap}
            return await draw(session, selection, choices, packed_basemap(layers))
    finally:
        await database.close()


def _selection(asker: Asker, choices: Choices, wanted: Wanted) -> Selection:
    teams: dict[str, UUID] = {name: team_id for team_id, name in choices.teams.items()}
    if wanted.team is not None and wanted.team not in teams:
        raise Refusal(f"There is no such team. There are: {', '.join(teams) or 'none'}.")
    if wanted.site_type is not None and wanted.site_type not in choices.site_types:
        raise Refusal(f"There is no such site type. There are: {', '.join(choices.site_types)}.")
    first, last = (day.date() if day else None for day in (wanted.first, wanted.last))
    try:
        period = period_of(first, last, asker.today)
    except Problem:
        raise Refusal("A period runs from an earlier day to a later one, between 1990 and 2100.") from None
    return selection_of(asker, period, teams[wanted.team] if wanted.team else None, wanted.site_type)
