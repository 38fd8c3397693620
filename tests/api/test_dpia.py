"""`lantern dpia`: an assessment that says what runs, and names neither a place nor a person."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, text

from api.asker import Asker
from api.assessment import Assessed, assess, plain, written
from api.database import Database
from api.settings import Settings
from geo.account import Role
from geo.inventory import KINDS, kind_of
from geo.log import Act, note
from geo.release_draw import draw_release
from geo.release_series import Series
from geo.retention import Kind, lay_down
from tests.fixtures.command import Terminal
from tests.fixtures.crowd import Crowd
from tests.fixtures.town import PEOPLE, SmallTown

pytestmark = pytest.mark.anyio
Run = Callable[[str], None]


@pytest.fixture
def owner(owner_url: str) -> Run:
    """What somebody changes in the database, past every policy."""

    def run(sql: str) -> None:
        engine = create_engine(owner_url)
        with engine.begin() as connection:
            connection.execute(text(sql))
        engine.dispose()

    return run


async def paper_of(settings: Settings, database: Database) -> str:
    return written(await assess(settings, database, "doggerstad"))


async def test_it_says_what_runs_and_what_nobody_has_decided(
    settings: Settings, database: Database, town: SmallTown
) -> None:
    paper = await paper_of(settings, database)
    assert "# Data protection impact assessment: Doggerstad" in paper
    assert "3 places (3 active), 2 visits" in paper
    assert "| streetworker | 2 |" in paper
    assert "| steward | 1 | accounts and the log; no place, but those in the file of a request by law" in paper
    assert "| `site` | people who sleep there, and staff | places where people stay |" in paper
    assert "sealed (AES-256-GCM): access_note_sealed" in paper
    assert "None was drawn" in paper
    head, body = paper.split("## 1.")
    undecided = re.findall(r"\*\*Not decided:\*\* (.+?)(?: \||$)", body, re.MULTILINE)
    assert len(undecided) > 20
    assert f"### To decide: {len(undecided)}" in head
    assert [what for what in undecided if f"- {what.strip()}" not in head] == []


async def test_it_holds_no_place_and_no_person(
    settings: Settings, database: Database, town: SmallTown, drawer: Asker, owner: Run
) -> None:
    async with database.asking(drawer) as session:
        note(session, Act.READ, "site", town.sites.values(), {"purpose": "asking after Jo"})
    owner("UPDATE lantern.session SET purpose = 'asking after Jo', purpose_until = now()")
    paper = await paper_of(settings, database)
    assert re.findall(r"\b\d{1,3}\.\d{3,}\b", paper) == []
    assert "@" not in paper
    secret = [*PEOPLE, "otto", "quay", "lane", "adrift", "north", "south", "harbour", "silverpit", "asking after"]
    assert [word for word in secret if re.search(rf"\b{word}\b", paper, re.IGNORECASE)] == []
    assert [str(one) for one in (*town.sites.values(), *town.accounts.values()) if str(one) in paper] == []


async def test_a_role_added_an_act_logged_and_an_endless_token_change_it(
    settings: Settings, database: Database, town: SmallTown, drawer: Asker, owner: Run
) -> None:
    async with database.asking(drawer) as session:
        note(session, Act.EXPORTED, "site", ())
    owner("UPDATE lantern.account SET roles = '{streetworker,steward}' WHERE name = 'Ben'")
    owner("UPDATE lantern.account SET left_on = '2020-01-01' WHERE name = 'Alice'")
    owner(
        "INSERT INTO lantern.access_token (organisation_id, id, account_id, name, token_hash) "
        f"VALUES ('{town.organisation_id}', gen_random_uuid(), '{town.accounts['mara']}', 'QGIS', 'x')"
    )
    paper = await paper_of(settings, database)
    assert "| steward | 2 |" in paper
    assert "| streetworker | 1 |" in paper
    assert "1 download and" in paper
    assert "**To mend:** 1 token never ends" in paper


async def test_a_release_is_told_with_what_the_places_in_it_paid(
    settings: Settings, database: Database, drawer: Asker, crowd: Crowd, half: str, quarter: str
) -> None:
    await crowd(20)
    for series, period in ((Series.CELLS, half), (Series.DISTRICTS, quarter)):
        async with database.asking(drawer) as session:
            await draw_release(
                session,
                organisation_id=drawer.organisation_id,
                series=series,
                period=period,
                today=drawer.today,
            )
    paper = await paper_of(settings, database)
    assert f"| {half} | cells | standard | 1 | 8 |" in paper
    assert "paid most paid ε 1.5 of at most 8." in paper
    assert "at most\n0.46," in paper
    assert "None was drawn" not in paper


async def test_the_settings_are_told(settings: Settings, database: Database, town: SmallTown) -> None:
    assessed = await assess(settings, database, "doggerstad")
    outside = written(assessed)
    assert "a server elsewhere (LANTERN_DATABASE_URL)" in outside
    assert "no command takes the anchors of the log elsewhere" in outside
    assert "listens on 127.0.0.1, port 8000: this machine only" in outside
    others = {"database_url": None, "anchor_command": "mail", "host": "0.0.0.0", "key_file": Path("/keys/one")}
    others["origin"] = "https://lantern.example"
    inside = written(replace(assessed, settings=settings.model_copy(update=others)))
    assert "Lantern's own, inside LANTERN_HOME" in inside
    assert "no command takes the anchors" not in inside
    assert "a copy of each anchor leaves the machine" in inside
    assert "**To mend:** Lantern itself speaks plain HTTP" in inside
    assert "in a file named by LANTERN_KEY_FILE" in inside
    assert "offered at http://localhost, in place of password and code" in outside
    nowhere = written(replace(assessed, settings=settings.model_copy(update=others | {"origin": None})))
    assert "not offered, for LANTERN_ORIGIN is not set" in nowhere
    assert "| known to browsers as | https://lantern.example |" in inside


async def test_the_rules_of_retention_are_told_as_they_are(
    settings: Settings, database: Database, town: SmallTown, drawer: Asker
) -> None:
    before = await paper_of(settings, database)
    assert "| a visit, from its day | 730 days | deleted, with its note |" in before
    assert "The rules have not run yet." in before
    steward = replace(drawer, roles=frozenset({Role.STEWARD}))
    async with database.asking(steward) as session:
        await lay_down(session, town.organisation_id, Kind.VISITS, 900, None)
        await lay_down(session, town.organisation_id, Kind.CLOSED_SITES, 30, None)
        note(session, Act.RETENTION_RAN, "visits", [town.organisation_id])
    after = await paper_of(settings, database)
    assert "| a visit, from its day | 900 days |" in after
    assert "| a place that closed, from that day | 90 days, 30 within a week |" in after
    assert f"The rules ran last on {town.today.isoformat()}." in after


async def test_what_is_wrong_with_the_database_is_told(
    settings: Settings, database: Database, town: SmallTown, owner: Run
) -> None:
    owner("ALTER TABLE lantern.visit NO FORCE ROW LEVEL SECURITY")
    owner("UPDATE lantern.organisation_key SET made_at = now() - interval '500 days'")
    assessed = await assess(settings, database, "doggerstad")
    paper = written(_with_connection(assessed, version=150013, passes_by=True, by_socket=False, encrypted=False))
    told = paper.split("### To decide")[0]
    assert "row-level security does not hold in the table `visit`." in told
    assert "the key of the organisation is 500 days old" in told
    assert "lacks the patch for CVE-2025-8713" in told
    assert "as one whom no policy binds" in told
    assert "the way to the database is not encrypted" in told
    assert "### To mend in this set-up: 6" in told


def _with_connection(assessed: Assessed, **found: Any) -> Assessed:
    class Connection:
        version_name = "15.13"

    for name, value in found.items():
        setattr(Connection, name, value)
    return replace(assessed, inventory=replace(assessed.inventory, connection=Connection))


async def test_a_demo_says_that_it_is_one(settings: Settings, database: Database, town: SmallTown, owner: Run) -> None:
    owner("UPDATE lantern.organisation SET is_demo = true, name = '[Dogger](x) | *stad*'")
    paper = await paper_of(settings, database)
    assert "**This is the demo.**" in paper
    assert r"\[Dogger\](x) \| \*stad\*" in paper
    assert "| manager | 1 | every exact place of the organisation, no notes, after stating a purpose; each such read is logged | not asked in the demo |" in paper  # fmt: skip # noqa: E501


def test_a_table_that_nobody_described_is_an_open_point() -> None:
    shelter = kind_of(Table("shelter", MetaData(), Column("beds", Integer)), guarded=True)
    assert shelter.whom is None
    assert "shelter" not in KINDS


def test_what_was_typed_stays_one_line_of_plain_text() -> None:
    assert plain("a\n# b | c") == r"a \# b \| c"


def test_a_file_is_written_once_and_never_over_what_was_decided(
    terminal: Terminal, anyio_backend: str, town: SmallTown, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "dpia.md"
    words = ("dpia", "-o", str(path), "--organisation", "doggerstad")
    first = terminal.run(*words, database_url=database_url, home=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "points to decide" in first.stderr
    decided = path.read_text() + "The officer agrees."
    path.write_text(decided)
    second = terminal.run(*words, database_url=database_url, home=tmp_path)
    assert second.returncode == 1
    assert "is there already" in second.stderr
    assert path.read_text() == decided
    nobody = terminal.run("dpia", "-o", "-", "--organisation", "nowhere", database_url=database_url, home=tmp_path)
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "no organisation of that name" in nobody.stderr
