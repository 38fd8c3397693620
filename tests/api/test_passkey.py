"""Passkeys: added, used to sign in without anything else, and refused whenever something is not as it was agreed."""

import httpx
import pytest
from fastapi import FastAPI

from api.settings import Settings
from tests.fixtures.authenticator import Device
from tests.fixtures.client import Client
from tests.fixtures.look import SIGNED_IN_EARLIER, look, run
from tests.fixtures.shown_passkey import ORIGIN, PASSKEYS, SESSION, WAY, Browser, added, challenge, refused, shown, used
from tests.fixtures.town import PASSWORD, SmallTown
from web.app import create_app

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"origin": ORIGIN})


async def test_a_passkey_alone_opens_the_account_of_a_manager(client: Client, browser: Browser, owner_url: str) -> None:
    device = await added(await client("mara"))
    elsewhere = await browser()
    answer = await used(elsewhere, device)
    assert (answer.status_code, answer.json()["name"], answer.json()["setting_up"]) == (201, "Mara", False)
    assert (await elsewhere.get("/api/v1/me")).json()["name"] == "Mara"
    again = await used(elsewhere, device)
    assert again.status_code == 201
    acts = [str(act) for (act,) in look(owner_url, "SELECT act FROM lantern.log_entry ORDER BY seq")]
    assert acts.count("passkey-added") == 1
    assert acts[-2:] == ["signed-in", "signed-out"]  # the session that the browser still had


async def test_one_that_does_not_count_is_good_too(client: Client, browser: Browser) -> None:
    device = await added(await client("alice"), Device(ORIGIN, count=None))
    for _ in range(2):
        assert (await used(await browser(), device)).status_code == 201


async def test_a_challenge_is_good_once(client: Client, browser: Browser) -> None:
    device, anyone = await added(await client("alice")), await browser()
    credential = device.show(await challenge(anyone))
    kept = dict(anyone.cookies)
    assert (await shown(anyone, credential)).status_code == 201
    for name, value in kept.items():
        anyone.cookies.set(name, value)
    assert refused(await shown(anyone, credential))
    fresh = await challenge(anyone)
    assert refused(await shown(anyone, device.show(fresh, challenge="A" * 43)))


async def test_a_challenge_is_used_up_by_a_failure_too(client: Client, browser: Browser) -> None:
    device, anyone = await added(await client("alice")), await browser()
    options = await challenge(anyone)
    assert refused(await shown(anyone, Device(ORIGIN, handle=device.handle).show(options)))
    assert refused(await shown(anyone, device.show(options)))


async def test_a_challenge_is_good_in_the_browser_that_asked_alone(client: Client, browser: Browser) -> None:
    device, anyone, thief = await added(await client("alice")), await browser(), await browser()
    credential = device.show(await challenge(anyone))
    await challenge(thief)
    assert refused(await shown(thief, credential))
    assert refused(await shown(await browser(), credential))
    assert (await shown(anyone, credential)).status_code == 201


async def test_a_challenge_ends_after_five_minutes(client: Client, browser: Browser, owner_url: str) -> None:
    device, anyone = await added(await client("alice")), await browser()
    credential = device.show(await challenge(anyone))
    run(owner_url, "UPDATE lantern.passkey_challenge SET ends_at = ends_at - interval '5 minutes'")
    assert refused(await shown(anyone, credential))
    await challenge(anyone)
    assert look(owner_url, "SELECT count(*) FROM lantern.passkey_challenge") == [(1,)]


async def test_a_challenge_to_add_one_opens_nothing_and_the_other_way_round(client: Client, browser: Browser) -> None:
    alice = await client("alice")
    device = await added(alice)
    to_add = (await alice.post(f"{PASSKEYS}/challenge", json={})).json()
    to_sign_in = await challenge(alice)
    assert refused(await shown(alice, device.show(to_sign_in, challenge=to_add["challenge"])))
    made = Device(ORIGIN).make(to_add | {"challenge": to_sign_in["challenge"]})
    assert (await alice.post(PASSKEYS, json={"name": "Phone", "credential": made})).status_code == 422


async def test_the_challenge_of_another_person_or_session_adds_nothing(client: Client) -> None:
    alice, elsewhere, ben = await client("alice"), await client("alice"), await client("ben")
    options = (await alice.post(f"{PASSKEYS}/challenge", json={})).json()
    body = {"name": "Phone", "credential": Device(ORIGIN).make(options)}
    assert (await ben.post(PASSKEYS, json=body)).status_code == 422
    assert (await elsewhere.post(PASSKEYS, json=body)).status_code == 422
    assert (await alice.post(PASSKEYS, json=body)).status_code == 201
    assert (await alice.post(PASSKEYS, json=body)).status_code == 422


async def test_what_was_signed_for_another_origin_is_refused(client: Client, browser: Browser) -> None:
    alice, anyone = await client("alice"), await browser()
    device = await added(alice)
    for origin in ("https://lantern.test.example", "http://lantern.test", "https://lantern.test:444", "null"):
        device.origin = origin
        assert refused(await used(anyone, device)), origin
        options = (await alice.post(f"{PASSKEYS}/challenge", json={})).json()
        body = {"name": "Phone", "credential": Device(origin).make(options)}
        assert (await alice.post(PASSKEYS, json=body)).status_code == 422, origin


async def test_one_for_another_host_or_another_act_is_refused(client: Client, browser: Browser, owner_url: str) -> None:
    device, anyone = await added(await client("alice")), await browser()
    assert refused(await used(anyone, device, host="lantern.example"))
    assert refused(await used(anyone, device, kind="webauthn.create"))
    run(owner_url, "UPDATE lantern.passkey SET host = 'before.example'")
    assert refused(await used(anyone, device))


async def test_a_device_that_did_not_check_who_holds_it_is_refused(client: Client, browser: Browser) -> None:
    alice, anyone = await client("alice"), await browser()
    device = await added(alice)
    device.verifies = False
    assert refused(await used(anyone, device))
    options = (await alice.post(f"{PASSKEYS}/challenge", json={})).json()
    made = Device(ORIGIN, verifies=False).make(options)
    assert (await alice.post(PASSKEYS, json={"name": "Phone", "credential": made})).status_code == 422


async def test_a_copy_of_the_key_is_found_by_its_count(client: Client, browser: Browser, owner_url: str) -> None:
    device, anyone = await added(await client("alice")), await browser()
    copy = Device(ORIGIN, count=device.count, key=device.key, name=device.name, handle=device.handle)
    for _ in range(2):
        assert (await used(anyone, device)).status_code == 201
    anyone.cookies.delete("lantern_session")
    assert refused(await used(anyone, copy))
    copy.count = None
    assert refused(await used(anyone, copy))
    acts = [str(act) for (act,) in look(owner_url, "SELECT act FROM lantern.log_entry ORDER BY seq")]
    assert acts.count("second-factor-failed") == 2


async def test_a_key_of_another_device_opens_nothing_by_the_name_of_this_one(client: Client, browser: Browser) -> None:
    device, anyone = await added(await client("alice")), await browser()
    assert refused(await used(anyone, Device(ORIGIN, name=device.name, handle=device.handle)))
    assert refused(await used(anyone, Device(ORIGIN, handle=device.handle)))


async def test_a_passkey_opens_no_account_but_its_own(client: Client, browser: Browser) -> None:
    """Not that of a colleague, not one of another organisation, also where two devices chose the same name."""
    alice, otto, anyone = await client("alice"), await client("otto"), await browser()
    device = await added(alice)
    twin = await added(otto, Device(ORIGIN, name=device.name))
    colleague = await added(await client("mara"))
    for handle in (twin.handle, colleague.handle):
        assert refused(await used(anyone, device, handle=handle))
    assert (await used(anyone, device)).json()["organisation"] == "doggerstad"
    assert (await used(anyone, twin)).json()["organisation"] == "silverpit"


async def test_the_same_passkey_is_not_taken_twice_in_one_organisation(client: Client) -> None:
    device = await added(await client("alice"))
    ben = await client("ben")
    options = (await ben.post(f"{PASSKEYS}/challenge", json={})).json()
    made = Device(ORIGIN, name=device.name).make(options)
    assert (await ben.post(PASSKEYS, json={"name": "Phone", "credential": made})).status_code == 409


async def test_a_removed_passkey_opens_nothing_and_is_counted(
    app: FastAPI, client: Client, browser: Browser, owner_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    alice, anyone = await client("alice"), await browser()
    device = await added(alice, name="Phone <1>")
    listed = (await alice.get(PASSKEYS)).json()["items"]
    assert [(row["name"], row["host"]) for row in listed] == [("Phone <1>", "lantern.test")]
    path = f"{PASSKEYS}/{listed[0]['id']}"
    assert (await alice.patch(path, json={"name": "Old phone"})).json()["name"] == "Old phone"
    assert (await alice.delete(path)).status_code == 204
    assert (await alice.get(PASSKEYS)).json()["items"] == []
    assert refused(await used(anyone, device))
    assert (await alice.delete(path)).status_code == 404
    acts = [str(act) for (act,) in look(owner_url, "SELECT act FROM lantern.log_entry ORDER BY seq")]
    assert acts[-1] == "passkey-removed"
    await app.state.turned_away.write()
    assert caplog.messages == ["Tries to sign in with passkeys that open nothing: 1"]


async def test_one_of_somebody_else_answers_as_none(client: Client, browser: Browser) -> None:
    alice = await client("alice")
    device = await added(alice)
    theirs, nothing = (await alice.get(PASSKEYS)).json()["items"][0]["id"], "01990000-0000-7000-8000-000000000000"
    for person in ("ben", "mara", "otto", "stefan"):
        who = await client(person)
        assert (await who.get(PASSKEYS)).json() == {"items": []}
        for method in ("PATCH", "DELETE"):
            body = {"name": "mine"} if method == "PATCH" else None
            answers = [await who.request(method, f"{PASSKEYS}/{one}", json=body) for one in (theirs, nothing)]
            assert {answer.status_code for answer in answers} == {404}
            assert answers[0].content == answers[1].content
    assert (await used(await browser(), device)).status_code == 201


async def test_the_passkey_of_who_left_opens_nothing(
    client: Client, browser: Browser, town: SmallTown, owner_url: str
) -> None:
    device, anyone = await added(await client("alice")), await browser()
    run(
        owner_url, "UPDATE lantern.account SET left_on = :day WHERE id = :id", day=town.today, id=town.accounts["alice"]
    )
    assert refused(await used(anyone, device))


async def test_a_sign_in_of_some_time_ago_takes_the_password_and_the_code(
    app: FastAPI, client: Client, town: SmallTown, owner_url: str
) -> None:
    mara, alice = await client("mara"), await client("alice")
    run(owner_url, SIGNED_IN_EARLIER)
    path = f"{PASSKEYS}/challenge"

    async def wrong(person: httpx.AsyncClient, **given: str) -> str:
        answer = await person.post(path, json=given)
        assert answer.status_code == 422, answer.text
        return str(answer.json()["errors"][0]["where"])

    assert await wrong(alice) == "body.password"
    assert await wrong(mara, password="not this one") == "body.password"
    assert await wrong(mara, password=PASSWORD) == "body.code"
    assert await wrong(mara, password=PASSWORD, code="000000") == "body.code"
    await app.state.turned_away.write()
    told = "SELECT entry::jsonb -> 'detail' FROM lantern.log_entry WHERE act = 'second-factor-failed'"
    assert look(owner_url, told) == [({"door": f"POST {path}", "why": "code", "times": 2},)]
    assert (await mara.post(path, json={"password": PASSWORD, "code": town.code("mara")})).status_code == 201
    assert (await alice.post(path, json={"password": PASSWORD})).status_code == 201


async def test_a_token_and_who_has_yet_to_set_up_a_second_factor_add_none(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    mara = await client("mara")
    made = (await mara.post("/api/v1/access-tokens", json={"name": "QGIS"})).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    for method, path in (("GET", PASSKEYS), ("POST", f"{PASSKEYS}/challenge")):
        answer = await anyone.request(method, path, json={} if method == "POST" else None, headers=bearer)
        assert answer.status_code == 403
    run(owner_url, "DELETE FROM lantern.authenticator")
    await anyone.post(SESSION, json={"email": town.email("mara"), "password": PASSWORD})
    answer = await anyone.post(f"{PASSKEYS}/challenge", json={})
    assert answer.json()["type"] == "/problems/second-factor-required"


async def test_a_password_alone_sets_up_no_authenticator_beside_a_passkey(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    """Else a stolen password would be enough where the passkey is all that stands beside it."""
    await added(await client("mara"))
    run(owner_url, "DELETE FROM lantern.authenticator")
    signed_in = await anyone.post(SESSION, json={"email": town.email("mara"), "password": PASSWORD})
    assert signed_in.json()["setting_up"] is True
    assert (await anyone.post("/api/v1/second-factor/authenticator", json={})).status_code == 403


async def test_asking_for_challenges_without_end_has_to_wait(anyone: httpx.AsyncClient, town: SmallTown) -> None:
    for _ in range(100):
        assert (await anyone.post(f"{WAY}/challenge")).status_code == 201
    answer = await anyone.post(f"{WAY}/challenge")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


async def test_nonsense_is_refused_and_breaks_nothing(client: Client, browser: Browser) -> None:
    device, anyone = await added(await client("alice")), await browser()
    for part in ("clientDataJSON", "authenticatorData", "signature", "userHandle", "rawId", "id"):
        for nonsense in ("A", "AA", "_" * 2000, "W1tbW1tb", "bnVsbA", "eyJjaGFsbGVuZ2UiOjF9"):
            credential = device.show(await challenge(anyone))
            where = credential["response"] if part in credential["response"] else credential
            where[part] = nonsense
            assert refused(await shown(anyone, credential)), (part, nonsense)
    assert (await shown(anyone, {})).status_code == 422


async def test_nonsense_is_not_added(client: Client) -> None:
    alice = await client("alice")
    for nonsense in ("A", "_" * 2000, "n4CfgJ-An4A", "u2Fhv2Fhv2Fh", "m_____8"):
        made = Device(ORIGIN).make((await alice.post(f"{PASSKEYS}/challenge", json={})).json())
        made["response"]["attestationObject"] = nonsense
        assert (await alice.post(PASSKEYS, json={"name": "Phone", "credential": made})).status_code == 422
    assert (await alice.get(PASSKEYS)).json()["items"] == []


async def test_passkeys_are_offered_where_browsers_know_them(settings: Settings, town: SmallTown) -> None:
    for origin, host, offered in [
        (None, "127.0.0.1", "localhost"),
        (None, "0.0.0.0", None),
        ("https://192.0.2.7", "0.0.0.0", None),
        ("https://[2001:db8::7]", "0.0.0.0", None),
        ("https://lantern.gent.example", "127.0.0.1", "lantern.gent.example"),
    ]:
        made = create_app(settings.model_copy(update={"origin": origin, "host": host}))
        transport = httpx.ASGITransport(made)
        async with made.router.lifespan_context(made), httpx.AsyncClient(
            transport=transport, base_url="http://lantern.test"
        ) as anyone:  # fmt: skip
            answer = await anyone.post(f"{WAY}/challenge")
            page = (await anyone.get("/sign-in")).text
        assert answer.json().get("rpId") == offered
        assert answer.status_code == (201 if offered else 404)
        assert ("Sign in with a passkey" in page) is (offered is not None)
