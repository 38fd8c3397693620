"""`lantern keys`: the keys by which notes are sealed."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import select

from api.command.connection import connected
from api.command.refusal import Refusal
from api.command.vault import ready_vault
from api.database import Database, OrganisationUnknown
from api.key_file import FINGERPRINT, KeyFile
from api.rotation import KeysBusy, Rotated, rotate, rotate_master, slugs
from api.settings import Settings
from api.vault import Vault
from geo.organisation import Organisation
from geo.organisation_key import OrganisationKey

app = typer.Typer(
    no_args_is_help=True, help="The keys by which notes are sealed: which there are, and new ones. Never shows a key."
)
Slug = Annotated[
    str | None, typer.Option("--organisation", "-o", metavar="SLUG", help="One organisation; all, if not given.")
]


@app.command("rotate")
def rotate_keys(
    *,
    organisation: Slug = None,
    master: Annotated[bool, typer.Option("--master", help="A new master key, in place of the data keys.")] = False,
) -> None:
    """Make a new key, seal everything by it, and destroy the old one.

    Works while Lantern runs. Broken off, it goes on where it stopped when it is run again. With --master, the keys of
    all organisations are wrapped by a new master key, whose file takes the place of the old one: keep a copy of the
    new file, and of the old one for as long as you keep backups from before.
    """
    if master and organisation:
        raise Refusal("The master key is that of all organisations: leave out --organisation.")
    settings = Settings()
    with connected(settings) as url:
        vault = ready_vault(settings, url)
        if master:
            number = asyncio.run(_rotate_master(url, vault.file))
            typer.echo(
                f"{number} keys are wrapped by the new master key {fingerprint(vault.file)} in {vault.file.path}."
            )
            typer.echo("Keep a copy of it outside this machine now.")
        else:
            asyncio.run(_rotate(url, vault, organisation))


@app.command("show")
def show_keys(*, organisation: Slug = None) -> None:
    """List the keys by number and date, and which master key wraps them, by its fingerprint."""
    settings = Settings()
    with connected(settings) as url:
        ready_vault(settings, url)
        table = asyncio.run(_table(url, organisation))
    file = KeyFile.of(settings)
    Console().print(table)
    typer.echo(f"The master key in {file.path}: {fingerprint(file)}")


def fingerprint(file: KeyFile) -> str:
    return file.keys()[0].fingerprint.hex()


async def _rotate(url: str, vault: Vault, organisation: str | None) -> None:
    database = Database(url, pool_size=1)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            for slug in [organisation] if organisation else await slugs(database):
                asker = await database.asker_of_organisation(slug)
                task = progress.add_task(slug, total=None)
                told = lambda done, total, task=task: progress.update(task, completed=done, total=total)  # noqa: E731
                _say(slug, await rotate(database, vault, asker, told))
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    except KeysBusy:
        raise Refusal(
            "The keys are in use, most likely by an import. Run the same command again when it is over."
        ) from None
    finally:
        await database.close()


def _say(slug: str, rotated: Rotated) -> None:
    if rotated.broken:
        raise Refusal(
            f"{slug}: {rotated.broken} sealed values do not open, so the old key stays. The rest is sealed by key "
            f"{rotated.number}."
        )
    typer.echo(f"{slug}: key {rotated.number} seals now, {rotated.rows:,} values anew; the old key is destroyed.")


async def _rotate_master(url: str, file: KeyFile) -> int:
    database = Database(url, pool_size=1)
    try:
        return await rotate_master(database, file)
    finally:
        await database.close()


async def _table(url: str, organisation: str | None) -> Table:
    database = Database(url, pool_size=1)
    rows = select(Organisation.slug, OrganisationKey).join(
        OrganisationKey, OrganisationKey.organisation_id == Organisation.id
    )
    if organisation:
        rows = rows.where(Organisation.slug == organisation)
    table = Table("organisation", "key", "made", "retired", "master key", box=None, pad_edge=False)
    try:
        async with database.keeping_keys() as session:
            for slug, key in await session.execute(rows.order_by(Organisation.slug, OrganisationKey.number)):
                retired = f"{key.retired_at:%Y-%m-%d}" if key.retired_at else ""
                master = key.wrapped[:FINGERPRINT].hex()
                table.add_row(slug, str(key.number), f"{key.made_at:%Y-%m-%d}", retired, master)
    finally:
        await database.close()
    return table
