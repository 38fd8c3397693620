"""Requests by law: a register, two persons, a frozen file."""

from alembic import op

from migrations.sql import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run_as_owner("0012_law_requests.sql")


def downgrade() -> None:
    _run_as_owner("0012_no_law_requests.sql")


def _run_as_owner(name: str) -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, name)
    bind.exec_driver_sql("RESET ROLE")
