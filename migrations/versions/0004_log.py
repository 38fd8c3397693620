"""The log: who saw and did what, chained so that nothing is changed or taken out unseen; and why managers look."""

from alembic import op

from migrations.sql import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0004_log.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    bind.exec_driver_sql("ALTER TABLE lantern.session DROP COLUMN purpose, DROP COLUMN purpose_until")
    bind.exec_driver_sql("DROP TABLE lantern.log_entry, lantern.log_head")
    for function in ("log_link()", "log_head_follows()", "stays()", "log_ids(text)", "asking_roles()"):
        bind.exec_driver_sql(f"DROP FUNCTION lantern.{function}")
    bind.exec_driver_sql("RESET ROLE")
