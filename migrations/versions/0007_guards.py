"""Column guards: what each role may change in a row that it may see; and receipts for what phones delivered."""

from alembic import op

from migrations.sql import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0007_guards.sql")
    run(bind, "0007_receipts.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0007_no_receipts.sql")
    run(bind, "0007_no_guards.sql")
    bind.exec_driver_sql("RESET ROLE")
