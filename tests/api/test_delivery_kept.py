"""How long what phones sent is kept, what takes it before, and how it is sealed anew."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.asker import Asker
from api.database import Database
from api.retention_run import run as run_retention
from api.rotation import rotate
from api.vault import Vault
from geo.account import Role
from geo.account_erasure import erase_account
from geo.erasure import Reason
from geo.retention import Kind
from geo.schema import new_id
from geo.site_erasure import erase_site
from tests.api.test_delivery import NOTE, count, slug, visit
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.phone import DELIVERIES, Item, MakePhone, Phone
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
AGED = "UPDATE lantern.delivery SET received_at = now() - make_interval(days => :days)"


@pytest.fixture
def steward(town: SmallTown) -> Asker:
    return Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.STEWARD)


async def three(phone: MakePhone, town: SmallTown) -> tuple[Phone, dict[str, Item]]:
    """One of each: kept, refused, and with the manager, each about a site."""
    alice = await phone("alice")
    told = {
        "kept": visit(alice, site_id=str(town.sites["quay"])),
        "refused": visit(alice, site_id=str(town.sites["quay"]), outcome="rain"),
        "with-manager": visit(alice, site_id=str(town.sites["lane"])),
    }
    items = {state: alice.seal(alice.told("visit", body)) for state, body in told.items()}
    for state, item in items.items():
        assert (await alice.send(item)).json()["state"] == state
    return alice, items


def states(owner_url: str) -> list[object]:
    return [row[0] for row in look(owner_url, "SELECT state FROM lantern.delivery ORDER BY state")]


async def test_records_go_after_90_days_what_was_refused_after_30_and_what_waits_with_the_visits(
    phone: MakePhone, town: SmallTown, database: Database, steward: Asker, owner_url: str
) -> None:
    await three(phone, town)
    for days, left in (
        (29, ["kept", "refused", "with-manager"]),
        (31, ["kept", "with-manager"]),
        (89, ["kept", "with-manager"]),
        (91, ["with-manager"]),
        (729, ["with-manager"]),
        (731, []),
    ):
        run(owner_url, AGED, days=days)
        before = len(states(owner_url))
        counts = await run_retention(database, steward)
        assert (states(owner_url), counts[Kind.DELIVERIES]) == (left, before - len(left)), days


async def test_an_old_key_is_destroyed_after_90_days_and_the_one_in_use_never(
    phone: MakePhone, database: Database, vault: Vault, steward: Asker, owner_url: str
) -> None:
    alice = await phone("alice")
    await rotate(database, vault, steward)
    run(owner_url, "UPDATE lantern.delivery_key SET made_at = now() - interval '9 years'")
    item = alice.seal(alice.told("visit", visit(alice)))
    for days, keys in ((89, 2), (91, 1)):
        statement = "UPDATE lantern.delivery_key SET retired_at = now() - make_interval(days => :days)"
        run(owner_url, f"{statement} WHERE retired_at IS NOT NULL", days=days)
        await run_retention(database, steward)
        assert count(owner_url, "delivery_key") == keys
    late = await alice.send(item)
    assert (late.status_code, slug(late)) == (422, "delivery-key-unknown")


async def test_a_rotation_seals_what_waits_anew_and_gives_phones_another_key(
    phone: MakePhone, client: Client, town: SmallTown, database: Database, vault: Vault, steward: Asker, owner_url: str
) -> None:
    alice, items = await three(phone, town)
    before = alice.key["id"]
    waits = look(owner_url, "SELECT body_sealed FROM lantern.delivery WHERE state = 'with-manager'")
    rotated = await rotate(database, vault, steward)
    assert rotated.broken == 0
    assert look(owner_url, "SELECT body_sealed FROM lantern.delivery WHERE state = 'with-manager'") != waits
    await alice.learn()
    assert alice.key["id"] != before
    assert [(await alice.send(item)).status_code for item in items.values()] == [200, 422, 202]
    assert (await alice.of(items["refused"])).json()["sent"]["body"]["note"] == NOTE
    mara = await client("mara")
    assert len((await mara.get(f"{DELIVERIES}?state=with-manager")).json()["items"]) == 1


async def test_an_erased_site_takes_what_phones_sent_about_it_and_it_does_not_come_back(
    phone: MakePhone, town: SmallTown, database: Database, steward: Asker, owner_url: str
) -> None:
    alice, items = await three(phone, town)
    async with database.erasing(steward) as session:
        for site in ("quay", "lane"):
            assert await erase_site(session, town.organisation_id, town.sites[site], Reason.ASKED, None)
    assert states(owner_url) == []
    for item in items.values():
        answer = await alice.send(item)
        again = await alice.send(item)
        assert (answer.status_code, answer.text) == (202, again.text)
        back = (await alice.of(item)).json()
        assert (back["state"], back["why"], back["sent"]) == ("with-manager", None, None)
    rows = look(owner_url, "SELECT state, why, body_sealed FROM lantern.delivery")
    assert rows == [("dropped", "erased", None)] * 3
    never = await alice.deliver("visit", visit(alice, site_id=str(new_id())))
    assert set(never.json()) == set(answer.json())
    assert never.status_code == 202


async def test_an_erased_account_takes_its_records_and_leaves_what_waits_for_a_manager(
    phone: MakePhone, client: Client, town: SmallTown, database: Database, steward: Asker, owner_url: str
) -> None:
    await three(phone, town)
    run(owner_url, "UPDATE lantern.account SET left_on = current_date - 1 WHERE email LIKE 'alice%'")
    async with database.erasing(steward) as session:
        assert await erase_account(session, town.organisation_id, town.accounts["alice"], Reason.LEFT, None)
    assert states(owner_url) == ["with-manager"]
    mara = await client("mara")
    [row] = (await mara.get(f"{DELIVERIES}?state=with-manager")).json()["items"]
    assert (await mara.post(f"{DELIVERIES}/{row['id']}/placed", json={})).status_code == 200


async def test_the_database_holds_managers_and_authors_to_it(
    phone: MakePhone, town: SmallTown, database: Database, owner_url: str
) -> None:
    _, items = await three(phone, town)
    mara, alice = (
        Asker(town.organisation_id, "", town.accounts[name], frozenset({role}), name, "en", "Europe/London")
        for name, role in (("mara", Role.MANAGER), ("alice", Role.STREETWORKER))
    )
    settled = "UPDATE lantern.delivery SET state = 'dropped', why = 'mistake', body_sealed = NULL, settled_by = '{by}'"
    async with database.asking(alice) as session:
        done = await session.execute(text(settled.format(by=alice.account_id) + " RETURNING id"))
        assert done.all() == []
    for wrong in (settled.format(by=alice.account_id), settled.replace("body_sealed = NULL, ", "")):
        async with database.asking(mara) as session:
            with pytest.raises(DBAPIError):
                await session.execute(text(wrong.format(by=mara.account_id)))
            await session.rollback()
    async with database.asking(mara) as session:
        seen = await session.execute(text("SELECT id FROM lantern.delivery"))
        assert [row[0] for row in seen] == [items["with-manager"].id]
        done = await session.execute(text(settled.format(by=mara.account_id) + " RETURNING id"))
        assert [row[0] for row in done] == [items["with-manager"].id]
        again = await session.execute(text("UPDATE lantern.delivery SET state = 'placed', why = NULL RETURNING id"))
        assert again.all() == []
