"""`lantern up`: everything that runs while Lantern runs."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, NoReturn

import typer

from api.cluster import ADMIN, SERVER, Cluster
from api.command.connection import require_head
from api.command.refusal import Refusal
from api.command.server import serve
from api.command.vault import ready_vault
from api.database import Database
from api.demo import DEMO_PASSWORD, load_demo
from api.demo_person import demo_people_at, demo_slugs
from api.epoch import renew_where_older
from api.key_file import KeyFile
from api.migration import is_empty, migrate
from api.settings import Settings


def run_server(
    host: Annotated[str | None, typer.Option(help="The address to listen on. [LANTERN_HOST, else 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port to listen on. [LANTERN_PORT, else 8000]")
    ] = None,
    demo: Annotated[bool, typer.Option(help="Fill an empty database with the made-up town of Doggerstad.")] = True,
) -> None:
    """Start Lantern, and stop it with Ctrl-C.

    Starts the private database, brings it to this version, fills it with the demo town when it is empty, and serves
    the pages and the API. With LANTERN_DATABASE_URL it uses that database instead, and changes nothing in it.
    """
    chosen = {"host": host, "port": port}
    settings = Settings().model_copy(update={name: value for name, value in chosen.items() if value is not None})
    for kind in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(kind) != signal.SIG_IGN:  # nohup ignores hang-ups on purpose
            signal.signal(kind, _leave)
    try:
        with _listening(settings) as listener, _database(settings, demo=demo) as url:
            settings = settings.model_copy(update={"database_url": url, "port": listener.getsockname()[1]})
            serve(settings, listener, ready=lambda: _welcome(settings.address, url))
    except KeyboardInterrupt:
        typer.echo("\nLantern has stopped.", err=True)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The server's socket, taken before anything else is started, so that a busy port is told at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(2048)
        except OSError as error:
            raise Refusal(
                f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
                "Where another program uses the port, choose a free one with LANTERN_PORT."
            ) from None
        yield listener


@contextmanager
def _database(settings: Settings, *, demo: bool) -> Iterator[str]:
    """The address of a ready database, as the server signs in; a private one runs until the block ends."""
    if settings.database_url is not None:
        require_head(settings.database_url)
        ready_vault(settings, settings.database_url)
        asyncio.run(_refuse_demo_in_public(settings, settings.database_url))
        asyncio.run(_find_older_copy(settings, settings.database_url))
        yield settings.database_url
        return
    with Cluster(settings.home) as cluster:
        migrate(cluster.url(ADMIN), SERVER, KeyFile.of(settings))
        vault = ready_vault(settings, cluster.url())
        if demo and settings.on_loopback and is_empty(cluster.url(ADMIN)):
            typer.echo("The database is empty: making the demo town of Doggerstad.")
            asyncio.run(load_demo(cluster.url(), vault))
        asyncio.run(_refuse_demo_in_public(settings, cluster.url()))
        asyncio.run(_find_older_copy(settings, cluster.url()))
        yield cluster.url()


async def _refuse_demo_in_public(settings: Settings, url: str) -> None:
    if settings.on_loopback:
        return
    database = Database(url, pool_size=1)
    try:
        slugs = await demo_slugs(database)
    finally:
        await database.close()
    if slugs:
        raise Refusal(
            f"{settings.host} can be reached from other machines, and this database holds a demo ({', '.join(slugs)}) "
            "whose password everybody knows. Listen on 127.0.0.1, or set LANTERN_HOME to a folder without a demo."
        )


async def _find_older_copy(settings: Settings, url: str) -> None:
    database = Database(url, pool_size=1)
    try:
        found = await renew_where_older(database, settings.home)
    finally:
        await database.close()
    for slug in found:
        typer.echo(
            f"{slug}: the database is older than it was: its log ends before what was anchored. A new epoch has begun, "
            "and phones offer again what they had sent. If nobody restored a backup, find out who did this."
        )


async def _welcome(address: str, url: str) -> None:
    people = await demo_people_at(url)
    lines = ["", f"Lantern is ready: {address}"]
    if people:
        lines.append(f"Sign in to the demo as one of these; the password of all is: {DEMO_PASSWORD}")
        lines += [f"  {person.email:<32} {', '.join(person.roles)}" for person in people]
    lines.append("Stop it with Ctrl-C.")
    typer.echo("\n".join(lines))


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
