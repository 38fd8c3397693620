"""Brings a database to the newest schema, and lets the server's login take the app's roles."""

from alembic.util import CommandError
from psycopg import sql
from sqlalchemy import create_engine, func, select

from geo.organisation import Organisation
from migrations import upgrade as schema


class SchemaUnknown(Exception):
    """The database has a migration that this version does not know."""


SERVER_ROLES = ("lantern_app", "lantern_planner")


def migrate(url: str, server: str) -> None:
    """Runs every missing migration as the login of `url`, then makes the login `server` a member of the app's roles."""
    engine = create_engine(url)
    with engine.begin() as connection:
        try:
            schema.upgrade(connection)
        except CommandError as error:
            raise SchemaUnknown("The database was made by a newer version of Lantern. Use that one.") from error
        driver = connection.connection.driver_connection
        assert driver is not None
        for role in SERVER_ROLES:
            grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(server))
            driver.execute(grant)
    engine.dispose()


def at_head(url: str) -> bool:
    """Whether the database has every migration of this version."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return schema.at_head(connection)
    finally:
        engine.dispose()


def is_empty(url: str) -> bool:
    """Whether a migrated database holds no organisation; the login of `url` must be one that no policy binds."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Organisation)) == 0
    finally:
        engine.dispose()
