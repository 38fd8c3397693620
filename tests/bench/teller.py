"""One connection that asks a query in somebody's name, past the app: to measure it, and to see its plan."""

import json
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import make_url

from api.database import PARALLEL_SETUP_COST
from tests.fixtures.town import SmallTown

DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


@dataclass
class Teller:
    """One connection that asks in somebody's name."""

    name: str
    connection: psycopg.Connection[Any]
    statement: str

    def ask(self) -> tuple[float, int]:
        """Milliseconds, and how many rows came."""
        began = time.perf_counter()
        rows = self.connection.execute(self.statement.encode()).fetchall()
        return (time.perf_counter() - began) * 1000, len(rows)

    def plan(self) -> list[dict[str, Any]]:
        """The nodes of the plan, in no order that counts."""
        row = self.connection.execute(b"EXPLAIN (FORMAT JSON) " + self.statement.encode()).fetchone()
        assert row is not None
        return _nodes((row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"])


def teller(
    url: str, town: SmallTown, name: str, query: Select[*tuple[Any, ...]], scope: str = "", role: str = ""
) -> Teller:
    """Without a role, the superuser."""
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(dsn, prepare_threshold=None, autocommit=True)
    connection.execute(sql.SQL("SET parallel_setup_cost = {}").format(sql.Literal(PARALLEL_SETUP_COST)))
    if role:
        settings = {"organisation_id": str(town.organisation_id), "scope": scope}
        settings |= {"account_id": str(town.accounts[name]), "today": town.today.isoformat()}
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        for setting, value in settings.items():
            known = sql.Identifier("lantern", setting)
            connection.execute(sql.SQL("SET {} = {}").format(known, sql.Literal(value)))
    compiled = query.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    return Teller(name, connection, psycopg.ClientCursor(connection).mogrify(str(compiled).encode(), compiled.params))


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", []) for node in _nodes(part))]
