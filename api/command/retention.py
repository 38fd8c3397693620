"""`lantern retention`: what goes because it is old enough, shown before it goes."""

import asyncio
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.asker import Asker
from api.command.connection import connected
from api.command.refusal import Refusal
from api.database import Database, OrganisationUnknown
from api.retention_run import outlook, run, what_goes
from api.settings import Settings
from geo.account import Role
from geo.retention import Going, Kind, Rule

app = typer.Typer(
    no_args_is_help=True, help="What goes because it is old enough: shown before it goes. Never shows a place."
)
Slug = Annotated[str, typer.Option("--organisation", "-o", metavar="SLUG", help="Whose data.")]


@app.command("show")
def show_retention(*, organisation: Slug) -> None:
    """Show how long each kind of data is kept, and what a run would take now and in a week: numbers and days."""
    with connected(Settings()) as url:
        Console().print(asyncio.run(_table(url, organisation)))


@app.command("run")
def run_retention(
    *, organisation: Slug, yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it goes.")] = False
) -> None:
    """Take what is older than its rule, after showing it and asking. The server does the same once a day.

    It cannot be taken back. Closed sites stay, with their point in the middle of its cell of 250 m and without name and
    notes; everything else is deleted. Broken off, run it again.
    """
    with connected(Settings()) as url:
        found = asyncio.run(_going(url, organisation))
        total = sum(each.count for each in found)
        for each in found:
            if each.count:
                typer.echo(f"{each.kind}: {each.count:,}, from {each.oldest:%Y-%m-%d} to {each.newest:%Y-%m-%d}")
        if total == 0:
            typer.echo("Nothing is older than its rule.")
            return
        if not yes and not typer.confirm("Let these go? It cannot be taken back."):
            raise Refusal("Nothing was taken.")
        counts = asyncio.run(_run(url, organisation, {each.kind: each.count for each in found}))
    typer.echo("Gone: " + ", ".join(f"{kind} {count:,}" for kind, count in counts.items() if count) + ".")


async def _asker(database: Database, slug: str) -> Asker:
    try:
        return await database.asker_of_organisation(slug, Role.STEWARD)
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None


async def _going(url: str, slug: str) -> list[Going]:
    database = Database(url, pool_size=1)
    try:
        return await what_goes(database, await _asker(database, slug))
    finally:
        await database.close()


async def _run(url: str, slug: str, expected: dict[Kind, int]) -> dict[Kind, int]:
    database = Database(url, pool_size=1)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            tasks = {kind: progress.add_task(kind, total=count) for kind, count in expected.items() if count}

            def told(kind: Kind, done: int) -> None:
                if kind in tasks:
                    progress.update(tasks[kind], completed=done)

            return await run(database, await _asker(database, slug), told)
    finally:
        await database.close()


async def _table(url: str, slug: str) -> Table:
    database = Database(url, pool_size=1)
    try:
        asker = await _asker(database, slug)
        seen = await outlook(database, asker)
    finally:
        await database.close()
    table = Table("kind", "kept", "goes now", "oldest", "newest", "goes within a week", box=None, pad_edge=False)
    zone = ZoneInfo(asker.time_zone)
    for rule, now, soon in seen.kinds:
        days = (_day(now.oldest, zone), _day(now.newest, zone))
        table.add_row(rule.kind, _kept(rule, zone), f"{now.count:,}", *days, f"{soon.count:,}")
    return table


def _kept(rule: Rule, zone: ZoneInfo) -> str:
    soon = f", {rule.days_soon} from {_day(rule.soon_from, zone)} on" if rule.soon_from else ""
    return f"{rule.days} days{soon}"


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat() if moment else "–"
