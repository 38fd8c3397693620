"""Visits and steps of status are written by the million: without the keys and index entries that say nothing new.

The organisation of a visit is held by the keys to its site, account and team, and by the policy that admits the row;
that of a step by its site. Most imported visits have no account.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEX = "visit_organisation_id_account_id_index"
TABLES = ("visit", "site_status")


def upgrade() -> None:
    op.execute("SET LOCAL ROLE lantern_owner")
    for table in TABLES:
        op.drop_constraint(f"{table}_organisation_id_fkey", table, schema="lantern", type_="foreignkey")
    _index(sa.text("account_id IS NOT NULL"))
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE lantern_owner")
    for table in TABLES:
        op.create_foreign_key(
            f"{table}_organisation_id_fkey", table, "organisation", ["organisation_id"], ["id"],
            source_schema="lantern", referent_schema="lantern",
        )  # fmt: skip
    _index(None)
    op.execute("RESET ROLE")


def _index(where: sa.TextClause | None) -> None:
    op.drop_index(INDEX, "visit", schema="lantern")
    op.create_index(INDEX, "visit", ["organisation_id", "account_id"], schema="lantern", postgresql_where=where)
