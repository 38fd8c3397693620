"""Which device a passkey belongs to."""

from alembic import op

from migrations.sql import run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0015_passkey_device.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0015_no_passkey_device.sql")
    bind.exec_driver_sql("RESET ROLE")
