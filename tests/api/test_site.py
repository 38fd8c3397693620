"""Sites over HTTP."""

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
SITES = "/api/v1/sites"
JSON = {"Content-Type": "application/json"}
UNKNOWN = "01990000-0000-7000-8000-000000000000"


def at(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def new_site(**more: object) -> dict[str, Any]:
    return {"geom": at(2.321, 54.771), "site_type": "bridge", "name": "Under the east bridge"} | more


def names(answer: httpx.Response) -> set[str]:
    return {feature["properties"]["name"] for feature in answer.json()["features"]}


async def test_a_streetworker_lists_the_sites_of_today_and_a_manager_all(client: Client) -> None:
    alice, mara = await client("alice"), await client("mara")
    assert names(await alice.get(SITES)) == {"quay site"}
    assert names(await mara.get(SITES)) == {"quay site", "lane site", "adrift site"}


@pytest.mark.parametrize(("person", "slug"), [("pim", "releases-only"), ("dora", "forbidden"), ("stefan", "forbidden")])
async def test_who_does_not_look_after_places_reads_none(
    client: Client, town: SmallTown, person: str, slug: str
) -> None:
    other = await client(person)
    for path in (SITES, f"{SITES}/{town.sites['quay']}", f"{SITES}/due", f"{SITES}/{town.sites['quay']}/history"):
        answer = await other.get(path)
        assert (answer.status_code, answer.json()["type"]) == (403, f"/problems/{slug}")
    made = await other.post(SITES, json=new_site())
    assert made.status_code == 403


async def test_a_site_is_a_feature_with_its_version_as_etag(client: Client, town: SmallTown) -> None:
    alice = await client("alice")
    answer = await alice.get(f"{SITES}/{town.sites['quay']}")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["etag"] == '"1"'
    assert answer.json()["geometry"] == at(2.32, 54.77)
    assert answer.json()["properties"]["access_note"] == "note of quay"


async def test_what_is_not_visible_answers_exactly_as_what_does_not_exist(client: Client, town: SmallTown) -> None:
    alice = await client("alice")
    unknown = await alice.get(f"{SITES}/{UNKNOWN}")
    assert unknown.status_code == 404
    for hidden in (town.sites["lane"], town.sites["silverpit"], town.visits["quay"]):
        for path in ("", "/history"):
            answer = await alice.get(f"{SITES}/{hidden}{path}")
            assert (answer.status_code, answer.content) == (404, unknown.content)
        patched = await alice.patch(f"{SITES}/{hidden}", json={"name": "x"}, headers={"If-Match": '"1"'})
        assert (patched.status_code, patched.content) == (404, unknown.content)
    otto = await client("otto")
    for hidden in (town.sites["quay"], town.sites["lane"], town.sites["adrift"]):
        answer = await otto.get(f"{SITES}/{hidden}")
        assert (answer.status_code, answer.content) == (404, unknown.content)


async def test_a_streetworker_makes_a_site_and_reads_it_back(client: Client, town: SmallTown) -> None:
    alice = await client("alice")
    made = await alice.post(SITES, json=new_site())
    assert made.status_code == 201
    assert made.headers["etag"] == '"1"'
    site = await alice.get(made.headers["location"])
    assert site.content == made.content
    properties = site.json()["properties"]
    assert properties["status"] == "unverified"
    assert properties["logged_by"] == str(town.accounts["alice"])
    assert properties["revisit_days"] == 14
    assert properties["first_seen_on"] == town.today.isoformat()
    assert names(await (await client("ben")).get(SITES)) == {"lane site"}


async def test_a_site_outside_every_area_stays_with_who_logged_it_until_it_is_handed_over(client: Client) -> None:
    alice, mara = await client("alice"), await client("mara")
    made = await alice.post(SITES, json=new_site(geom=at(2.55, 54.95)))
    path = f"{SITES}/{made.json()['id']}"
    assert (await alice.get(path)).status_code == 200
    handed = await mara.post(f"{path}/hand-over", headers={"If-Match": '"1"'})
    assert handed.status_code == 200
    assert (await alice.get(path)).status_code == 404
    assert (await mara.get(path)).status_code == 200


async def test_the_same_put_again_is_the_same_site_and_another_body_is_refused(client: Client) -> None:
    alice, path = await client("alice"), f"{SITES}/{new_id()}"
    first = await alice.put(path, json=new_site())
    again = await alice.put(path, json=new_site())
    other = await alice.put(path, json=new_site(name="Elsewhere"))
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.content == first.content
    assert other.json()["type"] == "/problems/id-taken"


async def test_a_put_that_comes_again_after_others_changed_the_site_is_still_the_same(client: Client) -> None:
    alice, mara, path = await client("alice"), await client("mara"), f"{SITES}/{new_id()}"
    await alice.put(path, json=new_site())
    await mara.patch(path, json={"status": "active"}, headers={"If-Match": '"1"'})
    again = await alice.put(path, json=new_site())
    assert again.status_code == 200
    assert again.json()["properties"]["status"] == "active"
    assert again.headers["etag"] == '"2"'


async def test_a_taken_id_answers_alike_whether_what_stands_there_is_seen_or_not(
    client: Client, town: SmallTown
) -> None:
    alice = await client("alice")
    answers = [await alice.put(f"{SITES}/{town.sites[name]}", json=new_site()) for name in ("quay", "lane", "adrift")]
    assert {answer.status_code for answer in answers} == {409}
    assert len({answer.content for answer in answers}) == 1
    elsewhere = await alice.put(f"{SITES}/{town.sites['silverpit']}", json=new_site())
    assert elsewhere.status_code == 201


async def test_fifty_deliveries_at_once_make_one_site(client: Client) -> None:
    mara, path = await client("mara"), f"{SITES}/{new_id()}"
    answers = await asyncio.gather(*(mara.put(path, json=new_site()) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len((await mara.get(SITES)).json()["features"]) == 4
    assert len((await mara.get(f"{path}/history")).json()["statuses"]) == 1


async def test_a_change_states_the_version_it_saw(client: Client, town: SmallTown) -> None:
    alice, path = await client("alice"), f"{SITES}/{town.sites['quay']}"
    for headers, status in (({}, 428), ({"If-Match": "*"}, 428), ({"If-Match": '"7"'}, 412), ({"If-Match": "1"}, 412)):
        answer = await alice.patch(path, json={"name": "New"}, headers=headers)
        assert answer.status_code == status
    changed = await alice.patch(path, json={"name": "New"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["properties"]["access_note"] == "note of quay"
    stale = await alice.patch(path, json={"name": "Newer"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_of_two_changes_at_once_one_is_stale(client: Client, town: SmallTown) -> None:
    mara, path = await client("mara"), f"{SITES}/{town.sites['quay']}"
    changes = (mara.patch(path, json={"name": f"Name {n}"}, headers={"If-Match": '"1"'}) for n in range(8))
    assert sorted(answer.status_code for answer in await asyncio.gather(*changes)) == [200] + [412] * 7


async def test_a_put_with_if_match_changes_the_whole_site(client: Client, town: SmallTown) -> None:
    mara, path = await client("mara"), f"{SITES}/{town.sites['quay']}"
    answer = await mara.put(path, json=new_site(status="active"), headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    properties = answer.json()["properties"]
    assert (properties["site_type"], properties["access_note"], properties["version"]) == ("bridge", None, 2)


async def test_a_site_is_not_moved_out_of_reach(client: Client, town: SmallTown) -> None:
    alice, path = await client("alice"), f"{SITES}/{town.sites['quay']}"
    answer = await alice.patch(path, json={"geom": at(2.32, 54.75)}, headers={"If-Match": '"1"'})
    assert answer.status_code == 403
    assert (await alice.get(path)).json()["geometry"] == at(2.32, 54.77)


async def test_managers_read_what_a_site_was_before(client: Client, town: SmallTown) -> None:
    alice, mara, path = await client("alice"), await client("mara"), f"{SITES}/{town.sites['quay']}"
    await alice.patch(path, json={"name": "New", "geom": at(2.33, 54.77)}, headers={"If-Match": '"1"'})
    await mara.patch(path, json={"status": "inactive"}, headers={"If-Match": '"2"'})
    history = (await mara.get(f"{path}/history")).json()
    assert [change["version"] for change in history["changes"]] == [1, 2]
    assert history["changes"][0]["before"]["name"] == "quay site"
    assert history["changes"][0]["before"]["geom"] == at(2.32, 54.77)
    assert history["changes"][0]["changed_by"] == str(town.accounts["alice"])
    assert [step["status"] for step in history["statuses"]] == ["active", "inactive"]
    seen_by_alice = (await alice.get(f"{path}/history")).json()
    assert seen_by_alice["changes"] == []
    assert seen_by_alice["statuses"] == history["statuses"]


async def test_a_cleared_site_keeps_the_cause_and_where_people_went(client: Client, town: SmallTown) -> None:
    mara, path = await client("mara"), f"{SITES}/{town.sites['quay']}"
    closing = {"cause": "clearance", "cleared_by": "port authority", "notice_days": 2}
    to = [str(town.sites["adrift"])]
    unstated = await mara.post(f"{path}/close", json=closing)
    closed = await mara.post(f"{path}/close", json=closing | {"moved_to": to}, headers={"If-Match": '"1"'})
    again = await mara.post(f"{path}/close", json=closing, headers={"If-Match": '"2"'})
    assert (unstated.status_code, closed.status_code, again.status_code) == (428, 200, 409)
    assert closed.json()["properties"]["status"] == "closed"
    history = (await mara.get(f"{path}/history")).json()
    last = history["statuses"][-1]
    assert (last["cause"], last["cleared_by"], last["notice_days"]) == ("clearance", "port authority", 2)
    assert history["moved_to"] == to
    arrived = (await mara.get(f"{SITES}/{to[0]}/history")).json()
    assert arrived["moved_from"] == [str(town.sites["quay"])]


async def test_people_do_not_move_to_a_site_that_the_asker_cannot_see(client: Client, town: SmallTown) -> None:
    alice, path = await client("alice"), f"{SITES}/{town.sites['quay']}/close"
    answers = [
        await alice.post(path, json={"cause": "fire", "moved_to": [str(to)]}, headers={"If-Match": '"1"'})
        for to in (town.sites["lane"], UNKNOWN, town.sites["quay"])
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.content for answer in answers}) == 1


async def test_a_site_is_closed_only_by_closing_it(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    path = f"{SITES}/{town.sites['quay']}"
    answer = await mara.patch(path, json={"status": "closed"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"geom": None}, "body.geom"),
        ({"geom": at(54.771, 2.321)}, "body.geom"),
        ({"geom": {"type": "Point", "coordinates": [2.3]}}, "body.geom"),
        ({"site_type": "palace"}, "body.site_type"),
        ({"site_type": "' or 1=1"}, "body.site_type"),
        ({"name": "a\x00b"}, "body.name"),
        ({"name": "a\ud800b"}, "body.name"),
        ({"name": ""}, "body.name"),
        ({"name": "x" * 201}, "body.name"),
        ({"name": 7}, "body.name"),
        ({"access_note": "x" * 2001}, "body.access_note"),
        ({"access_note": "a\x00b"}, "body.access_note"),
        ({"uncertainty_m": -1}, "body.uncertainty_m"),
        ({"uncertainty_m": 1e9}, "body.uncertainty_m"),
        ({"revisit_days": 0}, "body.revisit_days"),
        ({"revisit_days": 367}, "body.revisit_days"),
        ({"first_seen_on": "0001-01-01"}, "body.first_seen_on"),
        ({"first_seen_on": "9999-12-31"}, "body.first_seen_on"),
        ({"status": "closed"}, "body.status"),
        ({"logged_by": UNKNOWN}, "body.logged_by"),
        ({"id": "x"}, "body.id"),
    ],
)
async def test_what_is_wrong_with_a_site_is_said_with_its_place(
    client: Client, wrong: dict[str, Any], where: str
) -> None:
    mara = await client("mara")
    answer = await mara.post(SITES, content=json.dumps(new_site(**wrong)), headers=JSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["where"] for error in answer.json()["errors"]] == [where]


async def test_lists_narrow_by_box_area_status_type_and_day(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    await mara.post(SITES, json=new_site(name="bridge"))
    for box, query, expected in (
        ("2.31,54.76,2.33,54.78", "", {"quay site", "bridge"}),
        ("2.32,54.75,2.32001,54.75001", "", {"lane site"}),
        (" 2, 54, 3, 55", "", {"quay site", "lane site", "adrift site", "bridge"}),
        ("-180,-90,180,90", "type=bridge", {"bridge"}),
    ):
        assert names(await mara.get(f"{SITES}?{query}", headers={"Lantern-Box": box})) == expected, box
    for query, expected in (
        (f"area={town.areas['south']}", {"lane site"}),
        (f"area={UNKNOWN}", set()),
        (f"area={town.areas['silverpit']}", set()),
        ("status=unverified", {"bridge"}),
        ("status=active&status=unverified&type=doorway", {"quay site", "lane site", "adrift site"}),
        (f"from={town.today}", {"bridge"}),
        (f"to={town.today.replace(year=town.today.year - 1)}", set()),
    ):
        assert names(await mara.get(f"{SITES}?{query}")) == expected, query


async def test_pages_hold_every_site_once_also_while_new_ones_come(client: Client) -> None:
    mara = await client("mara")
    for n in range(7):
        await mara.post(SITES, json=new_site(name=f"site {n}"))
    address, seen = f"{SITES}?type=bridge&limit=3", []
    while address:
        page = (await mara.get(address)).json()
        seen += [feature["properties"]["name"] for feature in page["features"]]
        assert page["numberReturned"] == len(page["features"])
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
        if len(seen) == 3:
            await mara.post(SITES, json=new_site(name="site 7"))
    assert seen == [f"site {n}" for n in range(8)]


async def test_a_cursor_belongs_to_its_filters(client: Client) -> None:
    mara = await client("mara")
    page = (await mara.get(f"{SITES}?type=doorway&limit=1")).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert (await mara.get(following)).status_code == 200
    assert (await mara.get(following.replace("limit=1", "limit=2"))).status_code == 200
    answer = await mara.get(following.replace("doorway", "bridge"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "query.after"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "after=x",
        "after=%00",
        "after=AAAA",
        "area=x",
        "status=gone",
        "type=A'",
        "from=yesterday",
        "to=2020-13-01",
        "from=2020-01-01T00:00:00Z'",
        "colour=red",
        "datetime=2020",
        "from_=2020-01-01",
    ],
)
async def test_a_wrong_parameter_is_refused(client: Client, query: str) -> None:
    mara = await client("mara")
    answer = await mara.get(f"{SITES}?{query}")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-input"


async def test_an_unknown_parameter_is_answered_with_the_known_ones(client: Client) -> None:
    mara = await client("mara")
    answer = await mara.get(f"{SITES}?colour=red")
    assert "limit, after, area, status, type, from, to" in answer.json()["errors"][0]["what"]
    assert "colour" not in answer.text


async def test_the_due_come_by_how_overdue_they_are(client: Client, town: SmallTown) -> None:
    mara, ben = await client("mara"), await client("ben")
    due = (await mara.get(f"{SITES}/due")).json()
    assert [feature["properties"]["name"] for feature in due["features"]] == ["adrift site", "lane site"]
    never, lane = (feature["properties"] for feature in due["features"])
    assert (never["days_since"], never["days_overdue"], round(never["intervals"], 1)) == (None, None, 21.4)
    assert lane["days_since"] in {29, 30}  # the clock may have been put back since
    assert lane["days_overdue"] == lane["days_since"] - 14
    assert [UUID(feature["id"]) for feature in (await ben.get(f"{SITES}/due")).json()["features"]] == [
        town.sites["lane"]
    ]
    north = (await mara.get(f"{SITES}/due?area={town.areas['north']}")).json()
    assert north["features"] == []
