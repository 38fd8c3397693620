"""The database's own log tells nothing of what was asked of it."""

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from api.cluster import ADMIN, Cluster


def fail(cluster: Cluster, typed: str, *before: str) -> None:
    """Statements that fail with a text in them and in their parameters."""
    engine = create_engine(cluster.url(ADMIN, "postgres"))
    for statement in (
        f"SELECT CAST('{typed}' AS integer)",
        "SELECT CAST(CAST(:typed AS text) AS integer)",
        f"SELECT '{typed}' FROM no_such_table",
    ):
        with engine.connect() as connection:
            for setting in before:
                connection.execute(text(setting))
            try:
                connection.execute(text(statement), {"typed": typed} if ":typed" in statement else {})
            except DBAPIError:
                continue
        raise AssertionError(statement)
    engine.dispose()


def said(cluster: Cluster) -> str:
    return (cluster.home / "cluster" / "postgresql.log").read_text(errors="replace")


def test_a_statement_that_fails_leaves_neither_text_nor_parameter_in_the_log(cluster: Cluster) -> None:
    fail(cluster, "54.7712345 the blue tent")
    assert "the blue tent" not in said(cluster)


def test_control_a_log_that_takes_errors_holds_the_text(cluster: Cluster) -> None:
    fail(cluster, "54.7712345 the red tent", "SET log_min_messages = 'error'")
    assert "the red tent" in said(cluster)
