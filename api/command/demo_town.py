"""The demo in a database: whether it is there, and who signs in to it."""

from dataclasses import dataclass

from sqlalchemy import create_engine, func, select, text

from api.database import Database
from geo.account import Account
from geo.organisation import Organisation


@dataclass(frozen=True)
class SignIn:
    """A person of a demo whom everybody may be."""

    organisation: str
    name: str
    email: str
    roles: tuple[str, ...]


def is_empty(admin_url: str) -> bool:
    """Whether the database holds no organisation; asked past every policy, as its administrator."""
    engine = create_engine(admin_url)
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(Organisation))
    engine.dispose()
    return count == 0


def demo_names(url: str) -> list[str]:
    """The slugs of the organisations that are demos."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE lantern_app"))
        names = connection.scalars(select(Organisation.slug).where(Organisation.is_demo).order_by(Organisation.slug))
        found = list(names)
    engine.dispose()
    return found


async def sign_ins(url: str) -> list[SignIn]:
    """The people of every demo, by role and name."""
    database = Database(url, pool_size=1)
    found = []
    try:
        for slug in demo_names(url):
            asker = await database.asker_of_organisation(slug)
            async with database.asking(asker) as session:
                people = await session.scalars(
                    select(Account)
                    .where(Account.organisation_id == asker.organisation_id, Account.left_on.is_(None))
                    .order_by(Account.roles, Account.email)
                )
                found += [SignIn(slug, each.name, each.email, tuple(each.roles)) for each in people]
    finally:
        await database.close()
    return found
