"""The vault that a command works with: its master key is there, and the right one."""

import asyncio

from api.database import Database
from api.key_file import KeyFile
from api.settings import Settings
from api.vault import Vault


def ready_vault(settings: Settings, url: str) -> Vault:
    """Makes the master key before anything was ever sealed. Raises KeyRefused where it is missing or wrong."""
    vault = Vault(KeyFile.of(settings))
    asyncio.run(_make_ready(vault, url))
    return vault


async def _make_ready(vault: Vault, url: str) -> None:
    database = Database(url, pool_size=1)
    try:
        async with database.keeping_keys() as session:
            await vault.make_ready(session)
    finally:
        await database.close()
