"""New keys: everything stays readable, and the old key is gone."""

import asyncio
from pathlib import Path

import httpx
import pytest

from api.asker import Asker
from api.database import Database
from api.key_file import KeyFile, KeyWrong
from api.rotation import rotate, rotate_master
from api.vault import Vault, number_of
from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
SITES, VISITS = "/api/v1/sites", "/api/v1/visits"
KEYS = "SELECT number, retired_at IS NULL FROM lantern.organisation_key ORDER BY organisation_id, number"
SEALED = """
    SELECT access_note_sealed FROM lantern.site WHERE organisation_id = '{of}' AND access_note_sealed IS NOT NULL
    UNION ALL SELECT note_sealed FROM lantern.visit WHERE organisation_id = '{of}' AND note_sealed IS NOT NULL
    UNION ALL SELECT body_hash FROM lantern.receipt WHERE organisation_id = '{of}'
    UNION ALL SELECT note_sealed FROM lantern.change WHERE organisation_id = '{of}' AND note_sealed IS NOT NULL
    UNION ALL SELECT secret FROM lantern.authenticator WHERE organisation_id = '{of}'
"""


@pytest.fixture
def asker(town: SmallTown) -> Asker:
    return Asker.command(town.organisation_id, "doggerstad", "Europe/London")


def numbers(owner_url: str, town: SmallTown) -> set[int]:
    """The numbers of the keys by which anything of the town is sealed."""
    return {number_of(bytes(sealed)) for (sealed,) in look(owner_url, SEALED.format(of=town.organisation_id))}  # type: ignore[call-overload]


async def log_notes(alice: httpx.AsyncClient, town: SmallTown, many: int = 3) -> dict[str, dict[str, str]]:
    """Visits with notes, and one note that was changed; their bodies by address, to be sent again."""
    body = {"outcome": "met", "site_id": str(town.sites["quay"]), "visited_at": "2026-01-05T20:00:00Z"}
    sent = {f"{VISITS}/{new_id()}": body | {"note": f"told {n}"} for n in range(many)}
    for path, each in sent.items():
        assert (await alice.put(path, json=each)).status_code == 201
    changed = await alice.patch(
        f"{SITES}/{town.sites['quay']}", json={"access_note": "the gate is shut"}, headers={"If-Match": '"1"'}
    )
    assert changed.status_code == 200, changed.text
    return sent


async def notes(alice: httpx.AsyncClient) -> set[str]:
    found = [*(await alice.get(VISITS)).json()["features"], *(await alice.get(SITES)).json()["features"]]
    told = [each["properties"].get("note") or each["properties"].get("access_note") for each in found]
    return {each for each in told if each}


async def test_after_a_rotation_every_note_is_read_and_the_old_key_is_gone(
    client: Client, town: SmallTown, database: Database, vault: Vault, asker: Asker, owner_url: str
) -> None:
    alice = await client("alice")
    sent = await log_notes(alice, town)
    before = await notes(alice)
    assert before == {"told 0", "told 1", "told 2", "the gate is shut"}
    assert numbers(owner_url, town) == {1}
    steps: list[tuple[int, int]] = []
    rotated = await rotate(database, vault, asker, lambda done, total: steps.append((done, total)))
    assert (rotated.number, rotated.broken) == (2, 0)
    assert steps[-1] == (rotated.rows, rotated.rows)
    assert numbers(owner_url, town) == {2}
    assert sorted(look(owner_url, KEYS)) == [(1, True), (2, True)]  # Silverpit's first, Doggerstad's second
    assert await notes(alice) == before
    for path, body in sent.items():
        assert (await alice.put(path, json=body)).status_code == 200  # still known as the same delivery
    entry = look(owner_url, "SELECT entry FROM lantern.log_entry WHERE act = 'keys-rotated'")
    assert len(entry) == 1


async def test_a_rotation_broken_off_goes_on_and_makes_no_third_key(
    client: Client, town: SmallTown, database: Database, vault: Vault, asker: Asker, owner_url: str
) -> None:
    alice = await client("alice")
    await log_notes(alice, town)
    before = await notes(alice)

    class BrokenOff(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise BrokenOff

    with pytest.raises(BrokenOff):
        await rotate(database, vault, asker, stop)
    assert numbers(owner_url, town) == {1, 2}
    assert await notes(alice) == before
    assert (await rotate(database, Vault(vault.file), asker)).number == 2
    assert numbers(owner_url, town) == {2}
    assert await notes(alice) == before


async def test_notes_written_while_keys_are_rotated_are_not_lost(
    client: Client, town: SmallTown, database: Database, vault: Vault, asker: Asker, owner_url: str
) -> None:
    alice = await client("alice")
    done = asyncio.Event()
    written: list[str] = []

    async def write() -> None:
        while not done.is_set():
            note = f"told {len(written)}"
            body = {"outcome": "met", "site_id": str(town.sites["quay"]), "visited_at": "2026-01-05T20:00:00Z"}
            assert (await alice.put(f"{VISITS}/{new_id()}", json=body | {"note": note})).status_code == 201
            written.append(note)

    writing = asyncio.create_task(write())
    for _ in range(3):
        await rotate(database, vault, asker)
    done.set()
    await writing
    assert len(written) > 3
    assert set(written) <= await notes(alice)
    assert numbers(owner_url, town) == {4}


async def test_a_value_that_does_not_open_keeps_the_old_key(
    town: SmallTown, database: Database, vault: Vault, asker: Asker, owner_url: str
) -> None:
    run(
        owner_url,
        "UPDATE lantern.site SET access_note_sealed = set_byte(access_note_sealed, 20, "
        "(get_byte(access_note_sealed, 20) + 1) % 256) WHERE id = :id",
        id=town.sites["quay"],
    )
    rotated = await rotate(database, vault, asker)
    assert (rotated.number, rotated.broken) == (2, 1)
    assert numbers(owner_url, town) == {1, 2}
    assert (1, False) in look(owner_url, KEYS)


@pytest.fixture
def own_file(master_key: KeyFile, tmp_path: Path) -> KeyFile:
    """A copy of the master key, which this test may replace."""
    copy = KeyFile(tmp_path / "keys" / "master")
    copy.path.parent.mkdir()
    copy.path.write_text(master_key.path.read_text())
    copy.path.chmod(0o600)
    return copy


async def test_after_a_new_master_key_the_notes_are_read_with_it_and_not_with_the_old(
    town: SmallTown, database: Database, asker: Asker, own_file: KeyFile, master_key: KeyFile, owner_url: str
) -> None:
    running = Vault(own_file)
    before = own_file.path.read_text()
    assert await rotate_master(database, own_file) == 2
    assert own_file.path.read_text() != before
    assert [path.name for path in own_file.path.parent.iterdir()] == ["master"]
    for each in (running, Vault(own_file)):
        async with database.asking(asker) as session:
            keys = await each.keys(session, asker.organisation_id)
        ((sealed,),) = look(owner_url, f"SELECT access_note_sealed FROM lantern.site WHERE id = '{town.sites['quay']}'")
        place = {"table": "site", "column": "access_note_sealed"}
        assert keys.open(bytes(sealed), **place, row_id=town.sites["quay"]) == "note of quay"  # type: ignore[call-overload]
    with pytest.raises(KeyWrong):
        async with database.asking(asker) as session:
            await Vault(master_key).keys(session, asker.organisation_id)


async def test_a_new_master_key_that_was_broken_off_leaves_keys_that_open_and_goes_on(
    town: SmallTown, database: Database, own_file: KeyFile, asker: Asker
) -> None:
    own_file.begin_next()
    async with database.asking(asker) as session:
        assert (await Vault(own_file).keys(session, asker.organisation_id)).newest == 1
    begun = own_file.next.read_text()
    await rotate_master(database, own_file)
    assert own_file.path.read_text() == begun
    assert not own_file.next.exists()
