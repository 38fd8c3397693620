"""`lantern erasures`: what was erased stays erased, also after a backup was put back."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.command.connection import connected
from api.command.refusal import Refusal
from api.command.vault import ready_vault
from api.database import Database, OrganisationUnknown
from api.erasure_file import FILE, apply_erasures, read_erasures
from api.rotation import KeysBusy, rotate
from api.settings import Settings
from api.vault import Vault
from geo.account import Role
from geo.erasure import Gone, Noun

app = typer.Typer(no_args_is_help=True, help="What was erased, and stays so after a backup was put back.")


@app.callback()
def erasures() -> None:
    """The command itself does nothing."""


@app.command("apply")
def apply_list(
    *,
    organisation: Annotated[str, typer.Option("--organisation", "-o", metavar="SLUG", help="Whose data.")],
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="The list. [LANTERN_HOME/erasures.jsonl]")
    ] = None,
) -> None:
    """Erase once more, from a database that was restored, what had been erased since the backup was made.

    Run it before anyone works with the restored database. It reads ids from the list that the server keeps outside the
    database, erases these sites, visits and accounts, and makes new keys. Run again, it finds nothing.
    """
    settings = Settings()
    path = file or settings.home / FILE
    if not path.exists():
        raise Refusal(f"There is no list {path}: without it nobody knows what was erased since the backup.")
    with connected(settings) as url:
        gone, listed = asyncio.run(_apply(url, ready_vault(settings, url), organisation, path))
    counts = ", ".join(f"{gone.get(noun, 0):,} {noun}s" for noun in Noun)
    typer.echo(f"{listed:,} ids on the list. Erased again: {counts}.")


async def _apply(url: str, vault: Vault, slug: str, path: Path) -> tuple[Gone, int]:
    database = Database(url, pool_size=2)
    try:
        asker = await database.asker_of_organisation(slug, Role.STEWARD)
        erased = read_erasures(path, asker.organisation_id)
        gone = await apply_erasures(database, asker, erased)
        if any(gone.values()):
            await rotate(database, vault, asker)
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    except KeysBusy:
        raise Refusal("It is erased. The keys are in use: run `lantern keys rotate` when an import is over.") from None
    finally:
        await database.close()
    return gone, len(erased)
