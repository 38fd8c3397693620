"""How Alembic reaches the database: one connection handed over by `lantern migrate` or by a test."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection

from geo.tables import metadata


def include_name(name: str | None, type_: str, parent_names: object) -> bool:
    """Lantern's own schemas only: PostGIS's tables are not ours to drop."""
    return type_ != "schema" or name in {"lantern", "release"}


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema="public",
        version_table="lantern_version",
        include_schemas=True,
        include_name=include_name,
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
