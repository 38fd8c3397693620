"""Requests by law are frozen when release is proposed, and one person's refusal does not end what they hold."""

from alembic import op

from migrations.sql import run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run_as_owner("0018_law_frozen.sql")


def downgrade() -> None:
    _run_as_owner("0018_no_law_frozen.sql")


def _run_as_owner(name: str) -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, name)
    bind.exec_driver_sql("RESET ROLE")
