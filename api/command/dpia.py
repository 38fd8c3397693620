"""`lantern dpia`: a data protection impact assessment, filled from the configuration that runs."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.assessment import assess, written
from api.command.connection import connected
from api.command.refusal import Refusal
from api.database import Database, OrganisationUnknown
from api.settings import Settings


def run_dpia(
    *,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Where to; - for standard output.")],
    organisation: Annotated[str, typer.Option(metavar="SLUG", help="The organisation, by its short name.")],
) -> None:
    """Write a data protection impact assessment, filled from the configuration that runs.

    Markdown, without a place or a person's name. What Lantern cannot know is marked as not decided, for the data
    protection officer to fill in; what it sees and would change is marked too. Make it anew when the set-up changes.
    """
    settings = Settings()
    if output != "-" and Path(output).exists():
        raise Refusal(f"{output} is there already, perhaps with what was decided. Choose another name.")
    with connected(settings) as url:
        paper = asyncio.run(_assessed(settings, url, organisation))
    if output == "-":
        sys.stdout.write(paper)
        return
    try:
        with Path(output).open("x", encoding="utf-8") as file:
            file.write(paper)
    except OSError as error:
        raise Refusal(f"Cannot write {output}: {error.strerror}.") from None
    typer.echo(f"Wrote {output}: {paper.count('**Not decided:**')} points to decide.", err=True)


async def _assessed(settings: Settings, url: str, slug: str) -> str:
    database = Database(url, pool_size=1)
    try:
        return written(await assess(settings, database, slug))
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    finally:
        await database.close()
