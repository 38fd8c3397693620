"""Retention by rule, and erasure."""

from alembic import op

from migrations.sql import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0009_retention.sql")
    run(bind, "0009_erasure.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0009_no_erasure.sql")
    run(bind, "0009_no_retention.sql")
    bind.exec_driver_sql("RESET ROLE")
