"""An erased id counts for its noun alone; receipts stay as long as their rows; what was made from is not kept twice."""

from alembic import op

from migrations.sql import run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run_as_owner("0014_nouns.sql")


def downgrade() -> None:
    _run_as_owner("0014_no_nouns.sql")


def _run_as_owner(name: str) -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, name)
    bind.exec_driver_sql("RESET ROLE")
