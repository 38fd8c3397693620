"""Widening: a second person lets someone see more for at most an hour."""

from alembic import op

from migrations.sql import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0008_widening.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0008_no_widening.sql")
    bind.exec_driver_sql("RESET ROLE")
