"""Notes are for the workers who reach the place; the database and its dumps hold them sealed."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from api.key_file import KeyFile
from api.migration import MigrationKeys
from geo.schema import new_id
from migrations import upgrade as migrations
from migrations.carrying import KeysNeeded
from tests.fixtures.client import Client
from tests.fixtures.dump import pg_dump
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
SITES, VISITS = "/api/v1/sites", "/api/v1/visits"
MARKER = "schuilplaats-7391"


def met(town: SmallTown, **more: Any) -> dict[str, Any]:
    body = {"outcome": "met", "site_id": str(town.sites["quay"]), "visited_at": "2026-01-05T20:00:00Z"}
    return body | more


def seen(feature: dict[str, Any], name: str) -> tuple[Any, Any]:
    return feature["properties"][name], feature["properties"][f"has_{name}"]


async def test_alice_reads_the_notes_of_her_places_and_mara_hears_only_that_there_are_some(
    client: Client, town: SmallTown
) -> None:
    alice, mara = await client("alice"), await client("mara")
    visit = f"{VISITS}/{new_id()}"
    assert seen((await alice.put(visit, json=met(town, note="two tents"))).json(), "note") == ("two tents", True)
    site = f"{SITES}/{town.sites['quay']}"
    for person, told in ((alice, True), (mara, False)):
        note, access = ("two tents", "note of quay") if told else (None, None)
        assert seen((await person.get(visit)).json(), "note") == (note, True)
        assert seen((await person.get(site)).json(), "access_note") == (access, True)
        listed = {each["id"]: each for each in (await person.get(SITES)).json()["features"]}
        assert seen(listed[str(town.sites["quay"])], "access_note") == (access, True)
        visits = {each["id"]: each for each in (await person.get(VISITS)).json()["features"]}
        assert seen(visits[visit.rpartition("/")[2]], "note") == (note, True)
        assert seen(visits[str(town.visits["quay"])], "note") == (None, False)
    due = (await (await client("ben")).get(f"{SITES}/due")).json()["features"]
    assert [seen(each, "access_note") for each in due] == [("note of lane", True)]
    theirs = (await mara.get(f"{SITES}/due")).json()["features"]
    assert {seen(each, "access_note") for each in theirs} == {(None, True)}


async def test_no_answer_to_mara_holds_a_note(client: Client, town: SmallTown) -> None:
    alice, mara = await client("alice"), await client("mara")
    site = f"{SITES}/{town.sites['quay']}"
    assert (await alice.put(f"{VISITS}/{new_id()}", json=met(town, note=MARKER))).status_code == 201
    for note in (MARKER, "another"):
        version = (await alice.get(site)).headers["ETag"]
        await alice.patch(site, json={"access_note": f"{note} {MARKER}"}, headers={"If-Match": version})
    paths = [SITES, VISITS, site, f"{site}/history", f"{SITES}/due", "/office", "/phone", "/maps/coverage"]
    paths += [f"/api/v1/export/{noun}?format={form}" for noun in ("sites", "visits") for form in ("geojson", "csv")]
    for path in paths:
        answer = await mara.get(path)
        assert MARKER not in answer.text, path
    history = (await mara.get(f"{site}/history")).json()["changes"]
    assert [change["has_note"] for change in history] == [True, True]
    assert "access_note" not in (await mara.get("/api/v1/export/sites?format=csv")).text
    assert "note" not in (await mara.get("/api/v1/export/visits?format=csv")).text.partition("\n")[0].split(",")


async def test_what_mara_does_not_name_stays_and_what_she_names_is_replaced(client: Client, town: SmallTown) -> None:
    alice, mara = await client("alice"), await client("mara")
    site = f"{SITES}/{town.sites['quay']}"
    whole = {"geom": {"type": "Point", "coordinates": [2.32, 54.77]}, "site_type": "bridge", "status": "active"}
    put = await mara.put(site, json=whole, headers={"If-Match": '"1"'})
    assert seen(put.json(), "access_note") == (None, True)
    assert seen((await alice.get(site)).json(), "access_note") == ("note of quay", True)
    await mara.patch(site, json={"name": "the quay"}, headers={"If-Match": '"2"'})
    assert seen((await alice.get(site)).json(), "access_note") == ("note of quay", True)
    await mara.patch(site, json={"access_note": "ask at the harbour"}, headers={"If-Match": '"3"'})
    assert seen((await alice.get(site)).json(), "access_note") == ("ask at the harbour", True)
    await mara.patch(site, json={"access_note": None}, headers={"If-Match": '"4"'})
    assert seen((await alice.get(site)).json(), "access_note") == (None, False)
    visit = f"{VISITS}/{new_id()}"
    await alice.put(visit, json=met(town, note="two tents"))
    await mara.put(visit, json=met(town, outcome="signs-of-use"), headers={"If-Match": '"1"'})
    assert seen((await alice.get(visit)).json(), "note") == ("two tents", True)
    await alice.put(visit, json=met(town), headers={"If-Match": '"2"'})
    assert seen((await alice.get(visit)).json(), "note") == (None, False)


async def test_a_manager_who_works_too_reads_the_notes_of_their_own_area_on_the_phone_alone(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    both = {"mara": town.accounts["mara"], "ben": town.accounts["ben"]}
    run(owner_url, "UPDATE lantern.account SET roles = '{streetworker,manager}' WHERE id = :mara", mara=both["mara"])
    run(owner_url, "UPDATE lantern.assignment SET account_id = :mara WHERE account_id = :ben", **both)
    mara = await client("mara")
    phone = (await mara.get("/phone")).text
    assert "note of lane" in phone
    assert "quay site" not in phone
    assert "/office" in phone
    assert "note of" not in (await mara.get(SITES)).text


async def test_a_note_that_does_not_open_leaves_the_rest_of_the_list_readable(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    run(
        owner_url,
        "UPDATE lantern.site SET access_note_sealed = other.access_note_sealed FROM lantern.site AS other "
        "WHERE site.id = :lane AND other.id = :quay",
        lane=town.sites["lane"],
        quay=town.sites["quay"],
    )
    ben = await client("ben")
    assert seen((await ben.get(f"{SITES}/{town.sites['lane']}")).json(), "access_note") == (None, True)
    phone = await ben.get("/phone")
    assert phone.status_code == 200
    assert "lane site" in phone.text
    assert "cannot be opened" in phone.text
    assert "note of quay" not in phone.text


async def test_a_dump_of_the_database_holds_no_word_of_a_note(client: Client, town: SmallTown, owner_url: str) -> None:
    alice = await client("alice")
    site = f"{SITES}/{town.sites['quay']}"
    whole = {"geom": {"type": "Point", "coordinates": [2.32, 54.77]}, "site_type": "tent", "access_note": MARKER}
    assert (await alice.post(SITES, json=whole | {"name": "seen-in-the-dump"})).status_code == 201
    assert (await alice.put(f"{VISITS}/{new_id()}", json=met(town, note=MARKER))).status_code == 201
    for version, note in enumerate((MARKER, f"{MARKER} again", None), 1):
        changed = await alice.patch(site, json={"access_note": note}, headers={"If-Match": f'"{version}"'})
        assert changed.status_code == 200
    told = await pg_dump(owner_url)
    assert "seen-in-the-dump" in told
    assert MARKER not in told
    assert MARKER.encode().hex() not in told


OLD = """
    INSERT INTO lantern.site (organisation_id, id, site_type, status, access_note, geom, revisit_days, body_hash,
        logged_by)
    VALUES (:of, :site, 'tent', 'active', 'plain way in', ST_SetSRID(ST_MakePoint(2.32, 54.77), 4326), 7, '\\x0102',
        :alice);
    INSERT INTO lantern.visit (organisation_id, id, site_id, visited_at, outcome, note, source, geom)
    VALUES (:of, :visit, :site, now(), 'met', 'plain visit', 'api', ST_SetSRID(ST_MakePoint(2.32, 54.77), 4326));
    INSERT INTO lantern.change (organisation_id, id, noun, noun_id, version, before)
    VALUES (:of, :change, 'site', :site, 1, '{"access_note": "plain before", "status": "active"}')
"""


async def test_notes_of_an_older_version_are_sealed_on_the_way_up_and_opened_on_the_way_down(
    town: SmallTown, owner_url: str, master_key: KeyFile
) -> None:
    engine = create_engine(owner_url)
    keys = MigrationKeys(master_key)
    ids = {name: new_id() for name in ("site", "visit", "change")}
    with engine.begin() as connection:
        migrations.downgrade(connection, "0005", keys.of)
        old = connection.execute(
            text("SELECT access_note FROM lantern.site WHERE id = :id"), {"id": town.sites["quay"]}
        )
        assert old.scalar_one() == "note of quay"
        for statement in OLD.split(";"):
            connection.execute(text(statement), ids | {"of": town.organisation_id, "alice": town.accounts["alice"]})
    with pytest.raises(KeysNeeded), engine.begin() as connection:
        migrations.upgrade(connection)
    keys = MigrationKeys(master_key)
    with engine.begin() as connection:
        migrations.upgrade(connection, seal_of=keys.of)
    with engine.connect() as connection:
        opened = keys.of(connection, town.organisation_id)
    engine.dispose()
    assert _held(owner_url, "site", "access_note_sealed", opened, ids["site"]) == "plain way in"
    ((receipt,),) = look(owner_url, f"SELECT body_hash FROM lantern.receipt WHERE noun_id = '{ids['site']}'")
    assert opened.open(receipt, table="site", column="body_hash", row_id=ids["site"]) == "0102"  # type: ignore[arg-type]
    assert _held(owner_url, "visit", "note_sealed", opened, ids["visit"]) == "plain visit"
    ((sealed, before),) = look(
        owner_url, f"SELECT note_sealed, before FROM lantern.change WHERE id = '{ids['change']}'"
    )
    assert opened.open(sealed, table="site", column="access_note_sealed", row_id=ids["site"]) == "plain before"  # type: ignore[arg-type]
    assert before == {"status": "active"}
    for table in ("site", "visit", "change"):
        file = f"SELECT encode(pg_read_binary_file(pg_relation_filepath('lantern.{table}')), 'hex')"
        run(owner_url, "CHECKPOINT")
        assert b"plain".hex() not in str(look(owner_url, file)), table


def _held(owner_url: str, table: str, column: str, opened: Any, row: UUID) -> str:
    ((sealed,),) = look(owner_url, f"SELECT {column} FROM lantern.{table} WHERE id = '{row}'")
    told: str = opened.open(sealed, table=table, column=column, row_id=row)
    return told
