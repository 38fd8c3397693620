"""What phones send, the keys that it is sealed to, and which copy of the database this is."""

from alembic import op

from migrations.sql import run

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run_as_owner("0023_deliveries.sql")


def downgrade() -> None:
    _run_as_owner("0023_no_deliveries.sql")


def _run_as_owner(name: str) -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, name)
    bind.exec_driver_sql("RESET ROLE")
