"""A dump of the database can be restored."""

from alembic import op

from migrations.sql import run

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run_as_owner("0024_restorable.sql")


def downgrade() -> None:
    _run_as_owner("0024_not_restorable.sql")


def _run_as_owner(name: str) -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, name)
    bind.exec_driver_sql("RESET ROLE")
