"""What a phone sends: taken once, or refused so that it can be mended, or given to a manager; and nothing is lost."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api import delivery_key
from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.phone import BYTES, DELIVERIES, MakePhone, Phone
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
NOTE = "behind the blue door"


def at(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def visit(phone: Phone, **more: Any) -> dict[str, Any]:
    said = {"visited_at": phone.now.isoformat(), "outcome": "met", "people_band": "1", "note": NOTE}
    return said | ({} if "site_id" in more else {"geom": at(2.321, 54.771)}) | more


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


def count(owner_url: str, table: str) -> int:
    [(found,)] = look(owner_url, f"SELECT count(*) FROM lantern.{table}")
    return int(str(found))


def moment(said: object) -> datetime:
    return said if isinstance(said, datetime) else datetime.fromisoformat(str(said))


async def test_a_site_and_then_a_visit_to_it_arrive_as_if_they_had_been_put(
    phone: MakePhone, town: SmallTown, owner_url: str
) -> None:
    alice = await phone("alice")
    place, went = new_id(), new_id()
    body = {"geom": at(2.325, 54.772), "site_type": "tent", "access_note": NOTE}
    made = await alice.deliver("site", body, id=str(place))
    logged = await alice.deliver("visit", visit(alice, site_id=str(place)), id=str(went))
    assert [made.status_code, logged.status_code] == [201, 201]
    assert logged.json() == {"state": "kept", "noun": "visit", "id": str(went), "epoch": alice.key["epoch"]}
    site = (await alice.client.get(f"/api/v1/sites/{place}")).json()["properties"]
    assert (site["status"], site["access_note"], site["logged_by"]) == ("active", NOTE, str(alice.account_id))
    seen = (await alice.client.get(f"/api/v1/visits/{went}")).json()["properties"]
    assert (seen["note"], seen["account_id"], seen["source"]) == (NOTE, str(alice.account_id), "form")
    rows = look(owner_url, "SELECT kind, state, sequence, body_sealed, site_id FROM lantern.delivery ORDER BY sequence")
    assert rows == [("site", "kept", 1, None, None), ("visit", "kept", 2, None, place)]


async def test_the_same_again_is_the_same_and_another_under_its_id_is_not(phone: MakePhone, owner_url: str) -> None:
    alice, before = await phone("alice"), count(owner_url, "visit")
    told = alice.told("visit", visit(alice))
    item = alice.seal(told)
    answers = [await alice.send(item), await alice.send(item), await alice.send(alice.seal(told, item.id))]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    other = await alice.send(alice.seal(told | {"body": visit(alice, outcome="not-reached")}, item.id))
    assert (other.status_code, slug(other)) == (409, "delivery-taken")
    assert (count(owner_url, "visit") - before, count(owner_url, "delivery")) == (1, 1)


async def test_fifty_at_once_make_one_row_and_one_record(phone: MakePhone, owner_url: str) -> None:
    alice, before = await phone("alice"), count(owner_url, "visit")
    item = alice.seal(alice.told("visit", visit(alice)))
    answers = await asyncio.gather(*(alice.send(item) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert (count(owner_url, "visit") - before, count(owner_url, "delivery")) == (1, 1)


async def test_what_was_put_before_is_the_same_visit_when_a_phone_delivers_it(phone: MakePhone, owner_url: str) -> None:
    alice, before = await phone("alice"), count(owner_url, "visit")
    body, went = visit(alice), new_id()
    assert (await alice.client.put(f"/api/v1/visits/{went}", json=body)).status_code == 201
    assert (await alice.deliver("visit", body, id=str(went))).json()["state"] == "kept"
    other = await alice.deliver("visit", visit(alice, outcome="not-reached"), id=str(went))
    assert (other.status_code, slug(other), other.json()["state"]) == (409, "id-taken", "refused")
    assert count(owner_url, "visit") - before == 1


async def test_what_its_author_can_mend_is_refused_and_can_be_read_back_by_them_alone(
    phone: MakePhone, owner_url: str
) -> None:
    alice, ben, mara = await phone("alice"), await phone("ben"), await phone("mara")
    before = count(owner_url, "visit")
    told = alice.told("visit", visit(alice, outcome="nobody-found", people_band="6-10"))
    item = alice.seal(told)
    first, again = await alice.send(item), await alice.send(item)
    assert (first.status_code, slug(first), first.json()["state"]) == (422, "invalid-input", "refused")
    assert first.json()["errors"][0]["where"] == "body"
    assert first.json() == again.json()
    back = (await alice.of(item)).json()
    assert (back["state"], back["why"], back["sent"]) == ("refused", "invalid-input", told)
    assert back["problem"]["errors"] == first.json()["errors"]
    nothing = await alice.of(alice.seal({}))
    for other in (ben, mara):
        answer = await other.of(item)
        assert (answer.status_code, answer.json()) == (404, nothing.json())
    assert NOTE not in str(look(owner_url, "SELECT delivery::text FROM lantern.delivery"))
    mended = await alice.deliver("visit", told["body"] | {"people_band": "0"}, id=told["id"])
    assert (mended.status_code, count(owner_url, "visit") - before) == (201, 1)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"kind": "weather"}, "delivery.kind"),
        ({"sequence": -1}, "delivery.sequence"),
        ({"said_at": "yesterday"}, "delivery.said_at"),
        ({"since_ms": 2**60}, "delivery.since_ms"),
        ({"more": 1}, "delivery.more"),
        ({"id": "x"}, "delivery.id"),
        ({"body": {"outcome": "met"}}, "body.visited_at"),
        ({"body": {"visited_at": "9999-12-31T23:59:59Z", "outcome": "met"}}, "body.visited_at"),
    ],
)
async def test_a_wrong_word_inside_is_named_and_kept_for_its_author(
    phone: MakePhone, wrong: dict[str, Any], where: str
) -> None:
    alice = await phone("alice")
    told = alice.told("visit", visit(alice)) | wrong
    item = alice.seal(told)
    answer = await alice.send(item)
    assert (answer.status_code, answer.json()["state"]) == (422, "refused")
    assert answer.json()["errors"][0]["where"] == where
    assert (await alice.of(item)).json()["sent"] == told


async def test_what_does_not_open_is_told_plainly_and_nothing_is_kept(
    phone: MakePhone, town: SmallTown, owner_url: str
) -> None:
    alice, ben = await phone("alice"), await phone("ben")
    item = alice.seal(alice.told("visit", visit(alice)))
    path, whole = f"{DELIVERIES}/{item.id}", item.sealed
    damaged = [b"", b"x", whole[:-1], whole[:40], whole + b"x", whole[:70] + bytes([whole[70] ^ 1]) + whole[71:]]
    damaged += [b"\x02" + whole[1:], bytes(200), b"\x04" + bytes(120)]
    for sealed in damaged:
        answer = await alice.client.put(path, content=sealed, headers=item.headers)
        assert (answer.status_code, slug(answer)) == (422, "delivery-unreadable"), sealed
    assert slug(await ben.send(item)) == "delivery-unreadable"
    assert slug(await alice.send(alice.seal({}, info="lantern delivery 1"))) == "delivery-unreadable"
    for plain in (b"", b"{", b"[]", b"null", b"\xff", b"[" * 60_000, b'{"kind": NaN}', b'{"kind": "\\ud800"}'):
        answer = await alice.send(alice.seal(plain))
        assert (answer.status_code, slug(answer)) == (422, "delivery-unreadable"), plain[:20]
    unknown = await alice.client.put(path, content=whole, headers=item.headers | {"Lantern-Key": str(new_id())})
    assert (unknown.status_code, slug(unknown)) == (422, "delivery-key-unknown")
    without = await alice.client.put(path, content=whole, headers=BYTES)
    assert without.json()["errors"][0]["where"] == "header.Lantern-Key"
    assert (await alice.client.put(path, json={}, headers={"Lantern-Key": item.key})).status_code == 415
    large = await alice.client.put(path, content=bytes(64 * 1024 + 1), headers=item.headers)
    assert (large.status_code, slug(large)) == (413, "too-large")

    async def parts() -> Any:
        for _ in range(65):
            yield bytes(1024)

    assert (await alice.client.put(path, content=parts(), headers=item.headers)).status_code == 413
    assert count(owner_url, "delivery") == 0
    assert (await alice.send(item)).status_code == 201


async def test_the_delivery_of_another_person_is_not_there(phone: MakePhone) -> None:
    alice, ben, otto = await phone("alice"), await phone("ben"), await phone("otto")
    item = alice.seal(alice.told("visit", visit(alice)))
    assert (await alice.send(item)).status_code == 201
    taken = await ben.send(ben.seal(ben.told("visit", visit(ben)), item.id))
    assert (taken.status_code, slug(taken)) == (409, "delivery-taken")
    elsewhere = await otto.send(otto.seal(otto.told("visit", visit(otto)), item.id))
    assert elsewhere.status_code == 201


async def test_a_clock_that_is_days_off_is_mended_and_what_it_said_is_kept(phone: MakePhone, owner_url: str) -> None:
    alice = await phone("alice")
    for off in (timedelta(days=-3), timedelta(days=5), timedelta(days=-9000)):
        alice.clock, went = off, new_id()
        told = alice.told("visit", visit(alice), id=str(went), since_ms=60_000)
        answer = await alice.send(alice.seal(told), **{"Lantern-Waited": "7200000"})
        assert answer.status_code == 201, answer.text
        seen = (await alice.client.get(f"/api/v1/visits/{went}")).json()["properties"]["visited_at"]
        assert abs(datetime.now(UTC) - timedelta(hours=2, minutes=1) - moment(seen)) < timedelta(minutes=1)
        [(said, mended)] = look(owner_url, f"SELECT said_at, mended_at FROM lantern.delivery WHERE noun_id = '{went}'")
        assert moment(said) == moment(told["said_at"])
        assert moment(mended) == moment(seen) - (moment(told["body"]["visited_at"]) - moment(told["said_at"]))


async def test_a_clock_that_is_right_is_believed_however_long_it_waited(phone: MakePhone, owner_url: str) -> None:
    alice, went = await phone("alice"), new_id()
    alice.clock = timedelta(hours=-20)  # what it said 20 hours ago
    told = alice.told("visit", visit(alice), id=str(went))
    assert (await alice.send(alice.seal(told), **{"Lantern-Waited": str(20 * 3600 * 1000)})).status_code == 201
    later = alice.told("visit", visit(alice))
    assert (await alice.send(alice.seal(later))).status_code == 201  # its monotonic clock began anew
    assert look(owner_url, "SELECT mended_at FROM lantern.delivery") == [(None,), (None,)]
    seen = (await alice.client.get(f"/api/v1/visits/{went}")).json()["properties"]["visited_at"]
    assert moment(seen) == moment(told["body"]["visited_at"])


async def test_the_day_of_a_site_is_mended_with_the_clock(phone: MakePhone, town: SmallTown) -> None:
    alice, place = await phone("alice"), new_id()
    alice.clock = timedelta(days=40)
    body = {"geom": at(2.325, 54.772), "site_type": "tent", "first_seen_on": alice.now.date().isoformat()}
    answer = await alice.send(alice.seal(alice.told("site", body, id=str(place))), **{"Lantern-Waited": "0"})
    assert answer.status_code == 201, answer.text
    seen = (await alice.client.get(f"/api/v1/sites/{place}")).json()["properties"]["first_seen_on"]
    assert seen == town.today.isoformat()


async def test_an_area_taken_away_leaves_the_visit_to_a_manager_and_tells_nothing_of_the_site(
    phone: MakePhone, town: SmallTown, owner_url: str
) -> None:
    alice, before = await phone("alice"), count(owner_url, "visit")
    sites = {"quay": town.sites["quay"], "lane": town.sites["lane"], "none": new_id()}
    told = {name: alice.told("visit", visit(alice, site_id=str(site))) for name, site in sites.items()}
    items = {name: alice.seal(each) for name, each in told.items()}
    run(owner_url, "UPDATE lantern.assignment SET ends_on = current_date - 1, starts_on = current_date - 9")
    answers = {name: await alice.send(item) for name, item in items.items()}
    for name, answer in answers.items():
        same = {"state": "with-manager", "noun": "visit", "id": told[name]["id"], "epoch": alice.key["epoch"]}
        assert (answer.status_code, answer.json()) == (202, same)
        assert (await alice.send(items[name])).text == answer.text
        back = (await alice.of(items[name])).json()
        assert (back["state"], back["sent"], back["why"]) == ("with-manager", None, None)
    assert count(owner_url, "visit") == before
    assert NOTE not in str(look(owner_url, "SELECT delivery::text FROM lantern.delivery"))


async def waiting(phone: MakePhone, town: SmallTown) -> tuple[Phone, list[str]]:
    """Two visits of Alice's to a site of Ben's."""
    alice = await phone("alice")
    items = [alice.seal(alice.told("visit", visit(alice, site_id=str(town.sites["lane"])))) for _ in range(2)]
    assert [(await alice.send(item)).status_code for item in items] == [202, 202]
    return alice, [str(item.id) for item in items]


async def test_a_manager_places_what_waits_or_drops_it_once(
    phone: MakePhone, client: Client, town: SmallTown, owner_url: str
) -> None:
    alice, (one, two) = await waiting(phone, town)
    mara = await client("mara")
    listed = (await mara.get(f"{DELIVERIES}?state=with-manager")).json()
    assert [row["id"] for row in listed["items"]] == [one, two]
    assert listed["items"][0]["site_id"] == str(town.sites["lane"])
    assert "note" not in listed["items"][0]["sent"]
    assert NOTE not in json.dumps(listed)
    placed = await mara.post(f"{DELIVERIES}/{one}/placed", json={})
    dropped = await mara.post(f"{DELIVERIES}/{two}/dropped", json={"reason": "duplicate"})
    assert [(a.status_code, a.json()["state"]) for a in (placed, dropped)] == [(200, "placed"), (200, "dropped")]
    made = look(owner_url, f"SELECT account_id, site_id FROM lantern.visit WHERE id = '{placed.json()['id']}'")
    assert made == [(town.accounts["alice"], town.sites["lane"])]
    for path, body in (("placed", {}), ("dropped", {"reason": "mistake"})):
        for each in (one, two):
            assert (await mara.post(f"{DELIVERIES}/{each}/{path}", json=body)).status_code == 409
    rows = look(owner_url, "SELECT state, body_sealed, settled_by FROM lantern.delivery ORDER BY state")
    assert rows == [("dropped", None, town.accounts["mara"]), ("placed", None, town.accounts["mara"])]
    assert (await mara.get(f"{DELIVERIES}?state=with-manager")).json()["items"] == []
    assert (await alice.client.get(f"{DELIVERIES}/{one}")).json()["state"] == "placed"
    assert (await alice.client.get(f"{DELIVERIES}/{two}")).json()["why"] == "duplicate"


async def test_a_manager_places_it_at_another_site_or_at_a_point(
    phone: MakePhone, client: Client, town: SmallTown, owner_url: str
) -> None:
    _, (one, two) = await waiting(phone, town)
    mara = await client("mara")
    elsewhere = {"site_id": str(town.sites["quay"])}
    assert (await mara.post(f"{DELIVERIES}/{one}/placed", json=elsewhere)).status_code == 200
    wrong = await mara.post(f"{DELIVERIES}/{two}/placed", json={"site_id": None})
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, "body.geom")
    there = {"site_id": None, "geom": at(2.33, 54.75)}
    assert (await mara.post(f"{DELIVERIES}/{two}/placed", json=there)).status_code == 200
    rows = look(owner_url, "SELECT site_id, ST_X(geom) FROM lantern.visit ORDER BY recorded_at DESC LIMIT 2")
    assert set(rows) == {(town.sites["quay"], 2.32), (None, 2.33)}


async def test_the_review_list_is_for_managers_with_a_purpose(
    phone: MakePhone, client: Client, town: SmallTown
) -> None:
    alice, (one, _) = await waiting(phone, town)
    hasty = await client("mara", purpose="")
    assert slug(await hasty.get(f"{DELIVERIES}?state=with-manager")) == "purpose-required"
    for person in (alice.client, await client("stefan"), await client("pim"), await client("dora")):
        assert (await person.get(f"{DELIVERIES}?state=with-manager")).status_code == 403
        assert (await person.post(f"{DELIVERIES}/{one}/placed", json={})).status_code == 403
    otto = await client("otto")
    assert (await otto.get(f"{DELIVERIES}?state=with-manager")).json()["items"] == []
    assert (await otto.post(f"{DELIVERIES}/{one}/placed", json={})).status_code == 404


async def test_a_revoked_phone_keeps_what_it_has_and_sends_it_when_it_is_signed_in_again(
    phone: MakePhone, client: Client, town: SmallTown, owner_url: str
) -> None:
    alice = await phone("alice")
    item = alice.seal(alice.told("visit", visit(alice)))
    assert (await (await client("alice")).delete("/api/v1/sessions")).status_code == 204
    answer = await alice.send(item)
    assert (answer.status_code, count(owner_url, "delivery")) == (401, 0)
    assert answer.headers["clear-site-data"] == '"cache", "cookies"'
    again = await phone("alice")
    assert (await again.send(item)).status_code == 201


async def test_a_new_key_seals_and_the_old_one_still_opens(phone: MakePhone, app: Any, owner_url: str) -> None:
    alice = await phone("alice")
    item, old = alice.seal(alice.told("visit", visit(alice))), alice.key
    asker = await app.state.database.asker_of_organisation("doggerstad")
    async with app.state.database.keeping_keys(asker) as session:
        await delivery_key.renew_key(session, await app.state.vault.keys(session, asker.organisation_id))
    await alice.learn()
    assert alice.key["id"] != old["id"]
    assert alice.key["public_key"] != old["public_key"]
    assert (await alice.send(item)).status_code == 201
    assert (await alice.deliver("visit", visit(alice))).status_code == 201


async def test_what_is_written_down_of_a_delivery_is_in_the_log(
    phone: MakePhone, town: SmallTown, owner_url: str
) -> None:
    alice, _ = await waiting(phone, town)
    went = new_id()
    assert (await alice.deliver("visit", visit(alice), id=str(went))).status_code == 201
    found = look(owner_url, "SELECT act, noun, ids FROM lantern.log_entry WHERE act = 'created' ORDER BY seq")
    assert [row[:2] for row in found] == [("created", "delivery"), ("created", "delivery"), ("created", "visit")]
    assert found[-1][2] == [went]
