"""Notes sealed at rest: a key for each organisation."""

from alembic import op

from migrations.sql import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0006_keys.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    bind.exec_driver_sql("DROP POLICY keys ON lantern.organisation")
    bind.exec_driver_sql("DROP TABLE lantern.organisation_key")
    bind.exec_driver_sql("RESET ROLE")
