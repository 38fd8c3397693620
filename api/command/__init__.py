"""The command `lantern`."""

import sys

import typer
from pydantic import ValidationError

from api.cluster_account import ClusterError
from api.command.refusal import Refusal
from api.command.subcommand import Group
from api.key_file import KeyRefused
from api.migration import SchemaUnknown
from api.postgresql import PostgresqlMissing

app = typer.Typer(
    name="lantern",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print what was typed and where people sleep
    rich_markup_mode="markdown",
    help="""Lantern keeps the map of places where people sleep that are no homes, for outreach services.

Start it with `lantern up` and open the address it prints. Everything lives in LANTERN_HOME; other commands
work while it runs, and also while it does not.""",
    epilog="""Environment: LANTERN_HOME (where data lives), LANTERN_DATABASE_URL (an outside PostGIS instead),
LANTERN_HOST (127.0.0.1), LANTERN_PORT (8000), LANTERN_KEY_FILE (the master key outside LANTERN_HOME),
LANTERN_ANCHOR_COMMAND (is told each anchor of the log), LANTERN_ORIGIN (where browsers find Lantern).""",
)


@app.callback()
def lantern() -> None:
    """The command itself does nothing; see `api.command.subcommand` for those that do."""


def main() -> None:
    """Runs the command line; a refusal is one message on the error stream and status 1."""
    try:
        app()
    except (Refusal, KeyRefused, ClusterError, PostgresqlMissing, SchemaUnknown) as refusal:
        typer.echo(f"lantern: {refusal}", err=True)
    except ValidationError as wrong:
        for error in wrong.errors():
            name = "_".join(str(part) for part in error["loc"])
            typer.echo(f"lantern: LANTERN_{name.upper()}: {error['msg']}", err=True)
    sys.exit(1)
