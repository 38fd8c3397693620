"""Rows out of PostgreSQL as text, by COPY, as many at a time as have arrived.

psycopg's own reader goes through the event loop once a row, which costs more than making the row; this goes once for
each 256 KB. It uses libpq's functions as psycopg wraps them (`psycopg.pq`).
"""

import contextlib
from collections.abc import AsyncGenerator, Generator
from typing import Any, NamedTuple

import psycopg
from psycopg import pq, waiting
from psycopg.abc import PQGen

AT_LEAST = 256 * 1024
CANCEL_TIMEOUT_S = 5


class Rows(NamedTuple):
    """The text of some whole rows, and how many they are."""

    text: bytes
    number: int


async def copied(connection: psycopg.AsyncConnection[Any], statement: str) -> AsyncGenerator[Rows, None]:
    """What `COPY (…) TO STDOUT` yields, at least 256 KB at a time.

    Whoever stops early closes the generator: the statement is cancelled, and the connection can be used again.
    Raises what psycopg raises for the same fault, without the database's text.
    """
    pgconn = connection.pgconn
    pgconn.send_query(statement.encode())
    running, ending = True, False
    try:
        await connection.wait(_begin(pgconn))
        while running:
            text, count, running = await connection.wait(_gather(pgconn))
            if count:
                yield Rows(text, count)
        ending = True
        await connection.wait(_end(pgconn))
    finally:
        if running:
            await _abandon(connection)
        elif not ending:  # closed at the last rows: what is left to read is that they were all
            with contextlib.suppress(psycopg.Error):
                await connection.wait(_end(pgconn))


def _begin(pgconn: pq.abc.PGconn) -> PQGen[None]:
    while pgconn.flush():
        yield waiting.Wait.RW
        pgconn.consume_input()
    _expect(pgconn, (yield from _result(pgconn)), pq.ExecStatus.COPY_OUT)


def _gather(pgconn: pq.abc.PGconn) -> PQGen[tuple[bytes, int, bool]]:
    text, count = bytearray(), 0
    while len(text) < AT_LEAST:
        size, row = pgconn.get_copy_data(1)
        if size > 0:
            text += row
            count += 1
        elif size == 0:
            yield waiting.Wait.R
            pgconn.consume_input()
        else:
            return bytes(text), count, False
    return bytes(text), count, True


def _end(pgconn: pq.abc.PGconn) -> PQGen[None]:
    """Ends with the answer that all rows were sent; a fault in mid-stream is told here."""
    told = yield from _result(pgconn)
    while (yield from _result(pgconn)) is not None:
        pass
    _expect(pgconn, told, pq.ExecStatus.COMMAND_OK)


def _result(pgconn: pq.abc.PGconn) -> Generator[waiting.Wait, waiting.Ready, pq.abc.PGresult | None]:
    while pgconn.is_busy():
        yield waiting.Wait.R
        pgconn.consume_input()
    return pgconn.get_result()


def _expect(pgconn: pq.abc.PGconn, result: pq.abc.PGresult | None, status: pq.ExecStatus) -> None:
    if result is not None and result.status == status:
        return
    state = result.error_field(pq.DiagnosticField.SQLSTATE) if result is not None else None
    fault = psycopg.errors.lookup(state.decode()) if state else psycopg.OperationalError
    raise fault("the database broke off a COPY")


async def _abandon(connection: psycopg.AsyncConnection[Any]) -> None:
    """Ends a COPY that nobody reads any more; closes the connection where that does not work."""
    try:
        await connection.cancel_safe(timeout=CANCEL_TIMEOUT_S)
        while (await connection.wait(_gather(connection.pgconn)))[2]:
            pass
        with contextlib.suppress(psycopg.errors.QueryCanceled):
            await connection.wait(_end(connection.pgconn))
    except psycopg.Error:
        await connection.close()
