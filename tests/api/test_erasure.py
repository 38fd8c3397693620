"""Erasure: nothing of a site is left, and it does not come back, by no delivery, no import and no backup."""

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api import erasure
from api.asker import Asker
from api.database import Database
from api.erasure import UNLISTED
from api.erasure_file import FILE, follow_up, read_erasures
from api.settings import Settings
from api.vault import Vault
from geo.account import Role
from geo.erasure import Noun
from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.dump import dump
from tests.fixtures.look import look
from tests.fixtures.look import run as arrange
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
ERASURES, SITES, VISITS = "/api/v1/erasures", "/api/v1/sites", "/api/v1/visits"
POINT = {"type": "Point", "coordinates": [2.321234, 54.771234]}
NEW_SITE = {"geom": POINT, "site_type": "doorway", "name": "the green door", "access_note": "ring twice"}
CSV = "id,site_type,name,lon,lat\n{id},doorway,the green door,2.321234,54.771234\n"


@pytest.fixture
def home(app: FastAPI, tmp_path: Path) -> Path:
    """A home of this test alone: the list of erasures lies there."""
    app.state.settings = app.state.settings.model_copy(update={"home": tmp_path})
    return tmp_path


async def test_nothing_of_an_erased_site_is_left_and_no_delivery_brings_it_back(
    client: Client, town: SmallTown, owner_url: str, home: Path
) -> None:
    alice, stefan, mara = [await client(person) for person in ("alice", "stefan", "mara")]
    site, visit = new_id(), new_id()
    logged = {"outcome": "met", "site_id": str(site), "visited_at": "2026-01-05T20:00:00Z", "note": "asked for gloves"}
    logged |= {"geom": {"type": "Point", "coordinates": [2.321357, 54.771357]}}  # type: ignore[dict-item]
    assert (await alice.put(f"{SITES}/{site}", json=NEW_SITE)).status_code == 201
    assert (await alice.put(f"{VISITS}/{visit}", json=logged)).status_code == 201
    moved = {"geom": {"type": "Point", "coordinates": [2.321468, 54.771468]}, "access_note": "ring once"}
    assert (await alice.patch(f"{SITES}/{site}", json=moved, headers={"If-Match": '"2"'})).status_code == 200
    closed = {"cause": "fire", "moved_to": [str(town.sites["quay"])]}
    assert (await mara.post(f"{SITES}/{site}/close", json=closed, headers={"If-Match": '"3"'})).status_code == 200
    told = ["2.321234", "2.321357", "2.321468", "the green door"]
    sealed = look(owner_url, f"""
        SELECT access_note_sealed::text FROM lantern.site WHERE id = '{site}'
        UNION ALL SELECT note_sealed::text FROM lantern.visit WHERE id = '{visit}'
        UNION ALL SELECT note_sealed::text FROM lantern.change WHERE noun_id = '{site}'""")  # fmt: skip
    told += [str(each)[3:] for (each,) in sealed]
    before = dump(owner_url)
    assert len(told) == 9
    assert [each for each in told if each not in before] == []  # the control: it was all there
    answer = await stefan.post(ERASURES, json={"site_id": str(site), "reason": "asked"})
    assert (answer.status_code, answer.json()) == (201, {"site_id": str(site), "reason": "asked", "visits": 1})
    after = dump(owner_url)
    assert [each for each in told if each in after] == []
    assert look(owner_url, "SELECT id, noun, reason FROM lantern.erasure ORDER BY noun") == [
        (site, "site", "asked"), (visit, "visit", "asked"),
    ]  # fmt: skip
    again = await alice.put(f"{SITES}/{site}", json=NEW_SITE)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/id-taken")
    assert (await alice.post(SITES, json=NEW_SITE | {"id": str(site)})).status_code == 409
    late = await alice.put(f"{VISITS}/{visit}", json=logged)
    never = await alice.put(f"{VISITS}/{new_id()}", json=logged | {"site_id": str(new_id())})
    assert (late.status_code, late.json()) == (422, never.json())  # the site is as if it had never been
    elsewhere = logged | {"site_id": None}
    assert (await alice.put(f"{VISITS}/{visit}", json=elsewhere)).status_code == 409
    file = {"file": ("sites.csv", CSV.format(id=site))}
    brought = await mara.post("/api/v1/imports/sites", files=file)
    assert (brought.status_code, brought.json()["sites"]) == (200, 0), brought.text
    assert look(owner_url, f"SELECT count(*) FROM lantern.site WHERE id = '{site}'") == [(0,)]
    assert [each for each in told if each in dump(owner_url)] == []
    entry = look(owner_url, "SELECT entry::jsonb -> 'detail', ids FROM lantern.log_entry WHERE act = 'erased'")
    assert entry == [({"reason": "asked", "visits": 1}, [site, visit])]


async def test_the_list_outside_the_database_holds_ids_and_no_place(
    client: Client, town: SmallTown, home: Path
) -> None:
    stefan = await client("stefan")
    quay = {"site_id": str(town.sites["quay"]), "reason": "asked"}
    assert (await stefan.post(ERASURES, json=quay)).status_code == 201
    assert (home / FILE).stat().st_mode & 0o777 == 0o600
    assert set(read_erasures(home / FILE, town.organisation_id)) == {
        (Noun.SITE, town.sites["quay"]), (Noun.VISIT, town.visits["quay"]),
    }  # fmt: skip
    said = (home / FILE).read_text()
    assert "2.32" not in said
    assert {frozenset(json.loads(line)) for line in said.splitlines()} == {
        frozenset({"organisation_id", "id", "noun", "reason", "erased_on"})
    }


async def test_an_old_log_does_not_bring_erased_visits_back(
    client: Client, town: SmallTown, owner_url: str, home: Path
) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    file = {"file": ("log.csv", "observed_on,kind,people,lon,lat\n2024-03-05,tent,2,2.311234,54.771234\n")}
    assert (await mara.post("/api/v1/imports/observations", files=file)).status_code == 200
    [(site,)] = look(owner_url, "SELECT site_id FROM lantern.visit WHERE source = 'import'")
    answer = await stefan.post(ERASURES, json={"site_id": str(site), "reason": "mistake"})
    assert answer.json()["visits"] == 1
    again = await mara.post("/api/v1/imports/observations", files=file)
    assert again.status_code == 200
    assert look(owner_url, "SELECT count(*) FROM lantern.visit WHERE source = 'import'") == [(0,)]


async def test_erasing_is_the_stewards_alone_and_of_ones_own_city(
    client: Client, town: SmallTown, owner_url: str, home: Path
) -> None:
    body = {"site_id": str(town.sites["quay"]), "reason": "danger"}
    form = body | {"understood": "yes"}
    for person in ("alice", "mara", "pim", "dora", "otto"):
        asked = await client(person)
        for answer in (
            await asked.get(ERASURES), await asked.post(ERASURES, json=body),
            await asked.get("/steward/erasures"), await asked.post("/steward/erasures", data=form),
        ):  # fmt: skip
            assert answer.status_code == 403, person
    stefan = await client("stefan")
    for other in (town.sites["silverpit"], new_id(), town.visits["quay"]):
        answer = await stefan.post(ERASURES, json={"site_id": str(other), "reason": "danger"})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert look(owner_url, "SELECT count(*) FROM lantern.erasure") == [(0,)]
    assert look(owner_url, "SELECT count(*) FROM lantern.site") == [(4,)]
    assert not (home / FILE).exists()


async def test_only_what_a_steward_put_on_the_list_can_be_deleted(town: SmallTown, database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    steward = Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.STEWARD)
    manager = Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.MANAGER)
    listed = "INSERT INTO lantern.erasure (organisation_id, id, noun, reason) VALUES (:of, :id, '{}', 'order')"
    on_the_list, as_a_visit = text(listed.format("site")), text(listed.format("visit"))
    quay = {"of": town.organisation_id, "id": town.sites["quay"]}
    try:
        with pytest.raises(DBAPIError) as refused:
            async with database.erasing(manager) as session:
                await session.execute(on_the_list, quay)
        assert getattr(refused.value.orig, "sqlstate", None) == "42501"
        async with database.erasing(steward) as session:
            await session.execute(as_a_visit, quay)
            for table in ("site_status", "site_move", "site", "visit"):
                gone = await session.execute(text(f"DELETE FROM lantern.{table} RETURNING id"))
                assert gone.all() == [], table  # no visit has this id
        async with database.asking(steward) as session:
            await session.execute(on_the_list, quay)
        for opened in (database.asking(manager), database.asking(steward), database.retaining(steward)):
            async with opened as session:
                for table in ("site_status", "site_move", "site", "visit"):
                    gone = await session.execute(text(f"DELETE FROM lantern.{table} RETURNING id"))
                    assert gone.all() == [], table
        async with database.erasing(steward) as session:
            for table, count in (("visit", 1), ("site_status", 1), ("site", 1)):
                gone = await session.execute(text(f"DELETE FROM lantern.{table} RETURNING id"))
                assert len(gone.all()) == count, table
        for statement in ("DELETE FROM lantern.erasure", "UPDATE lantern.erasure SET noun = 'visit'"):
            with pytest.raises(DBAPIError):
                async with database.erasing(steward) as session:
                    await session.execute(text(statement))
    finally:
        await database.close()


async def test_after_an_erasure_there_are_new_keys_and_the_old_ones_are_gone(
    client: Client, app: FastAPI, town: SmallTown, owner_url: str, home: Path
) -> None:
    alice, stefan = await client("alice"), await client("stefan")
    arrange(owner_url, "UPDATE lantern.organisation_key SET made_at = now() - interval '1 day'")
    vault: Vault = app.state.vault
    keys = f"SELECT number FROM lantern.organisation_key WHERE organisation_id = '{town.organisation_id}'"
    assert await follow_up(app.state.database, vault, home) == 0
    assert look(owner_url, keys) == [(1,)]
    body = {"site_id": str(town.sites["lane"]), "reason": "order"}
    assert (await stefan.post(ERASURES, json=body)).status_code == 201
    (home / FILE).unlink()
    assert await follow_up(app.state.database, vault, home) == 1
    assert set(read_erasures(home / FILE, town.organisation_id)) == {
        (Noun.SITE, town.sites["lane"]), (Noun.VISIT, town.visits["lane"]),
    }  # fmt: skip
    assert look(owner_url, keys) == [(2,)]
    assert await follow_up(app.state.database, vault, home) == 0
    [note] = [each["properties"]["access_note"] for each in (await alice.get(SITES)).json()["features"]]
    assert note == "note of quay"  # what was not erased is read as before


async def test_a_backup_that_is_put_back_is_cleared_of_what_was_erased_since(
    client: Client, terminal: Terminal, town: SmallTown, owner_url: str, settings: Settings, home: Path
) -> None:
    stefan = await client("stefan")
    kept = ("site", "visit", "site_status")
    for table in kept:
        arrange(owner_url, f"CREATE TABLE public.old_{table} AS SELECT * FROM lantern.{table}")
    body = {"site_id": str(town.sites["quay"]), "reason": "asked"}
    assert (await stefan.post(ERASURES, json=body)).status_code == 201
    arrange(owner_url, "TRUNCATE lantern.erasure")  # as in a backup from before
    for table in kept:
        [(columns,)] = look(owner_url, f"""
            SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
            WHERE attrelid = 'lantern.{table}'::regclass AND attnum > 0 AND NOT attisdropped
                AND attgenerated = ''""")  # fmt: skip
        old = f"SELECT {columns} FROM public.old_{table}"
        arrange(owner_url, f"INSERT INTO lantern.{table} ({columns}) {old} ON CONFLICT DO NOTHING")
        arrange(owner_url, f"DROP TABLE public.old_{table}")
    assert look(owner_url, "SELECT count(*) FROM lantern.site") == [(4,)]
    here = {"home": home, "database_url": settings.database_url, "key_file": settings.home / "keys" / "master"}
    ran = terminal.run("erasures", "apply", "-o", "doggerstad", **here)
    assert (ran.returncode, ran.stdout.strip()) == (
        0, "2 ids on the list. Erased again: 1 sites, 1 visits, 0 accounts, 0 alerts.",
    ), ran.stderr  # fmt: skip
    assert look(owner_url, f"SELECT count(*) FROM lantern.site WHERE id = '{town.sites['quay']}'") == [(0,)]
    assert look(owner_url, "SELECT count(*) FROM lantern.site") == [(3,)]
    again = terminal.run("erasures", "apply", "-o", "doggerstad", **here)
    assert again.stdout.strip() == "2 ids on the list. Erased again: 0 sites, 0 visits, 0 accounts, 0 alerts."
    missing = terminal.run("erasures", "apply", "-o", "doggerstad", "--from", str(home / "none"), **here)
    assert (missing.returncode, "There is no list" in missing.stderr) == (1, True)


async def test_the_page_asks_for_id_reason_and_confirmation(client: Client, town: SmallTown, home: Path) -> None:
    stefan = await client("stefan")
    whole = {"site_id": str(town.sites["quay"]), "reason": "asked", "understood": "yes"}
    for wrong, said in (
        ({"understood": ""}, "Tick this to go on."),
        ({"reason": ""}, "Fill this in."),
        ({"site_id": "<script>"}, "This is no id. An id looks like 01890a5d-"),
        ({"site_id": str(new_id())}, "There is no site with this id."),
    ):
        answer = await stefan.post("/steward/erasures", data=whole | wrong)
        assert (answer.status_code, said in answer.text) == (422, True), wrong
        assert "<script>" not in answer.text.split("<main", 1)[1]
    answer = await stefan.post("/steward/erasures", data=whole)
    assert (answer.status_code, answer.headers["location"]) == (303, "/steward/erasures?done=erased")
    page = (await stefan.get("/steward/erasures?done=erased")).text
    assert str(town.sites["quay"]) in page
    assert "Stefan" in page
    assert "quay site" not in page


async def test_an_id_that_was_chosen_to_be_anothers_takes_nothing_else_along(
    client: Client, town: SmallTown, owner_url: str, home: Path
) -> None:
    """Clients choose ids: a visit may bear that of a site, whose id its maker has only heard of."""
    ben, stefan = await client("ben"), await client("stefan")
    quay, lane = town.sites["quay"], town.sites["lane"]
    bait = {"outcome": "met", "site_id": str(lane), "visited_at": "2026-01-05T20:00:00Z"}
    bait |= {"geom": {"type": "Point", "coordinates": [2.32, 54.75]}}  # type: ignore[dict-item]
    assert (await ben.put(f"{VISITS}/{quay}", json=bait)).status_code == 201
    kept = look(owner_url, f"SELECT count(*) FROM lantern.visit WHERE site_id = '{quay}'")
    assert (await stefan.post(ERASURES, json={"site_id": str(lane), "reason": "mistake"})).status_code == 201
    assert look(owner_url, f"SELECT count(*) FROM lantern.site WHERE id IN ('{quay}', '{lane}')") == [(1,)]
    assert look(owner_url, f"SELECT count(*) FROM lantern.visit WHERE site_id = '{quay}'") == kept
    listed = f"SELECT noun FROM lantern.erasure WHERE id = '{quay}' ORDER BY noun"
    assert look(owner_url, listed) == [("visit",)]
    # Nor does it keep the site from being erased in its turn.
    answer = await stefan.post(ERASURES, json={"site_id": str(quay), "reason": "danger"})
    assert (answer.status_code, answer.json()["visits"]) == (201, 1), answer.text
    assert look(owner_url, f"SELECT count(*) FROM lantern.site WHERE id = '{quay}'") == [(0,)]
    assert look(owner_url, listed) == [("site",), ("visit",)]
    assert {key for key in read_erasures(home / FILE, town.organisation_id) if key[1] == quay} == {
        (Noun.SITE, quay), (Noun.VISIT, quay),
    }  # fmt: skip


async def test_what_was_erased_is_answered_so_when_the_list_outside_cannot_be_written(
    client: Client, app: FastAPI, town: SmallTown, owner_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stefan = await client("stefan")
    (home / FILE).mkdir()  # no file can be written there
    body = {"site_id": str(town.sites["quay"]), "reason": "asked"}
    answer = await stefan.post(ERASURES, json=body)
    assert (answer.status_code, answer.json().pop("warning")) == (201, UNLISTED)
    assert look(owner_url, f"SELECT count(*) FROM lantern.site WHERE id = '{town.sites['quay']}'") == [(0,)]

    async def no_database(*_: object) -> int:
        raise PoolTimeout

    monkeypatch.setattr(erasure, "write_erasures", no_database)
    form = {"site_id": str(town.sites["lane"]), "reason": "asked", "understood": "yes"}
    answer = await stefan.post("/steward/erasures", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/steward/erasures?done=unlisted")
    for page in ("/steward/erasures", "/steward/erasures/accounts"):
        assert "could not be written" in (await stefan.get(f"{page}?done=unlisted")).text
        assert "could not be written" not in (await stefan.get(f"{page}?done=erased")).text
    assert look(owner_url, f"SELECT count(*) FROM lantern.site WHERE id = '{town.sites['lane']}'") == [(0,)]
    monkeypatch.undo()
    (home / FILE).rmdir()
    await follow_up(app.state.database, app.state.vault, home)
    assert {(Noun.SITE, town.sites["quay"]), (Noun.SITE, town.sites["lane"])} < set(
        read_erasures(home / FILE, town.organisation_id)
    )
