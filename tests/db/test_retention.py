"""Retention: what is old goes, what is younger stays, and nothing of a place that is coarsened is left anywhere."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.asker import Asker
from api.database import Database
from api.retention_run import run, run_what_is_due, what_goes
from geo.account import Role
from geo.log_chain import verify
from geo.retention import AHEAD, LEAST_DAYS, USUAL_DAYS, Kind, lay_down, rules
from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.dump import dump
from tests.fixtures.look import look
from tests.fixtures.look import run as arrange
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
AGED = """UPDATE lantern.visit SET visited_at = now() - make_interval(secs => :days * 86400.0),
    recorded_at = now() - make_interval(secs => :recorded * 86400.0) WHERE id = :id"""
CLOSED = """
    WITH old AS (UPDATE lantern.site SET status = 'closed', created_at = now() - interval '1 year' WHERE id = :id
        RETURNING organisation_id, id)
    INSERT INTO lantern.site_status (organisation_id, id, site_id, status, since, cause)
    SELECT organisation_id, gen_random_uuid(), id, 'closed', now() - make_interval(secs => :days * 86400.0), 'cleared'
    FROM old"""


@pytest.fixture
def steward(town: SmallTown) -> Asker:
    return Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.STEWARD)


def age(owner_url: str, visit: UUID, days: float, recorded: float | None = None) -> None:
    arrange(owner_url, AGED, id=visit, days=days, recorded=days if recorded is None else recorded)


def close(owner_url: str, site: UUID, days: float) -> None:
    arrange(owner_url, CLOSED, id=site, days=days)


async def counts(database: Database, steward: Asker, **ahead: Any) -> dict[str, int]:
    return {each.kind: each.count for each in await what_goes(database, steward, **ahead) if each.count}


async def test_visits_older_than_their_rule_go_and_younger_ones_stay(
    database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    age(owner_url, town.visits["quay"], 730.1)
    age(owner_url, town.visits["lane"], 729.9)
    age(owner_url, town.visits["silverpit"], 2000)
    assert await counts(database, steward) == {"visits": 1}
    assert await counts(database, steward, ahead=AHEAD) == {"visits": 2}
    assert {kind: count for kind, count in (await run(database, steward)).items() if count} == {Kind.VISITS: 1}
    left = {row[0] for row in look(owner_url, "SELECT id FROM lantern.visit")}
    assert left == {town.visits["lane"], town.visits["silverpit"]}  # the other city has a steward of its own
    assert await counts(database, steward) == {}


async def test_an_old_log_that_was_brought_in_lately_stays_for_a_week_in_which_it_is_to_be_seen(
    database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    age(owner_url, town.visits["quay"], 2000, recorded=6.9)
    assert await counts(database, steward) == {}
    assert await counts(database, steward, ahead=AHEAD) == {"visits": 1}
    age(owner_url, town.visits["quay"], 2000, recorded=7.1)
    assert await counts(database, steward) == {"visits": 1}


async def test_the_apps_role_cannot_delete_a_younger_row_whatever_it_says_of_itself(
    database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    age(owner_url, town.visits["quay"], 731)
    age(owner_url, town.visits["lane"], 729)
    arrange(owner_url, "UPDATE lantern.session SET expires_at = now() - interval '29 days'")
    for scope in ("organisation", "people", "keys", "areas", "none"):
        async with database.asking(steward) as session:
            await session.execute(text(f"SET LOCAL lantern.scope = '{scope}'"))
            for table in ("visit", "change"):
                gone = await session.execute(text(f"DELETE FROM lantern.{table} RETURNING id"))
                assert gone.all() == [], (scope, table)
    async with database.retaining(steward) as session:
        await session.execute(text("SET LOCAL lantern.today = '2099-01-01'"))
        gone = await session.execute(text("DELETE FROM lantern.visit RETURNING id"))
        assert [row[0] for row in gone] == [town.visits["quay"]]  # the control: the older one goes
    async with database.retaining(steward) as session:
        for table in ("log_entry", "work_area", "account"):
            with pytest.raises(DBAPIError):
                async with session.begin_nested():
                    await session.execute(text(f"DELETE FROM lantern.{table}"))


async def test_a_site_is_coarsened_when_it_has_been_closed_for_long_and_in_no_other_way(
    database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    close(owner_url, town.sites["quay"], 89.9)
    close(owner_url, town.sites["lane"], 90.1)
    assert await counts(database, steward) == {"closed-sites": 1}
    coarse = "coarsened_at = now(), name = NULL, access_note_sealed = NULL"
    async with database.retaining(steward) as session:
        moved = f"UPDATE lantern.site SET {coarse}, geom = lantern.cell_centre(geom, 250) RETURNING id"
        assert [row[0] for row in await session.execute(text(moved))] == [town.sites["lane"]]
    still_told = ("coarsened_at = now(), name = 'Kwai'", f"{coarse}, geom = 'SRID=4326;POINT(2.32 54.75)'")
    for values in (*still_told, "name = 'Kwai'", "access_note_sealed = 'n'", f"{coarse}, status = 'active'"):
        with pytest.raises(DBAPIError) as refused:
            async with database.retaining(steward) as session:
                await session.execute(
                    text(f"UPDATE lantern.site SET {values} WHERE id = :id"), {"id": town.sites["lane"]}
                )
        state = "23514" if values in still_told else "42501"
        assert getattr(refused.value.orig, "sqlstate", None) == state, values


async def test_after_coarsening_nothing_of_the_place_is_found_anywhere(
    client: Client, database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    elsewhere = "UPDATE lantern.{} SET geom = ST_Translate(geom, 0.1, 0) WHERE organisation_id = :of"
    for table in ("site", "visit"):  # the other city's lie at the same point
        arrange(owner_url, elsewhere.format(table), of=town.silverpit_id)
    alice = await client("alice")
    site = town.sites["quay"]
    moved = {"geom": {"type": "Point", "coordinates": [2.321234, 54.771234]}, "access_note": "behind the green door"}
    changed = await alice.patch(f"/api/v1/sites/{site}", json=moved, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    visit = {"outcome": "met", "site_id": str(site), "visited_at": "2026-01-05T20:00:00Z", "note": "asked for gloves"}
    visit |= {"geom": {"type": "Point", "coordinates": [2.321357, 54.771357]}}  # type: ignore[dict-item]
    address = f"/api/v1/visits/{new_id()}"
    assert (await alice.put(address, json=visit)).status_code == 201
    mended = {"geom": {"type": "Point", "coordinates": [2.325468, 54.771468]}}
    assert (await alice.patch(address, json=mended, headers={"If-Match": '"1"'})).status_code == 200
    sealed = look(owner_url, f"""
        SELECT access_note_sealed::text FROM lantern.site WHERE id = '{site}'
        UNION ALL SELECT note_sealed::text FROM lantern.visit WHERE site_id = '{site}' AND note_sealed IS NOT NULL
        UNION ALL SELECT note_sealed::text FROM lantern.change WHERE noun_id = '{site}'""")  # fmt: skip
    told = ["2.321234", "2.321357", "2.325468", "(2.32 54.77)", "[2.32, 54.77]", "quay site"]
    told += [str(each)[3:] for (each,) in sealed]
    assert len(told) == 9
    before = dump(owner_url)
    assert [each for each in told if each not in before] == []  # the control: it was all there
    close(owner_url, site, 91)
    expected = await counts(database, steward)
    taken = await run(database, steward)
    assert {kind: count for kind, count in taken.items() if count} == expected == {"closed-sites": 1}
    after = dump(owner_url)
    assert [each for each in told if each in after] == []
    where = "ST_SetSRID(ST_MakePoint(2.321234, 54.771234), 4326)"
    kept = look(owner_url, f"""
        SELECT uncertainty_m, cell_250m = lantern.cell({where}, 250),
            ST_Distance(ST_Transform(geom, 3035), ST_Transform({where}, 3035)) BETWEEN 1 AND 177
        FROM lantern.site WHERE id = '{site}' AND coarsened_at IS NOT NULL""")  # fmt: skip
    assert kept == [(177, True, True)]
    places = look(owner_url, f"""
        SELECT visit.geom = site.geom FROM lantern.visit JOIN lantern.site ON site.id = visit.site_id
        WHERE site.id = '{site}'""")  # fmt: skip
    assert places == [(True,), (True,)]  # where the site is: the points of several would give the place away
    again = await alice.put(address, json=visit)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/id-taken")  # sent again, it makes nothing new


async def test_a_receipt_stays_as_long_as_its_row(
    client: Client, database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    """And until the row is coarsened: it has no age of its own."""
    alice = await client("alice")
    new_site = {"geom": {"type": "Point", "coordinates": [2.32, 54.77]}, "site_type": "doorway"}
    visit = {"outcome": "met", "visited_at": "2026-01-05T20:00:00Z", "geom": new_site["geom"]}
    site, by_site, alone = new_id(), new_id(), new_id()
    assert (await alice.put(f"/api/v1/sites/{site}", json=new_site)).status_code == 201
    assert (await alice.put(f"/api/v1/visits/{by_site}", json=visit | {"site_id": str(site)})).status_code == 201
    assert (await alice.put(f"/api/v1/visits/{alone}", json=visit)).status_code == 201
    arrange(owner_url, "UPDATE lantern.receipt SET received_at = now() - interval '9 years'")

    async def takes() -> set[UUID]:
        async with database.retaining(steward) as session, session.begin_nested() as tried:
            gone = set(await session.scalars(text("DELETE FROM lantern.receipt RETURNING noun_id")))
            await tried.rollback()
        return gone

    assert await takes() == set()
    arrange(owner_url, "DELETE FROM lantern.visit WHERE id = :id", id=alone)
    assert await takes() == {alone}
    close(owner_url, site, 91)
    assert await takes() == {alone}  # closed for long, and exact still
    await run(database, steward)
    assert look(owner_url, "SELECT noun_id FROM lantern.receipt") == [(alone,)]


async def test_a_visit_that_comes_in_late_is_coarsened_by_the_next_run_unless_the_site_is_open_again(
    database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    close(owner_url, town.sites["quay"], 91)
    close(owner_url, town.sites["lane"], 91)
    await run(database, steward)
    assert await counts(database, steward) == {}
    late = """INSERT INTO lantern.visit (organisation_id, id, site_id, visited_at, outcome, geom, source, updated_at)
        VALUES (:of, gen_random_uuid(), :site, now(), 'met', 'SRID=4326;POINT(2.321 54.771)', 'api', now())"""
    for site in ("quay", "lane"):
        arrange(owner_url, late, of=town.organisation_id, site=town.sites[site])
    arrange(owner_url, "UPDATE lantern.site SET status = 'active' WHERE id = :id", id=town.sites["lane"])
    assert await counts(database, steward) == {"closed-sites": 1}
    await run(database, steward)
    exact = "SELECT site_id FROM lantern.visit WHERE ST_AsText(geom) = 'POINT(2.321 54.771)'"
    assert look(owner_url, exact) == [(town.sites["lane"],)]
    point = "UPDATE lantern.site SET geom = 'SRID=4326;POINT(2.321 54.771)' WHERE id = :id"
    arrange(owner_url, point, id=town.sites["lane"])
    assert look(owner_url, "SELECT count(*) FROM lantern.site WHERE coarsened_at IS NOT NULL") == [(1,)]


async def test_sessions_tokens_and_the_history_of_changes_go_by_their_rules(
    client: Client, database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    alice = await client("alice")
    site = f"/api/v1/sites/{town.sites['quay']}"
    for version, name in enumerate(("first", "second"), 1):
        assert (await alice.patch(site, json={"name": name}, headers={"If-Match": f'"{version}"'})).status_code == 200
    assert (await alice.post("/api/v1/access-tokens", json={"name": "old"})).status_code == 201
    assert await counts(database, steward) == {}
    arrange(owner_url, "UPDATE lantern.change SET changed_at = now() - interval '731 days' WHERE version = 1")
    arrange(owner_url, "UPDATE lantern.access_token SET expires_at = now() - interval '91 days'")
    arrange(owner_url, "UPDATE lantern.session SET expires_at = now() - interval '31 days'")
    expected = await counts(database, steward)
    assert expected == {"changes": 1, "sessions": 1, "access-tokens": 1}
    assert {kind: count for kind, count in (await run(database, steward)).items() if count} == expected
    assert look(owner_url, "SELECT version FROM lantern.change") == [(2,)]
    assert look(owner_url, "SELECT count(*) FROM lantern.session") == [(0,)]


async def test_a_shorter_time_counts_a_week_later_and_never_goes_below_the_least(
    database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    age(owner_url, town.visits["quay"], 100)
    async with database.asking(steward) as session:
        assert {rule.kind: rule.days for rule in await rules(session)} == USUAL_DAYS
        await lay_down(session, town.organisation_id, Kind.VISITS, 40, None)
        [visits] = [rule for rule in await rules(session) if rule.kind is Kind.VISITS]
        assert (visits.days, visits.days_soon) == (730, 40)
    assert await counts(database, steward) == {}
    assert await counts(database, steward, ahead=AHEAD) == {"visits": 1}
    arrange(owner_url, "UPDATE lantern.retention_rule SET changed_at = now() - interval '7 days'")
    assert await counts(database, steward) == {"visits": 1}
    async with database.asking(steward) as session:
        await lay_down(session, town.organisation_id, Kind.VISITS, 400, None)  # a longer one counts at once
    assert await counts(database, steward) == {}
    for kind in Kind:
        with pytest.raises(DBAPIError):
            async with database.asking(steward) as session:
                await lay_down(session, town.organisation_id, kind, LEAST_DAYS[kind] - 1, None)


async def test_a_rule_is_laid_down_by_stewards_now_and_altered_by_nobody(
    database: Database, steward: Asker, town: SmallTown
) -> None:
    manager = Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.MANAGER)
    row = """INSERT INTO lantern.retention_rule (organisation_id, id, kind, days{})
        VALUES (:of, gen_random_uuid(), 'visits', 40{})"""
    own = {"of": town.organisation_id}
    for asker, statement, values in (
        (manager, row.format("", ""), own),
        (steward, row.format("", ""), {"of": town.silverpit_id}),
        (steward, row.format(", changed_at", ", now() - interval '8 days'"), own),
        (steward, row.format(", changed_by", ", :by"), own | {"by": town.accounts["mara"]}),
        (steward, "UPDATE lantern.retention_rule SET days = 30", {}),
        (steward, "DELETE FROM lantern.retention_rule", {}),
    ):
        with pytest.raises(DBAPIError) as refused:
            async with database.asking(asker) as session:
                await session.execute(text(statement), values)
        assert getattr(refused.value.orig, "sqlstate", None) == "42501", statement
    async with database.asking(steward) as session:
        await session.execute(text(row.format("", "")), own)


async def test_the_database_and_the_code_know_the_same_times(owner_url: str) -> None:
    for kind in Kind:
        both = look(owner_url, f"SELECT lantern.retention_usual('{kind}'), lantern.retention_least('{kind}')")
        assert both == [(USUAL_DAYS[kind], LEAST_DAYS[kind])]


async def test_every_run_is_in_the_log_and_the_chain_stays_whole(
    database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    age(owner_url, town.visits["quay"], 800)
    close(owner_url, town.sites["lane"], 100)
    assert await run_what_is_due(database) == 2  # both cities
    said = look(owner_url, f"""
        SELECT noun, ids, entry::jsonb -> 'detail', entry::jsonb ->> 'via' FROM lantern.log_entry
        WHERE organisation_id = '{town.organisation_id}' ORDER BY seq""")  # fmt: skip
    nothing = dict.fromkeys(Kind, 0)
    assert said == [
        ("visits", [], {"count": 1}, "server"),
        ("closed-sites", [town.sites["lane"]], {"count": 1}, "server"),
        ("retention-run", [town.organisation_id], nothing | {Kind.VISITS: 1, Kind.CLOSED_SITES: 1}, "server"),
    ]
    assert await run_what_is_due(database) == 0  # once a day
    async with database.asking(steward) as session:
        chain = await verify(session, town.organisation_id, [])
    assert (chain.seq, chain.faults) == (3, [])


async def test_where_the_log_cannot_be_written_nothing_goes(
    database: Database, steward: Asker, town: SmallTown, owner_url: str
) -> None:
    age(owner_url, town.visits["quay"], 800)
    arrange(owner_url, "DROP POLICY add ON lantern.log_entry")
    with pytest.raises(DBAPIError):
        await run(database, steward)
    assert look(owner_url, f"SELECT count(*) FROM lantern.visit WHERE id = '{town.visits['quay']}'") == [(1,)]
