"""Someone of a demo, whom everybody at this machine may be."""

from dataclasses import dataclass

from sqlalchemy import select

from api.database import Database
from geo.account import Account
from geo.organisation import Organisation


@dataclass(frozen=True)
class DemoPerson:
    name: str
    email: str
    roles: tuple[str, ...]


async def demo_slugs(database: Database) -> list[str]:
    """The organisations that are demos."""
    async with database.knocking() as session:
        return list(await session.scalars(select(Organisation.slug).where(Organisation.is_demo)))


async def demo_people(database: Database) -> list[DemoPerson]:
    """Everyone of the demo organisations who may still sign in, by role and name."""
    people = []
    for slug in await demo_slugs(database):
        asker = await database.asker_of_organisation(slug)
        async with database.asking(asker) as session:
            rows = select(Account).where(Account.organisation_id == asker.organisation_id, Account.left_on.is_(None))
            found = await session.scalars(rows.order_by(Account.roles, Account.name))
            people += [DemoPerson(each.name, each.email, tuple(each.roles)) for each in found]
    return people


async def demo_people_at(url: str) -> list[DemoPerson]:
    """The same, asked of a database by its address."""
    database = Database(url, pool_size=1)
    try:
        return await demo_people(database)
    finally:
        await database.close()
