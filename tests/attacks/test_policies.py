"""The policies against a plain predicate: who sees, adds, changes and removes which rows, in random towns.

Everything else that keeps rows apart (keys, checks, triggers) is taken away from the database here, so that what is
refused is refused by a policy.
"""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from tests.fixtures.catalogue import faults, grants, tables
from tests.fixtures.policy_asker import Asker
from tests.fixtures.policy_predicate import Predicate
from tests.fixtures.policy_town import KINDS, Row, Town
from tests.fixtures.policy_trial import ALONE, TRIED, Connection, differences, random_asker, settled

TOWNS, ASKERS = 6, 50
MANY_TOWNS, MANY_ASKERS = 100, 100
ENOUGH = 300

# No row changes what this one says, so its check is its condition: `every policy asks who asks` holds it.
SAME_AS_BEFORE = {"ALTER POLICY keep ON lantern.organisation_key WITH CHECK (true)"}


@pytest.fixture
def alone(owner_url: str) -> Iterator[Connection]:
    """The superuser's connection to a database in which nothing but policies keeps rows apart."""
    dsn = make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(ALONE)
        connection.execute(TRIED)
        yield connection


def compare(connection: Connection, towns: int, askers: int) -> tuple[int, list[str]]:
    """How many askers were compared over all tables (a fourth of them writes too), and where they differed."""
    cases, found = 0, list[str]()
    for seed in range(towns):
        with settled(connection, seed) as town:
            for number in range(askers):
                found += differences(connection, town, random_asker(town), writes=number % 4 == 0)
                cases += 1
    return cases, found


def mutants(connection: Connection) -> list[tuple[str, str]]:
    """Each policy of each table: dropped; open to every row; open to every new row."""
    made = []
    asked = "SELECT schemaname || '.' || tablename, policyname, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2"
    for table, name, command, condition, check in connection.execute(asked):
        made.append((table, f"DROP POLICY {name} ON {table}"))
        alter = f"ALTER POLICY {name} ON {table}"
        if command != "INSERT":
            made.append((table, f"{alter} USING (true)"))
        if command in ("ALL", "UPDATE"):
            made.append((table, f"{alter} USING (true) WITH CHECK ({check or condition})"))
        if command in ("ALL", "UPDATE", "INSERT"):
            made.append((table, f"{alter} WITH CHECK (true)"))
    return made


def test_every_table_and_every_command_granted_is_tried(owner_url: str) -> None:
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        granted = {where: held for (where, role), held in grants(connection).items() if role == "lantern_app"}
        assert set(KINDS) == tables(connection)
    engine.dispose()
    commands = {table: {command for where, held in granted.items() if f"{where}.".startswith(f"{table}.")
                        for command in held.split()} for table in KINDS}  # fmt: skip
    assert {table for table, kind in KINDS.items() if kind.touch} == {t for t in KINDS if "UPDATE" in commands[t]}
    assert {table for table, kind in KINDS.items() if kind.removes} == {t for t in KINDS if "DELETE" in commands[t]}


def test_what_the_policies_let_someone_do_is_what_the_predicate_says(alone: Connection) -> None:
    cases, found = compare(alone, TOWNS, ASKERS)
    assert found == []
    assert cases >= ENOUGH


@pytest.mark.attack
def test_it_is_so_in_ten_thousand_random_cases(alone: Connection) -> None:
    cases, found = compare(alone, MANY_TOWNS, MANY_ASKERS)
    assert found == []
    assert cases == 10_000


def test_a_policy_that_is_dropped_or_opened_is_missed_each_of_them(alone: Connection) -> None:
    unseen = mutants(alone)
    assert len(unseen) > 200
    for seed in (1, 2, 3, 4):
        with settled(alone, seed) as town:
            askers = [random_asker(town) for _ in range(300)]
            unseen = [
                (table, statement) for table, statement in unseen if not _missed(alone, town, askers, table, statement)
            ]
    assert {statement for _, statement in unseen} == SAME_AS_BEFORE


def _missed(connection: Connection, town: Town, askers: list[Asker], table: str, statement: str) -> bool:
    """Whether one of the askers sees or does something else than they should."""
    with connection.transaction(force_rollback=True):
        connection.execute(statement.encode())
        return any(differences(connection, town, asker, [table]) for asker in askers)


def test_what_cannot_be_told_by_rows_is_told_by_the_catalogue(owner_url: str) -> None:
    engine = create_engine(owner_url)
    for statement in SAME_AS_BEFORE:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
            assert faults(connection) == {"every policy asks who asks": ["keep of lantern.organisation_key"]}
    engine.dispose()


class WithoutBorders(Predicate):
    def on_my_ground(self, row: Row) -> bool:
        return any(area.contains(row["geom"]) for area in self.ground.values())


class WithoutTheLastDay(Predicate):
    def assigned(self, area: Row) -> bool:
        earlier = self.asker.today and self.asker.today + timedelta(days=1)
        return super().assigned(area) and Predicate(self.town, Asker(**vars(self.asker) | {"today": earlier})).assigned(
            area
        )


class WithoutHandingOver(Predicate):
    def reaches(self, row: Row) -> bool:
        return super().reaches(row | {"handed_over_at": None})


class WithoutOrganisations(Predicate):
    def ours(self, row: Row) -> bool:
        return self.asker.organisation_id is not None


@pytest.mark.parametrize("wrong", [WithoutBorders, WithoutTheLastDay, WithoutHandingOver, WithoutOrganisations])
def test_a_predicate_that_is_slightly_wrong_is_told_from_the_policies(
    alone: Connection, wrong: type[Predicate]
) -> None:
    found = list[str]()
    for seed in range(TOWNS):
        with settled(alone, seed) as town:
            for _ in range(ASKERS):
                found += differences(alone, town, random_asker(town), ["lantern.site"], writes=False, predicate=wrong)
    assert found
