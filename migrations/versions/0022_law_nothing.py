"""Requests by law name sites that are there, and one that covers nothing holds nothing once it is refused."""

from alembic import op

from migrations.sql import run

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run_as_owner("0022_law_nothing.sql")


def downgrade() -> None:
    _run_as_owner("0022_no_law_nothing.sql")


def _run_as_owner(name: str) -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, name)
    bind.exec_driver_sql("RESET ROLE")
