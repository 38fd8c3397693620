"""When someone last showed who they are."""

from alembic import op

from migrations.sql import run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0017_proof.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0017_no_proof.sql")
    bind.exec_driver_sql("RESET ROLE")
