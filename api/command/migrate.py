"""`lantern migrate`: bring the database to this version."""

from typing import Annotated

import typer
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from api.cluster import ADMIN, SERVER, Cluster
from api.command.refusal import Refusal
from api.key_file import KeyFile
from api.migration import migrate
from api.settings import Settings


def run_migrations(
    server_login: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The login that the server will use, when it is not the one that migrates (outside databases only).",
        ),
    ] = None,
) -> None:
    """Bring the database to this version of Lantern.

    `lantern up` does this by itself for its private cluster. For an outside database, set LANTERN_DATABASE_URL to a
    login that may create roles and schemas, and name the server's own login with --server-login.
    """
    settings = Settings()
    if settings.database_url is None:
        with Cluster(settings.home) as cluster:
            migrate(cluster.url(ADMIN), SERVER, KeyFile.of(settings))
    else:
        _migrate_outside(settings.database_url, server_login, KeyFile.of(settings))
    typer.echo("The database is of this version of Lantern.")


def _migrate_outside(url: str, server_login: str | None, key_file: KeyFile) -> None:
    login = server_login or make_url(url).username
    if login is None:
        raise Refusal("Name the login in LANTERN_DATABASE_URL, as in postgresql://login@host/database.")
    try:
        migrate(url, login, key_file)
    except OperationalError:
        raise Refusal("The database does not answer. Check LANTERN_DATABASE_URL and that the server runs.") from None
    except DBAPIError as error:
        raise Refusal(f"The migration was refused, nothing was changed: {error.orig}") from None
