"""Functions keep to their search path, and PUBLIC calls none of them."""

from alembic import op

from migrations.sql import run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run_as_owner("0011_pinned.sql")


def downgrade() -> None:
    _run_as_owner("0011_loose.sql")


def _run_as_owner(name: str) -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, name)
    bind.exec_driver_sql("RESET ROLE")
