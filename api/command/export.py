"""`lantern export`: the exact data of an organisation as a file."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.asking import LONGEST_PURPOSE, SHORTEST_PURPOSE
from api.command.connection import connected
from api.command.line import line_of
from api.command.refusal import Refusal
from api.database import Database, OrganisationUnknown
from api.export import TIMEOUT_S, refuse_frozen, whose
from api.problem import Problem
from api.selection import period_of
from api.settings import Settings
from geo.copying import Rows
from geo.export import PLACES, Form, exported, note_export
from geo.export_wanted import FILTERS, Wanted
from geo.site import Status
from geo.team import Team
from geo.viewport import Box
from geo.visit import Outcome
from geo.work_area import WorkArea

OPTIONS = {
    "box": "--bbox",
    "area": "--area",
    "team": "--team",
    "first_day": "--from",
    "last_day": "--to",
    "statuses": "--status",
    "types": "--type",
    "outcomes": "--outcome",
}
Day = datetime | None


class Noun(StrEnum):
    SITES = "sites"
    VISITS = "visits"
    AREAS = "areas"
    COVERAGE = "coverage"


@dataclass(frozen=True)
class Choice:
    """What was typed, names of a team and an area not looked up yet."""

    noun: Noun
    form: Form
    wanted: Wanted
    team: str | None
    area: str | None
    purpose: str | None


def run_export(
    noun: Annotated[Noun, typer.Argument(help="What to export.")],
    *,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Where to; - for standard output.")],
    organisation: Annotated[str, typer.Option(metavar="SLUG", help="The organisation, by its short name.")],
    form: Annotated[Form, typer.Option("--format", help="GeoJSON, GeoJSON text sequence, or CSV.")] = Form.GEOJSON,
    bbox: Annotated[str | None, typer.Option(metavar="W,S,E,N", help="A box in degrees.")] = None,
    area: Annotated[str | None, typer.Option(metavar="NAME", help="What lies in a work area.")] = None,
    team: Annotated[
        str | None, typer.Option(metavar="NAME", help="Visits of a team, its areas, the sites in them.")
    ] = None,
    first: Annotated[Day, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="The first day.")] = None,
    last: Annotated[Day, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="The last day.")] = None,
    status: Annotated[list[Status] | None, typer.Option(help="Of sites; may be given again.")] = None,
    site_type: Annotated[list[str] | None, typer.Option("--type", metavar="SLUG", help="May be given again.")] = None,
    outcome: Annotated[list[Outcome] | None, typer.Option(help="Of visits; may be given again.")] = None,
    purpose: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Why exact places are needed. The log keeps it."),
    ] = None,
) -> None:
    """Export sites, visits, work areas or coverage, exactly, as GeoJSON or CSV.

    The file holds places where people sleep: keep it encrypted, and delete it when it has served. For planners draw a
    release instead. Each form ends with the number of its rows, so that a file that was cut off shows it.
    """
    try:
        box = Box.read(bbox) if bbox else None
    except ValueError as wrong:
        raise Refusal(f"--bbox {wrong}.") from None
    wanted = Wanted(
        box=box,
        first_day=first.date() if first else None,
        last_day=last.date() if last else None,
        statuses=[each.value for each in status or ()],
        types=site_type or (),
        outcomes=[each.value for each in outcome or ()],
    )
    named = {name for name, value in (("team", team), ("area", area)) if value}
    for name in sorted((wanted.given() | named) - FILTERS[noun]):
        raise Refusal(f"{OPTIONS[name]} does not go with {noun}.")
    purpose = line_of(purpose, "purpose") if purpose else None
    if noun in PLACES and not (purpose and SHORTEST_PURPOSE <= len(purpose) <= LONGEST_PURPOSE):
        raise Refusal("Say why exact places are needed, as in --purpose 'handover to the new team'. The log keeps it.")
    choice = Choice(noun, form, wanted, team, area, purpose)
    with connected(Settings()) as url, Console(stderr=True) as console:
        number = asyncio.run(_write(url, organisation, choice, output, console))
        console.print(f"Wrote {number:,} {noun}.")


async def _write(url: str, slug: str, choice: Choice, output: str, console: Console) -> int:
    database = Database(url, pool_size=1)
    try:
        asker = await database.asker_of_organisation(slug, purpose=choice.purpose)
        async with database.asking(asker) as session:
            await refuse_frozen(session, asker, choice.noun)
            wanted = await _resolved(session, asker, choice)
            await note_export(session, choice.noun, whose(asker), wanted)
        async with database.asking(asker, timeout_s=TIMEOUT_S) as session:
            parts = exported(session, choice.noun, choice.form, whose(asker), wanted)
            with _opened(output) as file:
                return await _save(parts, file, console)
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    except Problem as problem:
        raise Refusal(problem.kind.title) from None
    finally:
        await database.close()


async def _resolved(session: AsyncSession, asker: Asker, choice: Choice) -> Wanted:
    """The filters with ids in place of names, and for coverage with a whole period."""
    wanted = choice.wanted
    for name, table in ((choice.team, Team), (choice.area, WorkArea)):
        if name is None:
            continue
        rows = select(table.id).where(table.organisation_id == asker.organisation_id, table.name == name)
        found: list[UUID] = list(await session.scalars(rows.limit(2)))
        what = "team" if table is Team else "work area"
        if len(found) != 1:
            raise Refusal(f"There {'are several' if found else 'is no'} {what}{'s' if found else ''} of that name.")
        wanted = replace(wanted, team=found[0]) if table is Team else replace(wanted, area=found[0])
    if choice.noun is not Noun.COVERAGE:
        return wanted
    try:
        period = period_of(wanted.first_day, wanted.last_day, asker.today)
    except Problem:
        raise Refusal("A period runs from an earlier day to a later one, between 1990 and 2100.") from None
    return replace(wanted, first_day=period.first, last_day=period.last)


async def _save(parts: AsyncGenerator[Rows, None], file: BinaryIO, console: Console) -> int:
    number = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Exporting", total=None)
        async with aclosing(parts):
            async for part in parts:
                file.write(part.text)
                number += part.number
                progress.update(task, description=f"{number:,} rows", advance=len(part.text))
    return number


@contextmanager
def _opened(output: str) -> Iterator[BinaryIO]:
    """Standard output, or a file that only its owner may read and that stands under its name once it is whole."""
    if output == "-":
        yield sys.stdout.buffer
        return
    path = Path(output)
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise Refusal(f"Cannot write {path}: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
