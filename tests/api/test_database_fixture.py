"""What the other tests stand on: a database of one's own, reached as the server reaches it."""

from sqlalchemy import create_engine, text


def test_a_test_gets_a_migrated_database_as_the_servers_login(database_url: str) -> None:
    assert ask(database_url, "SELECT current_user || ' ' || to_regclass('lantern.site')") == "lantern_web lantern.site"


def test_the_servers_login_may_take_the_apps_role_and_holds_no_power_of_its_own(database_url: str) -> None:
    assert ask(database_url, "SELECT pg_has_role('lantern_app', 'MEMBER')") is True
    powers = (
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
    )
    assert ask(database_url, powers) is False


def test_what_one_test_makes_the_next_does_not_see(database_url: str, owner_url: str) -> None:
    """Stands twice, so that whichever runs second would find the first one's table."""
    assert ask(owner_url, "SELECT to_regclass('public.mark')") is None
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE public.mark ()"))
    engine.dispose()


test_and_the_other_way_round = test_what_one_test_makes_the_next_does_not_see


def ask(url: str, statement: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            return connection.execute(text(statement)).scalar_one()
    finally:
        engine.dispose()
