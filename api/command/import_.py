"""`lantern import`: files in."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.command.connection import connected
from api.command.refusal import Refusal
from api.command.vault import ready_vault
from api.database import Database, OrganisationUnknown
from api.settings import Settings
from api.vault import Vault
from geo.import_order import Order, Reckoning
from geo.importing import ImportRunning, import_file
from geo.record import Encoding, FileError

TIMEOUT_S = 6 * 3600
SHOWN = 50

app = typer.Typer(
    no_args_is_help=True,
    help="""Bring files in: GeoJSON, GeoJSONSeq (one feature a line), or CSV with `lon,lat` or WKT.

All coordinates are longitude and latitude (WGS 84). A refused row is listed with its line and the reason. Without
`--keep-going` one refused row means that nothing is written; with it, all other rows are kept.

Try a file with `--dry-run` first: all the work is done, nothing is written.""",
)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to bring in.")]
Slug = Annotated[str, typer.Option("--organisation", "-o", metavar="SLUG", help="For whom.")]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", metavar="OURS=THEIRS", help="Which column of the file is which, where the guess fails: name=wijk."
    ),
]
Enc = Annotated[Encoding, typer.Option("--encoding", help="The encoding of the file's text.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do all the work, write nothing.")]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Keep the good rows even where others are refused.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND=TYPE", help="Which site type a kind in the file is: car=vehicle."),
]


@app.command("districts")
def import_districts(
    file: File,
    *,
    organisation: Slug,
    column: Columns = None,
    encoding: Enc = Encoding.UTF_8,
    dry_run: DryRun = False,
    keep_going: KeepGoing = False,
) -> None:
    """Neighbourhoods and the like: outlines with a code and a name.

    Columns: **name** (also wijk, naam, nazwa …), **code** (also wijknr, terc …; without one the name serves), and for
    CSV **wkt**. A district whose code is known is changed to what the file says.
    """
    _run("districts", file, organisation, column, encoding=encoding, dry_run=dry_run, keep_going=keep_going)


@app.command("areas")
def import_areas(
    file: File,
    *,
    organisation: Slug,
    column: Columns = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="The first day of areas that the file gives none. Today, if not given."
        ),
    ] = None,
    encoding: Enc = Encoding.UTF_8,
    dry_run: DryRun = False,
    keep_going: KeepGoing = False,
) -> None:
    """Work areas: outlines with a name.

    Columns: **name**, **valid_from**, **valid_to**, **team** (by name), and for CSV **wkt**. An area of that name and
    first day that is there already is changed to what the file says.
    """
    day = valid_from.date() if valid_from else None
    _run("areas", file, organisation, column, encoding=encoding, dry_run=dry_run, keep_going=keep_going, valid_from=day)


@app.command("sites")
def import_sites(
    file: File,
    *,
    organisation: Slug,
    column: Columns = None,
    kind: Kinds = None,
    encoding: Enc = Encoding.UTF_8,
    dry_run: DryRun = False,
    keep_going: KeepGoing = False,
) -> None:
    """A register of sites: points, each with its type.

    Columns: **site_type**, **lon** and **lat** or **wkt**, **id** (a UUID), **name**, **status** (active if not given),
    **access_note**, **uncertainty_m**, **revisit_days**, **first_seen_on**. A site that is there already stays as it
    is.
    """
    _run(
        "sites",
        file,
        organisation,
        column,
        encoding=encoding,
        dry_run=dry_run,
        keep_going=keep_going,
        kinds=pairs(kind, "--kind"),
    )


@app.command("observations")
def import_observations(
    file: File,
    *,
    organisation: Slug,
    column: Columns = None,
    kind: Kinds = None,
    distance: Annotated[
        float, typer.Option(min=1, max=500, help="How near rows of one kind lie that are one site, in metres.")
    ] = 25.0,
    encoding: Enc = Encoding.UTF_8,
    dry_run: DryRun = False,
    keep_going: KeepGoing = False,
) -> None:
    """Old logs without site ids: when, what kind, how many people, where.

    Columns: **observed_on** (2024-03-05, or with a time), **kind** (a site type, or individual, structure, vehicle;
    others by `--kind`), **people** (0 is a search that found nobody), **lon** and **lat** or **wkt**. Rows near each
    other become one site with many visits. The same file a second time adds nothing.
    """
    _run(
        "observations",
        file,
        organisation,
        column,
        encoding=encoding,
        dry_run=dry_run,
        keep_going=keep_going,
        kinds=pairs(kind, "--kind"),
        distance_m=distance,
    )


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """`["a=b"]` as `{"a": "b"}`; raises Refusal."""
    split = [one.partition("=") for one in given or ()]
    if any(not (left.strip() and right.strip()) for left, _, right in split):
        raise Refusal(f"{option} takes two names with = between them, as in {option} name=wijk.")
    return {left.strip(): right.strip() for left, _, right in split}


def _run(
    noun: str, file: Path, slug: str, column: list[str] | None, *, dry_run: bool, keep_going: bool, **more: object
) -> None:
    options = {"columns": pairs(column, "--column"), "dry_run": dry_run, "keep_going": keep_going, **more}
    bars = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    settings = Settings()
    with connected(settings) as url:
        vault = ready_vault(settings, url)
        try:
            with Progress(*bars, console=Console(stderr=True), transient=True) as progress, file.open("rb") as opened:
                task = progress.add_task("Reading", total=file.stat().st_size)
                order = {**options, "file_name": file.name, "tell": _teller(progress, task)}
                order["heard"] = lambda at: progress.update(task, completed=at)
                reckoning = asyncio.run(_import(url, vault, noun, opened, slug, **order))
        except FileError as error:
            raise Refusal(f"{file.name}: {error} Nothing was written.") from None
        except ImportRunning:
            raise Refusal(f"Another import for {slug} is running. Wait until it is done.") from None
        except OrganisationUnknown:
            raise Refusal(f"There is no organisation {slug}. Make it with `lantern organisation create`.") from None
    print_reckoning(noun, reckoning, dry_run)
    if reckoning.refused and not keep_going:
        raise typer.Exit(1)


def _teller(progress: Progress, task: TaskID) -> Callable[[str], None]:
    return lambda step: progress.update(task, description=step.capitalize())


async def _import(url: str, vault: Vault, noun: str, file: BinaryIO, slug: str, **options: Any) -> Reckoning:
    database = Database(url)
    try:
        asker = await database.asker_of_organisation(slug)
        async with database.asking(asker, TIMEOUT_S) as session:
            keys = await vault.keys(session, asker.organisation_id)
            return await import_file(session, noun, file, Order(asker.organisation_id, asker.today, keys, **options))
    finally:
        await database.close()


def print_reckoning(noun: str, reckoning: Reckoning, dry_run: bool) -> None:
    """The closing account: the refused rows, the numbers, and whether anything was written."""
    for line, reason in reckoning.refusals[:SHOWN]:
        typer.echo(f"{reckoning.counted} {line}: {reason}", err=True)
    if reckoning.refused > SHOWN:
        typer.echo(f"… and {reckoning.refused - SHOWN} more refused rows", err=True)
    table = Table(show_header=False, box=None, pad_edge=False)
    numbers = {
        "rows read": reckoning.read,
        "kept": reckoning.kept,
        "changed": reckoning.changed,
        "already there": reckoning.already_there,
        "refused": reckoning.refused,
    }
    if noun == "observations":
        numbers["new sites"] = reckoning.sites
    for words, count in numbers.items():
        table.add_row(escape(words), f"{count:,}")
    Console().print(table)
    if not reckoning.written:
        why = "this was a dry run" if dry_run else "rows were refused; mend them, or keep the others with --keep-going"
        typer.echo(f"Nothing was written: {why}.")
