"""Requests by law: registered by a steward, released by two persons, held and frozen meanwhile, and all in the log."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.database import Database
from api.retention_run import run, what_goes
from api.settings import Settings
from geo import law_file
from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.dump import dump
from tests.fixtures.law_request import (
    LAW,
    PURPOSE,
    READ,
    asked_for,
    id_of,
    over,
    person,
    proposed,
    registered,
    released,
)
from tests.fixtures.look import look
from tests.fixtures.look import run as arrange
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
ERASURES, EXPORT = "/api/v1/erasures", "/api/v1/export"
LOGGED = """SELECT act, ids, entry::jsonb -> 'detail', entry::jsonb ->> 'why' FROM lantern.log_entry
    WHERE act LIKE 'law-%' ORDER BY seq"""
OLD_FILE = """ALTER TABLE lantern.law_file DISABLE TRIGGER stays;
    UPDATE lantern.law_file SET goes_at = now() - interval '1 minute'"""


async def test_two_persons_release_exactly_what_was_asked_for_and_fetch_the_same_bytes(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    stefan, mara = await client("stefan"), await client("mara")
    exact = (await mara.get(f"{EXPORT}/sites")).json()
    path = await registered(client, town)
    assert (await stefan.get(path)).json()["state"] == "open"
    answer = await stefan.post(f"{path}/propose")
    assert (answer.status_code, answer.json()["state"]) == (200, "proposed")
    answer = await mara.post(f"{path}/agree", json=READ)
    assert (answer.status_code, answer.json()["state"]) == (200, "released")
    told = answer.json()
    files = [await each.post(f"{path}/file", json=PURPOSE) for each in (stefan, mara, mara)]
    assert {file.status_code for file in files} == {200}
    assert len({file.content for file in files}) == 1
    body = files[0].content
    assert hashlib.sha256(body).hexdigest() == told["file_sha256"]
    assert (told["file_rows"], told["file_bytes"]) == (1, len(body))
    assert files[0].headers["content-type"] == "application/geo+json"
    assert files[0].headers["cache-control"] == "no-store"
    quay = str(town.sites["quay"])
    document = json.loads(body)
    assert document["features"] == [each for each in exact["features"] if each["id"] == quay]
    assert (document["numberReturned"], document["complete"]) == (1, True)
    arrange(owner_url, "UPDATE lantern.site SET geom = ST_Translate(geom, 0.001, 0)")
    assert (await mara.post(f"{path}/file", json=PURPOSE)).content == body  # frozen


async def test_visits_go_out_as_the_exact_export_has_them(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    exact = (await mara.get(f"{EXPORT}/visits")).json()["features"]
    days = {"first_day": (town.today - timedelta(days=9)).isoformat(), "last_day": town.today.isoformat()}
    path = await released(client, town, noun="visits", **days, site_ids=[], work_area_id=str(town.areas["north"]))
    found = (await mara.post(f"{path}/file", json=PURPOSE)).json()["features"]
    assert found == [each for each in exact if each["id"] == str(town.visits["quay"])]
    assert found[0]["properties"]["worker"] == "Alice"


async def test_every_step_and_every_download_is_in_the_log_with_the_sites_and_the_purpose(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    path, mara = await released(client, town), await client("mara")
    request, quay = id_of(path), town.sites["quay"]
    await mara.post(f"{path}/file", json=PURPOSE)
    refused = id_of(await registered(client, town))
    await mara.post(f"{LAW}/{refused}/refuse", json={"reason": "it names no law"})
    sha256 = (await mara.get(path)).json()["file_sha256"]
    asked = {"noun": "sites", "sites": 1, "area": None}
    assert look(owner_url, LOGGED) == [
        ("law-registered", [request, quay], asked, None),
        ("law-proposed", [request, quay], {"sites": 1, "visits": 0}, None),
        ("law-released", [request, quay],
         {"rows": 1, "sha256": sha256, "proposed_by": str(town.accounts["stefan"])}, None),
        ("law-downloaded", [request], {"sha256": sha256}, PURPOSE["purpose"]),
        ("law-registered", [refused, quay], asked, None),
        ("law-refused", [refused], {}, None),
    ]  # fmt: skip
    page = (await (await client("stefan")).get(f"/steward?row={request}")).text
    assert "agreed, and released to an authority" in page
    assert (PURPOSE["purpose"] in page, "the request by law" in page) == (True, True)


async def test_a_managers_home_says_that_downloads_are_frozen_and_offers_none(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    before = (await mara.get("/office")).text
    assert "/office/downloads/sites?format=csv" in before
    assert "frozen while" not in before
    await registered(client, town)
    page = (await mara.get("/office")).text
    assert "/office/downloads/" not in page
    assert page.count("frozen while a request by law holds") == 2
    late = await mara.get("/office/downloads/sites?format=csv", headers={"Accept": "text/html"})
    assert (late.status_code, "A request by law holds." in late.text, "refresh" in late.headers) == (409, True, False)
    areas = await mara.get("/office/downloads/areas?format=csv")
    assert areas.headers["refresh"] == "0; url=/api/v1/export/areas?format=csv"


async def test_what_was_typed_and_what_went_out_is_sealed_at_rest(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    arrange(owner_url, "UPDATE lantern.site SET name = 'behind the green door' WHERE id = :id", id=town.sites["quay"])
    await released(client, town)
    path, mara = await registered(client, town), await client("mara")
    assert (await mara.post(f"{path}/refuse", json={"reason": "names nobody"})).status_code == 200
    whole = dump(owner_url)
    assert whole.count("behind the green door") == 1  # the site itself, and not its file
    for typed in ("District court", "Order 12/345", "where the doorway", "names nobody"):
        assert typed not in whole
    told = (await mara.get(path)).json()
    words = ("authority", "reference", "wording", "refusal")
    assert [told[name] for name in words] == [
        "District court of Doggerstad", "Order 12/345", "where the doorway at the quay is", "names nobody",
    ]  # fmt: skip


async def test_a_request_names_its_scope_and_never_everything(client: Client, town: SmallTown) -> None:
    stefan, day = await client("stefan"), town.today.isoformat()
    many = [str(new_id()) for _ in range(101)]
    for wrong in (
        {"site_ids": list[str]()},
        {"site_ids": many},
        {"noun": "visits"},
        {"noun": "visits", "first_day": day},
        {"noun": "visits", "first_day": "2024-01-01", "last_day": day},
        {"first_day": day, "last_day": day},
        {"due_on": (town.today - timedelta(days=1)).isoformat()},
        {"came_on": (town.today + timedelta(days=9)).isoformat(), "due_on": "2100-01-01"},
        {"work_area_id": str(town.areas["silverpit"])},
        {"noun": "clients"},
        {"authority": " "},
        {"wording": ""},
        {"everything": True},
    ):
        answer = await stefan.post(LAW, json=asked_for(town, **wrong))
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input"), wrong
    assert (await stefan.get(LAW)).json()["items"] == []


async def test_the_one_who_proposed_does_not_agree_and_nobody_else_proposes(client: Client, town: SmallTown) -> None:
    path = await registered(client, town)
    stefan, mara, otto = [await client(name) for name in ("stefan", "mara", "otto")]
    assert (await mara.post(f"{path}/agree", json=READ)).status_code == 409  # nobody proposed it yet
    assert (await mara.post(f"{path}/propose")).status_code == 403
    assert (await stefan.post(f"{path}/propose")).status_code == 200
    assert (await stefan.post(f"{path}/propose")).status_code == 409
    assert (await stefan.post(f"{path}/agree", json=READ)).status_code == 403
    assert (await otto.post(f"{path}/agree", json=READ)).status_code == 404
    assert (await mara.post(f"{path}/file", json=PURPOSE)).status_code == 404
    assert (await mara.post(f"{path}/agree", json=READ)).status_code == 200
    for step, body in (("agree", READ), ("refuse", {"reason": "too late"})):
        assert (await mara.post(f"{path}/{step}", json=body)).status_code == 409


async def test_either_refuses_with_a_reason_and_then_nobody_releases_it(client: Client, town: SmallTown) -> None:
    stefan, mara = await client("stefan"), await client("mara")
    for who, path in ((stefan, await registered(client, town)), (mara, await proposed(client, town))):
        assert (await who.post(f"{path}/refuse", json={"reason": ""})).status_code == 422
        answer = await who.post(f"{path}/refuse", json={"reason": "no court ordered it"})
        assert (answer.json()["state"], answer.json()["refusal"]) == ("refused", "no court ordered it")
        assert (await stefan.post(f"{path}/propose")).status_code == 409
        assert (await mara.post(f"{path}/agree", json=READ)).status_code == 409


async def test_what_nobody_decides_lapses(client: Client, town: SmallTown, owner_url: str) -> None:
    waiting, idle = await proposed(client, town), await registered(client, town)
    stefan, mara = await client("stefan"), await client("mara")
    aged = "UPDATE lantern.law_request SET {0} = {0} - interval '{1}' WHERE id = :id"
    arrange(owner_url, aged.format("proposed_at", "6 days 23 hours"), id=id_of(waiting))
    arrange(owner_url, aged.format("registered_at", "89 days"), id=id_of(idle))
    assert (await mara.get(f"{EXPORT}/sites")).status_code == 409
    assert len((await mara.get(f"{LAW}?live=true")).json()["items"]) == 2
    arrange(owner_url, aged.format("proposed_at", "1 hour"), id=id_of(waiting))
    arrange(owner_url, aged.format("registered_at", "1 day"), id=id_of(idle))
    assert len((await mara.get(f"{LAW}?live=true")).json()["items"]) == 2  # they hold for a week more
    assert (await mara.post(f"{waiting}/agree", json=READ)).status_code == 409
    assert (await mara.get(f"{EXPORT}/sites")).status_code == 409
    arrange(owner_url, aged.format("proposed_at", "7 days"), id=id_of(waiting))
    arrange(owner_url, aged.format("registered_at", "7 days"), id=id_of(idle))
    assert {each["state"] for each in (await mara.get(LAW)).json()["items"]} == {"lapsed"}
    assert (await mara.get(f"{LAW}?live=true")).json()["items"] == []
    assert (await mara.post(f"{waiting}/agree", json=READ)).status_code == 409
    assert (await stefan.post(f"{idle}/propose")).status_code == 409
    assert (await mara.get(f"{EXPORT}/sites")).status_code == 200


async def test_exact_exports_are_frozen_until_it_is_decided_and_nothing_else(
    client: Client, town: SmallTown, terminal: Terminal, settings: Settings, owner_url: str, tmp_path: Path
) -> None:
    mara, otto = await client("mara"), await client("otto")
    path = await registered(client, town)
    for noun in ("sites", "visits"):
        answer = await mara.get(f"{EXPORT}/{noun}")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/exports-frozen")
        assert (await otto.get(f"{EXPORT}/{noun}")).status_code == 200  # another city's are not
    for open_still in (f"{EXPORT}/areas", f"{EXPORT}/coverage", "/api/v1/sites", "/api/v1/releases", "/maps/heat"):
        assert (await mara.get(open_still)).status_code == 200, open_still
    here = {"database_url": settings.database_url}
    command = ("export", "sites", "-o", str(tmp_path / "out"), "--organisation", "doggerstad", "--purpose", "handover")
    ran = terminal.run(*command, **here)
    assert (ran.returncode, "A request by law holds" in ran.stderr) == (1, True), ran.stderr
    assert not (tmp_path / "out").exists()
    await over(client, path, owner_url)
    assert (await mara.get(f"{EXPORT}/sites")).status_code == 200
    assert terminal.run(*command, **here).returncode == 0


async def test_retention_and_erasure_leave_what_is_held_until_it_is_decided(
    client: Client, app: FastAPI, database: Database, town: SmallTown, owner_url: str, tmp_path: Path
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"home": tmp_path})
    arrange(owner_url, """UPDATE lantern.visit SET visited_at = now() - interval '800 days',
        recorded_at = now() - interval '800 days'""")  # fmt: skip
    day = (town.today - timedelta(days=800)).isoformat()
    path = await registered(client, town, noun="visits", first_day=day, last_day=day)
    by_area = await registered(client, town, site_ids=[], work_area_id=str(town.areas["south"]))
    steward, stefan = person(town, "stefan"), await client("stefan")
    assert [each.count for each in await what_goes(database, steward) if each.count] == [1]
    assert sum((await run(database, steward)).values()) == 1
    left = {row[0] for row in look(owner_url, "SELECT id FROM lantern.visit")}
    assert left == {town.visits["quay"], town.visits["silverpit"]}
    for site, holder in (("quay", path), ("lane", by_area)):
        erase = {"site_id": str(town.sites[site]), "reason": "asked"}
        answer = await stefan.post(ERASURES, json=erase)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/held-by-law")
        assert str(id_of(holder)) in answer.json()["detail"]
        page = await stefan.post("/steward/erasures", data=erase | {"understood": "yes"})
        assert (page.status_code, "A request by law holds it" in page.text) == (422, True)
    assert look(owner_url, "SELECT count(*) FROM lantern.erasure") == [(0,)]
    for each in (path, by_area):
        await over(client, each, owner_url)
    assert (await stefan.post(ERASURES, json=erase)).status_code == 201
    assert sum((await run(database, steward)).values()) == 1


async def test_the_file_goes_after_its_time_and_the_register_keeps_the_hash(
    client: Client, database: Database, town: SmallTown, owner_url: str
) -> None:
    path, mara = await released(client, town), await client("mara")
    told = (await mara.get(path)).json()
    await run(database, person(town, "stefan"))
    assert (await mara.post(f"{path}/file", json=PURPOSE)).status_code == 200
    arrange(owner_url, OLD_FILE)
    assert (await mara.post(f"{path}/file", json=PURPOSE)).status_code == 404
    await run(database, person(town, "stefan"))
    assert look(owner_url, "SELECT count(*) FROM lantern.law_file") == [(0,)]
    assert (await mara.get(path)).json() == told
    assert len(told["file_sha256"]) == 64
    gone = "SELECT ids FROM lantern.log_entry WHERE act = 'retention-ran' AND noun = 'law_file'"
    assert look(owner_url, gone) == [([id_of(path)],)]


async def test_too_much_is_refused_and_nothing_is_released(
    client: Client, town: SmallTown, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quay_and_lane = [str(town.sites[name]) for name in ("quay", "lane")]
    path, mara = await proposed(client, town, site_ids=quay_and_lane), await client("mara")
    for name, most in (("MOST_ROWS", 1), ("MOST_BYTES", 500)):
        with monkeypatch.context() as patch:
            patch.setattr(law_file, name, most)
            answer = await mara.post(f"{path}/agree", json=READ)
            assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert (await mara.get(path)).json()["state"] == "proposed"
    assert (await mara.post(f"{path}/agree", json=READ)).json()["file_rows"] == 2


async def test_a_file_that_is_not_the_one_that_was_frozen_is_not_handed_out(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    path, other = await released(client, town), await released(client, town)
    mara = await client("mara")
    arrange(owner_url, "ALTER TABLE lantern.law_file DISABLE TRIGGER stays")
    swapped = """UPDATE lantern.law_file SET file_sealed = (SELECT file_sealed FROM lantern.law_file WHERE id = :other)
        WHERE id = :id"""
    arrange(owner_url, swapped, id=id_of(path), other=id_of(other))
    arrange(owner_url, "UPDATE lantern.law_request SET file_hash = sha256('x') WHERE id = :id", id=id_of(other))
    for each in (path, other):
        answer = await mara.post(f"{each}/file", json=PURPOSE)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/file-damaged")


async def test_where_the_log_cannot_be_written_nothing_is_released_and_nothing_fetched(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    path, there, mara = await proposed(client, town), await released(client, town), await client("mara")
    arrange(owner_url, "DROP POLICY add ON lantern.log_entry")
    assert (await mara.post(f"{path}/agree", json=READ)).status_code == 403
    assert (await mara.post(f"{there}/file", json=PURPOSE)).status_code == 403
    assert look(owner_url, "SELECT count(*) FROM lantern.law_file") == [(1,)]


async def test_managers_are_told_on_their_home_and_a_steward_finds_the_register(
    client: Client, town: SmallTown
) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    assert "Requests by law</h2>" not in (await mara.get("/office")).text
    path = await proposed(client, town, authority="<script>alert(1)</script>")
    page = f"/law-requests/{id_of(path)}"
    for told in (await mara.get("/office"), await stefan.get("/law-requests"), await mara.get(page)):
        assert "&lt;script&gt;alert(1)" in told.text
        assert "<script>alert" not in told.text
        assert f'href="{page}"' in told.text or told.url.path == page
    for wrong in ({"sites": "quay"}, {"sites": ""}, {"due_on": "1999-01-01"}, {"noun": "visits"}, {"came_on": "x"}):
        form = asked_for(town, sites=str(town.sites["quay"])) | wrong
        answer = await stefan.post("/law-requests", data=form)
        assert (answer.status_code, "Nothing was saved yet" in answer.text) == (422, True), wrong
    form = asked_for(town, sites=f"{town.sites['quay']}\r\n{town.sites['lane']}", wording="one\r\ntwo")
    answer = await stefan.post("/law-requests", data=form)
    assert answer.status_code == 303
    told = (await stefan.get(f"/api/v1{answer.headers['location']}")).json()
    assert (len(told["site_ids"]), told["wording"]) == (2, "one\ntwo")
