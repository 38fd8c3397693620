"""Releases: what planners get, in a schema of its own."""

from alembic import op

from migrations.sql import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("CREATE SCHEMA release AUTHORIZATION lantern_owner")
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0002_releases.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE lantern.release_charge")
    op.get_bind().exec_driver_sql("DROP SCHEMA release CASCADE")
