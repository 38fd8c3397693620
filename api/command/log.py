"""`lantern log`: is the log of who saw what whole and true?"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.anchor import FILE, Anchors, read_anchors
from api.command.connection import connected
from api.command.refusal import Refusal
from api.database import Database, OrganisationUnknown
from api.settings import Settings
from geo.account import Role
from geo.log_chain import Chain, begun_at, head_of, verify

app = typer.Typer(no_args_is_help=True, help="The log of who saw and did what: is it whole and true?")
FIRST_ANCHOR = timedelta(minutes=5)
"""The first anchor of a log that begins comes earlier, while the server runs."""
NOT_YET = (
    "This log has only begun and is not anchored yet, so nobody can tell whether it is whole. While Lantern runs, the "
    "first anchor comes within five minutes. Wait, or write one now: lantern log anchor --organisation {}"
)
Slug = Annotated[str, typer.Option("--organisation", "-o", metavar="SLUG", help="Whose log.")]


@app.command("verify")
def verify_log(
    *,
    organisation: Slug,
    anchors: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Anchors to hold the log against, best a copy kept elsewhere; may be given again."
        ),
    ] = None,
) -> None:
    """Look at every entry: was one altered, put in, taken out, the end cut off, the whole rewritten?

    Without --anchors, the log is held against those in LANTERN_HOME. Whoever can write to the database and to that
    file could alter both: keep a copy elsewhere (LANTERN_ANCHOR_COMMAND), and give it here. A log that is not anchored
    yet, in the first minutes after the first start, is not called true.
    """
    settings = Settings()
    files = anchors or [settings.home / FILE]
    missing = next((path for path in files if not path.exists()), None)
    with connected(settings) as url:
        if missing:
            raise Refusal(asyncio.run(_unanchored(url, organisation, missing)))
        chain = asyncio.run(_verify(url, organisation, files))
    for fault in chain.faults:
        typer.echo(f"entry {fault.seq}: {fault.what}", err=True)
    if chain.faults:
        raise Refusal("The log is not what it was. Keep the database as it is, and find out who had access to it.")
    typer.echo(f"The log is whole and true: {chain.seq:,} entries.")


@app.command("anchor")
def anchor_log(*, organisation: Slug) -> None:
    """Write down the end of the log now, and print it: the number of the last entry, and its hash."""
    settings = Settings()
    with connected(settings) as url:
        typer.echo(asyncio.run(_anchor(settings, url, organisation)))


async def _unanchored(url: str, slug: str, missing: Path) -> str:
    """Why nothing can be said: the log is too young, or its anchors are gone."""
    database = Database(url, pool_size=1)
    try:
        asker = await database.asker_of_organisation(slug, Role.STEWARD)
        async with database.asking(asker) as session:
            begun = await begun_at(session, asker.organisation_id)
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    finally:
        await database.close()
    if begun is None or begun > datetime.now(UTC) - FIRST_ANCHOR:
        return NOT_YET.format(slug)
    return f"There is no file of anchors {missing}: without one, a log cut short passes for a whole one."


async def _verify(url: str, slug: str, files: list[Path]) -> Chain:
    database = Database(url, pool_size=1)
    try:
        asker = await database.asker_of_organisation(slug, Role.STEWARD)
        known = [head for path in files for head in read_anchors(path)]
        async with database.asking(asker, timeout_s=3600) as session:
            return await verify(session, asker.organisation_id, known)
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    finally:
        await database.close()


async def _anchor(settings: Settings, url: str, slug: str) -> str:
    database = Database(url, pool_size=1)
    try:
        asker = await database.asker_of_organisation(slug, Role.STEWARD)
        database.logged.add(asker.organisation_id)
        await Anchors(settings.home, settings.anchor_command).drop(database)
        async with database.asking(asker) as session:
            head = await head_of(session, asker.organisation_id)
    except OrganisationUnknown:
        raise Refusal("There is no organisation of that name.") from None
    finally:
        await database.close()
    return f"{head.seq} {head.hash.hex()}" if head else "The log is empty."
