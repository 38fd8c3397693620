"""Notes sealed at rest: a key for each organisation.

What is there already is sealed on the way up and opened on the way down. Both need keys, which no database holds:
`lantern migrate` brings them (`seal_of` in `migrations.upgrade`). A database without notes needs none.
"""

from alembic import context, op

from migrations.carrying import SealOf, carry_down, carry_up
from migrations.sql import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0006_keys.sql")
    run(bind, "0006_sealed_notes.sql")
    carried = carry_up(bind, seal_of())
    run(bind, "0006_no_plain_notes.sql")
    if carried:
        run(bind, "0006_no_trace.sql")
    bind.exec_driver_sql("RESET ROLE")


def seal_of() -> SealOf | None:
    """What `migrations.upgrade` was given."""
    given: SealOf | None = context.config.attributes.get("seal_of")
    return given


def downgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0006_plain_notes.sql")
    carry_down(bind, seal_of())
    run(bind, "0006_no_keys.sql")
    bind.exec_driver_sql("RESET ROLE")
