"""Sign-in by a city's own accounts."""

from alembic import op

from migrations.sql import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run_as_owner("0010_city_sign_in.sql")


def downgrade() -> None:
    _run_as_owner("0010_no_city_sign_in.sql")


def _run_as_owner(name: str) -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, name)
    bind.exec_driver_sql("RESET ROLE")
