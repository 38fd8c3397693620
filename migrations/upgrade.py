"""Migrations run from code: `upgrade`, `downgrade`, `check`, on one open connection."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from migrations.carrying import SealOf

ROLES = ("lantern_owner", "lantern_app", "lantern_planner")


def _config(connection: Connection, seal_of: SealOf | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["seal_of"] = seal_of
    return config


def upgrade(connection: Connection, revision: str = "head", seal_of: SealOf | None = None) -> None:
    """Brings the database to a revision; the caller commits. `seal_of` is needed where there are notes to be sealed."""
    command.upgrade(_config(connection, seal_of), revision)


def downgrade(connection: Connection, revision: str = "base", seal_of: SealOf | None = None) -> None:
    command.downgrade(_config(connection, seal_of), revision)


def check(connection: Connection) -> None:
    """Raises `alembic.util.CommandError` where the tables in the database differ from the ones in `geo/`."""
    command.check(_config(connection))


def at_head(connection: Connection) -> bool:
    context = MigrationContext.configure(
        connection, opts={"version_table": "lantern_version", "version_table_schema": "public"}
    )
    return set(context.get_current_heads()) == set(ScriptDirectory.from_config(_config(connection)).get_heads())
