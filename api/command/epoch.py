"""`lantern epoch`: after an older backup was restored, phones offer again what they had sent."""

import asyncio
from typing import Annotated

import typer

from api.command.connection import connected
from api.command.refusal import Refusal
from api.database import Database, OrganisationUnknown
from api.epoch import renew
from api.rotation import slugs
from api.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Which copy of the data this is: phones go by it after a restore.")
Slug = Annotated[
    str | None, typer.Option("--organisation", "-o", metavar="SLUG", help="One organisation; all, if not given.")
]


@app.command("renew")
def renew_epoch(*, organisation: Slug = None) -> None:
    """Begin a new epoch: phones offer again what was acknowledged before it.

    After an older backup was restored. `lantern up` does it by itself where the anchors of the log in LANTERN_HOME show
    that the database is older. What is there already is recognised, and nothing is counted twice.
    """
    with connected(Settings()) as url:
        for slug in asyncio.run(_renew(url, organisation)):
            typer.echo(f"{slug}: a new epoch has begun. Phones offer again what they had sent.")


async def _renew(url: str, organisation: str | None) -> list[str]:
    database = Database(url, pool_size=1)
    try:
        named = [organisation] if organisation else await slugs(database)
        for slug in named:
            await renew(database, slug)
        return named
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    finally:
        await database.close()
