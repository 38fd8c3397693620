"""Brings a database to the newest schema, and lets the server's login take the app's roles."""

from uuid import UUID

from alembic.util import CommandError
from psycopg import sql
from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.orm import Session

from api.key_file import KeyFile
from api.vault import Keys, new_key, unwrapped
from geo.organisation import Organisation
from geo.organisation_key import OrganisationKey
from migrations import upgrade as schema


class SchemaUnknown(Exception):
    """The database has a migration that this version does not know."""


SERVER_ROLES = ("lantern_app", "lantern_planner")


def migrate(url: str, server: str, key_file: KeyFile) -> None:
    """Runs every missing migration as the login of `url`, then makes the login `server` a member of the app's roles.

    Notes of an older version are sealed, by the master key in `key_file`. Raises SchemaUnknown, KeyRefused.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        try:
            schema.upgrade(connection, seal_of=MigrationKeys(key_file).of)
        except CommandError as error:
            raise SchemaUnknown("The database was made by a newer version of Lantern. Use that one.") from error
        driver = connection.connection.driver_connection
        assert driver is not None
        for role in SERVER_ROLES:
            grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(server))
            driver.execute(grant)
    engine.dispose()


class MigrationKeys:
    """The keys of organisations inside a migration; the first, and the master key, are made when there are none."""

    def __init__(self, file: KeyFile) -> None:
        self._file = file
        self._known: dict[UUID, Keys] = {}

    def of(self, connection: Connection, organisation_id: UUID) -> Keys:
        if organisation_id not in self._known:
            with Session(connection) as session:
                self._known[organisation_id] = self._look(session, organisation_id)
        return self._known[organisation_id]

    def _look(self, session: Session, organisation_id: UUID) -> Keys:
        rows = list(session.scalars(select(OrganisationKey)))
        if not rows and not self._file.exists():
            self._file.make()
        rows = [row for row in rows if row.organisation_id == organisation_id]
        masters = self._file.keys()
        if not rows:
            rows = [OrganisationKey(**new_key(masters[0], organisation_id, 1))]
            session.add_all(rows)
            session.flush()
        return Keys.of(rows, {row.id: unwrapped(masters, row) for row in rows})


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
