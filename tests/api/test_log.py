"""The log: who saw and did what. What is shown is written down in the same transaction, or is not shown."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from api.settings import Settings
from geo.log import Act
from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.look import run
from tests.fixtures.town import PURPOSE, SmallTown
from web.steward.log import ACTS

pytestmark = pytest.mark.anyio
LOG = "/api/v1/log"


def logged(owner_url: str) -> list[dict[str, Any]]:
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        rows = list(connection.scalars(text("SELECT entry FROM lantern.log_entry ORDER BY seq")))
    engine.dispose()
    return [json.loads(row) for row in rows]


async def test_each_exact_place_that_is_shown_is_written_down(client: Client, town: SmallTown, owner_url: str) -> None:
    alice = await client("alice")
    site, visit = str(town.sites["quay"]), str(town.visits["quay"])
    paths = {
        "/api/v1/sites": ("site", {site}),
        f"/api/v1/sites/{site}": ("site", {site}),
        f"/api/v1/sites/{site}/history": ("site", {site}),
        "/api/v1/visits": ("visit", {visit, site}),
        f"/api/v1/visits/{visit}": ("visit", {visit, site}),
        "/phone": ("site", {site}),
        "/phone/visit": ("site", {site}),
        "/maps/coverage?sites=overdue": ("site", set()),
    }
    for path, (noun, ids) in paths.items():
        before = len(logged(owner_url))
        assert (await alice.get(path)).status_code == 200, path
        [entry] = logged(owner_url)[before:]
        assert (entry["act"], entry["noun"], set(entry["ids"])) == ("read", noun, ids), path
        assert (entry["by"], entry["via"], entry["why"]) == (str(town.accounts["alice"]), "session", None)


async def test_what_a_manager_sees_is_written_down_with_the_purpose(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    mara = await client("mara")
    await mara.get("/api/v1/sites")
    stated, read = logged(owner_url)[-2:]
    assert (stated["act"], stated["detail"]) == ("purpose-stated", {"purpose": PURPOSE, "minutes": 60})
    assert (read["act"], read["why"], len(read["ids"])) == ("read", PURPOSE, 3)


async def test_a_download_is_written_down_before_it_begins(client: Client, town: SmallTown, owner_url: str) -> None:
    mara = await client("mara")
    box = {"Lantern-Box": "2.3,54.7,2.4,54.8"}
    for path, headers, noun, ids in (
        ("/api/v1/export/sites?status=active", box, "sites", {"quay", "lane"}),
        ("/api/v1/export/visits", {}, "visits", {"quay", "lane"}),
        ("/api/v1/export/areas", box, "areas", set[str]()),
    ):
        assert (await mara.get(path, headers=headers)).status_code == 200
        entry = logged(owner_url)[-1]
        assert (entry["act"], entry["noun"]) == ("exported", noun)
        assert set(entry["ids"]) == {str(town.sites[name]) for name in ids}
        assert entry["detail"]["box"] == bool(headers)
        assert "54." not in json.dumps(entry["detail"])


async def test_where_the_log_cannot_be_written_nothing_is_shown(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    alice, mara = await client("alice"), await client("mara")
    run(owner_url, "REVOKE INSERT ON lantern.log_entry FROM lantern_app")
    new = {"geom": {"type": "Point", "coordinates": [2.31, 54.77]}, "site_type": "park"}
    for answer in (
        await alice.get("/api/v1/sites"),
        await alice.get("/phone"),
        await mara.get("/api/v1/export/sites"),
        await alice.post("/api/v1/sites", json=new),
    ):
        assert answer.status_code in {403, 503}
        assert "quay" not in answer.text
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM lantern.site WHERE site_type = 'park'")) == 0
    engine.dispose()


async def test_what_was_refused_was_not_seen(client: Client, town: SmallTown, owner_url: str) -> None:
    alice = await client("alice")
    before = len(logged(owner_url))
    assert (await alice.get(f"/api/v1/sites/{town.sites['lane']}")).status_code == 404
    assert len(logged(owner_url)) == before


async def test_the_steward_reads_the_history_of_a_site_and_of_a_person(client: Client, town: SmallTown) -> None:
    alice, ben, mara = await client("alice"), await client("ben"), await client("mara")
    for worker in (alice, ben):
        await worker.get("/api/v1/sites")
    await mara.get(f"/api/v1/sites/{town.sites['quay']}")
    stefan = await client("stefan")
    of_site = (await stefan.get(f"{LOG}?row={town.sites['quay']}&act=read")).json()["items"]
    seen_by = [entry["account_id"] for entry in of_site if entry["noun"] == "site"]
    assert seen_by == [str(town.accounts[name]) for name in ("mara", "alice")]
    of_ben = (await stefan.get(f"{LOG}?account={town.accounts['ben']}&act=read")).json()["items"]
    assert [entry["ids"] for entry in of_ben] == [[str(town.sites["lane"])]]


async def test_the_log_comes_in_pages(client: Client) -> None:
    alice, stefan = await client("alice"), await client("stefan")
    for _ in range(5):
        await alice.get("/api/v1/sites")
    seen: list[int] = []
    before = ""
    while before != "&before=None":
        page = (await stefan.get(f"{LOG}?limit=2&act=read{before}")).json()
        seen += [entry["seq"] for entry in page["items"] if entry["noun"] == "site"]
        before = f"&before={page['before']}"
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("person", ["alice", "mara", "pim", "dora", "otto"])
async def test_only_the_steward_reads_the_log(client: Client, person: str) -> None:
    assert (await (await client(person)).get(LOG)).status_code == 403
    assert (await (await client(person)).get("/steward")).status_code == 403


async def test_reading_the_log_is_written_down_too(client: Client, town: SmallTown, owner_url: str) -> None:
    stefan = await client("stefan")
    await stefan.get(f"{LOG}?row={town.sites['quay']}")
    entry = logged(owner_url)[-1]
    assert (entry["act"], entry["noun"], entry["ids"]) == ("read", "log", [str(town.sites["quay"])])


async def test_the_page_of_the_steward_shows_who_saw_what(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    await (await client("mara")).get("/api/v1/sites")
    stefan = await client("stefan")
    page = await stefan.get("/steward", params={"account": str(town.accounts["mara"]), "act": "", "row": ""})
    assert page.status_code == 200
    assert PURPOSE in page.text
    assert "Mara" in page.text
    assert "54." not in page.text
    of_site = await stefan.get(f"/steward?row={town.sites['quay']}")
    assert f"The history of {town.sites['quay']}" in of_site.text


async def test_imports_drawn_releases_and_logged_visits_are_written_down(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    mara, alice = await client("mara"), await client("alice")
    square = [[2.31, 54.77], [2.33, 54.77], [2.33, 54.78], [2.31, 54.78], [2.31, 54.77]]
    district = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": "X", "name": "Kelp"},
                "geometry": {"type": "Polygon", "coordinates": [square]},
            }
        ],
    }
    assert (await mara.post("/api/v1/imports/districts", json=district)).status_code == 200
    entry = logged(owner_url)[-1]
    assert (entry["act"], entry["noun"], entry["detail"]) == ("imported", "districts", {"kept": 1, "read": 1})
    drawn = await mara.post("/api/v1/releases", json={"series": "cells", "period": "2025-H1"})
    assert drawn.status_code == 201, drawn.text
    entry = logged(owner_url)[-1]
    frozen = hashlib.sha256((await mara.get(f"/api/v1/releases/{drawn.json()['id']}.geojson")).content).hexdigest()
    assert (entry["act"], entry["ids"], entry["detail"]["sha256"]) == ("released", [drawn.json()["id"]], frozen)
    visit = {"visited_at": "2026-01-02T23:30:00+01:00", "outcome": "met", "site_id": str(town.sites["quay"])}
    made = await alice.post("/api/v1/visits", json=visit)
    entry = logged(owner_url)[-1]
    assert (entry["act"], entry["noun"]) == ("created", "visit")
    assert entry["ids"] == [made.json()["id"], str(town.sites["quay"])]


async def test_the_page_of_the_steward_names_no_table(client: Client) -> None:
    made = await (await client("alice")).post("/api/v1/access-tokens", json={"name": "QGIS"})
    assert made.status_code == 201
    page = (await (await client("stefan")).get("/steward")).text
    assert "made an access token" in page
    assert "access_token" not in page


async def test_the_steward_mends_a_mistyped_filter_in_the_form(client: Client, town: SmallTown) -> None:
    stefan = await client("stefan")
    typed = {"act": "created", "from": "2026-01-02", "row": "<nonsense>"}
    answer = await stefan.get("/steward", params=typed, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert answer.text.count("This is no id. An id looks like 01890a5d-") == 1
    assert 'value="&lt;nonsense&gt;"' in answer.text
    assert 'value="2026-01-02"' in answer.text
    assert '<option value="created" selected>' in answer.text
    assert "<tbody>" not in answer.text
    right = await stefan.get("/steward", params=typed | {"act": "", "row": f" {town.sites['quay']} "})
    assert (right.status_code, f"The history of {town.sites['quay']}" in right.text) == (200, True)
    unknown = await stefan.get("/steward", params={"before": "x"}, headers={"Accept": "text/html"})
    assert (unknown.status_code, "It may be mistyped." in unknown.text) == (422, True)


def lines(page: str) -> list[str]:
    """What stands in the column “What”, without markup."""
    cells = [row.split("<td>")[2] for row in page.split("<tr>")[2:]]
    return [" ".join(re.sub(r"<[^>]*>", " ", cell.split("</td>")[0]).split()) for cell in cells]


async def test_an_entry_says_whom_and_what_it_concerns(
    client: Client, terminal: Terminal, town: SmallTown, database_url: str, home: Path
) -> None:
    words = ("-o", "doggerstad", "--email", "ben@doggerstad.example", "--role", "streetworker", "--role", "desk")
    changed = terminal.run("account", "roles", *words, database_url=database_url, home=home)
    assert changed.returncode == 0, changed.stderr
    stefan = await client("stefan")
    form = {"site_id": str(town.sites["quay"]), "reason": "asked", "understood": "yes"}
    assert (await stefan.post("/steward/erasures", data=form)).status_code == 303
    said = lines((await stefan.get("/steward")).text)
    assert "changed an account: roles · Ben" in said
    assert "signed in" in said
    [erased] = [line for line in said if line.startswith("erased")]
    assert erased.startswith("erased one site and one visit Which")


def test_each_act_has_words_for_the_steward() -> None:
    assert set(ACTS) == set(Act)


async def test_a_new_account_and_the_end_of_access_are_written_down(
    client: Client, town: SmallTown, owner_url: str, terminal: Terminal, settings: Settings
) -> None:
    mara, before = await client("mara"), len(logged(owner_url))
    new = {"name": "New", "email": "one@doggerstad.example", "password": "a long enough password of one"}
    made = (await mara.post("/api/v1/accounts", json=new | {"roles": ["desk"]})).json()["id"]
    form = new | {"email": "two@doggerstad.example", "role": "desk"}
    assert (await mara.post("/accounts", data=form)).status_code == 303
    assert (await mara.post(f"/accounts/{made}/leave")).status_code == 303
    words = (
        "--organisation",
        "doggerstad",
        "--email",
        "three@doggerstad.example",
        "--name",
        "Three",
        "--team",
        "Night",
    )
    ran = terminal.run("account", "create", *words, "--role", "steward", "--password", new["password"],
                       database_url=settings.database_url)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = [entry for entry in logged(owner_url)[before:] if entry["act"] in {"created", "changed"}]
    assert [(entry["act"], entry["noun"], entry["detail"].get("roles")) for entry in told] == [
        ("created", "account", ["desk"]),
        ("created", "account", ["desk"]),
        ("changed", "account", None),
        ("created", "team", None),
        ("created", "account", ["steward"]),
    ]
    assert (told[0]["ids"], told[2]["ids"]) == ([made], [made])
    assert told[2]["detail"] == {"columns": ["left_on"], "left_on": town.today.isoformat()}
    assert [entry["by"] for entry in told] == [str(town.accounts["mara"])] * 3 + [None] * 2
    assert "doggerstad.example" not in str(told)
    page = (await (await client("stefan")).get("/steward?act=created")).text
    assert "made an account" in page
