"""Alerts: danger to life or health now, and who answers."""

from alembic import op

from migrations.sql import run

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0020_alerts.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0020_no_alerts.sql")
    bind.exec_driver_sql("RESET ROLE")
