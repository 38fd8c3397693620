"""The driver's connection under a session, for what SQLAlchemy has no words for: COPY, several statements at once."""

from typing import Any

import psycopg
from sqlalchemy.ext.asyncio import AsyncSession


async def raw(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """psycopg's connection, inside this session's transaction."""
    connection = (await (await session.connection()).get_raw_connection()).driver_connection
    assert isinstance(connection, psycopg.AsyncConnection)
    return connection
