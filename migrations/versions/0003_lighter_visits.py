"""Visits and steps of status are written by the million: without the keys and index entries that say nothing new.

The organisation of a visit is held by the keys to its site, account and team, and by the policy that admits the row;
that of a step by its site. Most imported visits have no account. A range of days is a range of blocks (BRIN), and a
cell names a place whoever looks after it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEX = "visit_organisation_id_account_id_index"
WIDE = {"visited_at_id": ["visited_at", "id"], "cell_1km": ["cell_1km"]}
TABLES = ("visit", "site_status")


def upgrade() -> None:
    op.execute("SET LOCAL ROLE lantern_owner")
    for table in TABLES:
        op.drop_constraint(f"{table}_organisation_id_fkey", table, schema="lantern", type_="foreignkey")
    _index(sa.text("account_id IS NOT NULL"))
    for name in WIDE:
        op.drop_index(f"visit_organisation_id_{name}_index", "visit", schema="lantern")
    op.create_index(
        "visit_visited_at_index", "visit", ["visited_at"], schema="lantern",
        postgresql_using="brin", postgresql_with={"pages_per_range": 32, "autosummarize": True},
    )  # fmt: skip
    op.create_index("visit_cell_1km_index", "visit", ["cell_1km"], schema="lantern")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE lantern_owner")
    for table in TABLES:
        op.create_foreign_key(
            f"{table}_organisation_id_fkey", table, "organisation", ["organisation_id"], ["id"],
            source_schema="lantern", referent_schema="lantern",
        )  # fmt: skip
    _index(None)
    op.drop_index("visit_visited_at_index", "visit", schema="lantern")
    op.drop_index("visit_cell_1km_index", "visit", schema="lantern")
    for name, columns in WIDE.items():
        op.create_index(f"visit_organisation_id_{name}_index", "visit", ["organisation_id", *columns], schema="lantern")
    op.execute("RESET ROLE")


def _index(where: sa.TextClause | None) -> None:
    op.drop_index(INDEX, "visit", schema="lantern")
    op.create_index(INDEX, "visit", ["organisation_id", "account_id"], schema="lantern", postgresql_where=where)
