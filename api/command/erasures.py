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
from geo.erasure import Again, Gone, Noun
from geo.site_erasure import Overtaken

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
    database, erases these sites, visits and accounts, and makes new keys. What a request by law holds it keeps
    whole, and says so: run it again when the hold is over. Run again after that, it finds nothing.
    """
    settings = Settings()
    path = file or settings.home / FILE
    if not path.exists():
        raise Refusal(f"There is no list {path}: without it nobody knows what was erased since the backup.")
    with connected(settings) as url:
        again, listed = asyncio.run(_apply(url, ready_vault(settings, url), organisation, path))
    typer.echo(f"{listed:,} ids on the list. Erased again: {_told(again.gone, *Noun)}.")
    if any(again.kept.values()):
        typer.echo(f"Kept whole, because a request by law holds it: {_told(again.kept, Noun.SITE, Noun.VISIT)}.")
        typer.echo(f"Run this again when these hold nothing any more: {', '.join(sorted(map(str, again.held_by)))}.")


def _told(counts: Gone, *nouns: Noun) -> str:
    return ", ".join(f"{counts.get(noun, 0):,} {noun}s" for noun in nouns)


async def _apply(url: str, vault: Vault, slug: str, path: Path) -> tuple[Again, int]:
    database = Database(url, pool_size=2)
    try:
        asker = await database.asker_of_organisation(slug, Role.STEWARD)
        erased = read_erasures(path, asker.organisation_id)
        again = await apply_erasures(database, asker, erased)
        if any(again.gone.values()):
            await rotate(database, vault, asker)
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    except Overtaken:
        raise Refusal("A request by law came in meanwhile. Nothing is erased: run this again.") from None
    except KeysBusy:
        raise Refusal("It is erased. The keys are in use: run `lantern keys rotate` when an import is over.") from None
    finally:
        await database.close()
    return again, len(erased)
