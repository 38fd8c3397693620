"""SQL that Alembic's operations have no words for: functions, roles, policies."""

from importlib.resources import files

from sqlalchemy import Connection


def run(bind: Connection, name: str) -> None:
    """Runs a file of statements, in the transaction that is open."""
    statements = (files("migrations") / "sql" / name).read_text(encoding="utf-8")
    driver = bind.connection.driver_connection
    assert driver is not None
    driver.execute(statements)
