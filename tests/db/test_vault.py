"""What is sealed at rest opens with the right keys in the right place, and nowhere else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from api.asker import Asker
from api.database import Database
from api.key_file import KeyFile, KeyMissing, KeyRefused, KeyWrong
from api.vault import Keys, Vault
from geo.schema import new_id
from geo.seal import CannotOpen
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
ROW = new_id()
PLACE: dict[str, Any] = {"table": "site", "column": "access_note", "row_id": ROW}


@pytest.fixture
def asker(town: SmallTown) -> Asker:
    return Asker.command(town.organisation_id, "doggerstad", "Europe/London")


@pytest.fixture
def unsealed(town: SmallTown, owner_url: str) -> None:
    """The town without what it sealed, and without its keys."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM lantern.authenticator"))
        connection.execute(text("DELETE FROM lantern.organisation_key"))
    engine.dispose()


@pytest.fixture
def other(town: SmallTown) -> Asker:
    return Asker.command(town.silverpit_id, "silverpit", "Europe/London")


async def keys_of(database: Database, vault: Vault, asker: Asker) -> Keys:
    async with database.asking(asker) as session:
        return await vault.keys(session, asker.organisation_id)


async def test_a_text_is_sealed_to_other_bytes_each_time_and_opens_to_itself(
    database: Database, vault: Vault, asker: Asker
) -> None:
    keys = await keys_of(database, vault, asker)
    sealed = [keys.seal("Ring twice, ąę 🔑", **PLACE) for _ in range(20)]
    assert len(set(sealed)) == 20
    assert all(b"Ring" not in each for each in sealed)
    assert {keys.open(each, **PLACE) for each in sealed} == {"Ring twice, ąę 🔑"}


async def test_what_is_sealed_opens_with_the_keys_of_another_process_too(
    database: Database, vault: Vault, asker: Asker
) -> None:
    sealed = (await keys_of(database, vault, asker)).seal("behind the bins", **PLACE)
    assert (await keys_of(database, Vault(vault.file), asker)).open(sealed, **PLACE) == "behind the bins"


@pytest.mark.parametrize(
    "elsewhere", [{"table": "visit"}, {"column": "name"}, {"row_id": new_id()}], ids=["table", "column", "row"]
)
async def test_what_was_moved_to_another_place_does_not_open(
    database: Database, vault: Vault, asker: Asker, elsewhere: dict[str, Any]
) -> None:
    keys = await keys_of(database, vault, asker)
    sealed = keys.seal("behind the bins", **PLACE)
    with pytest.raises(CannotOpen) as refused:
        keys.open(sealed, **(PLACE | elsewhere))
    assert "bins" not in str(refused.value)


async def test_what_was_moved_to_another_organisation_does_not_open(
    database: Database, vault: Vault, asker: Asker, other: Asker
) -> None:
    sealed = (await keys_of(database, vault, asker)).seal("behind the bins", **PLACE)
    theirs = await keys_of(database, vault, other)
    assert theirs.open(theirs.seal("ours", **PLACE), **PLACE) == "ours"
    with pytest.raises(CannotOpen):
        theirs.open(sealed, **PLACE)


async def test_a_changed_or_cut_byte_is_noticed(database: Database, vault: Vault, asker: Asker) -> None:
    keys = await keys_of(database, vault, asker)
    sealed = keys.seal("x", **PLACE)
    for place in range(len(sealed)):
        with pytest.raises(CannotOpen):
            keys.open(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], **PLACE)
        with pytest.raises(CannotOpen):
            keys.open(sealed[:place], **PLACE)


async def test_an_organisation_sees_its_own_keys_alone(
    database: Database, vault: Vault, asker: Asker, other: Asker
) -> None:
    await keys_of(database, vault, asker)
    await keys_of(database, vault, other)
    async with database.asking(asker) as session:
        seen = await session.scalars(text("SELECT organisation_id FROM lantern.organisation_key"))
        assert seen.all() == [asker.organisation_id]


async def test_a_data_key_does_not_stand_in_the_database_and_opens_in_its_own_row_only(
    database: Database, vault: Vault, asker: Asker, other: Asker, owner_url: str
) -> None:
    await keys_of(database, vault, asker)
    await keys_of(database, vault, other)
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE lantern.organisation_key AS mine SET wrapped = theirs.wrapped "
                "FROM lantern.organisation_key AS theirs "
                "WHERE mine.organisation_id = :mine AND theirs.organisation_id = :theirs"
            ),
            {"mine": asker.organisation_id, "theirs": other.organisation_id},
        )
    engine.dispose()
    with pytest.raises(KeyWrong, match="damaged"):
        await keys_of(database, Vault(vault.file), asker)


@pytest.mark.usefixtures("unsealed")
async def test_many_who_need_the_first_key_at_once_get_the_same(database: Database, vault: Vault, asker: Asker) -> None:
    found = await asyncio.gather(*(keys_of(database, Vault(vault.file), asker) for _ in range(8)))
    sealed = [keys.seal(str(n), **PLACE) for n, keys in enumerate(found)]
    assert [keys.newest for keys in found] == [1] * 8
    assert [found[0].open(each, **PLACE) for each in sealed] == [str(n) for n in range(8)]


async def ready(database: Database, vault: Vault) -> None:
    async with database.keeping_keys() as session:
        await vault.make_ready(session)


async def test_the_master_key_is_made_where_nothing_was_sealed_and_stays(database: Database, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "home" / "keys" / "master")
    await ready(database, Vault(file))
    made = file.path.read_text()
    await ready(database, Vault(file))
    assert file.path.read_text() == made
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_missing_master_key_is_not_made_anew_where_something_was_sealed(
    database: Database, vault: Vault, asker: Asker, tmp_path: Path
) -> None:
    await keys_of(database, vault, asker)
    file = KeyFile(tmp_path / "keys" / "master")
    with pytest.raises(KeyMissing, match="Put it back"):
        await ready(database, Vault(file))
    assert not file.path.exists()


async def test_another_master_key_is_refused(database: Database, vault: Vault, asker: Asker, tmp_path: Path) -> None:
    await keys_of(database, vault, asker)
    file = KeyFile(tmp_path / "keys" / "master")
    file.make()
    with pytest.raises(KeyWrong, match=file.keys()[0].fingerprint.hex()) as refused:
        await ready(database, Vault(file))
    assert file.path.read_text().strip() not in str(refused.value)


@pytest.mark.parametrize("content", ["", "abc", "z" * 64, "ab" * 31, "ab" * 33, "\xff" * 64])
def test_a_file_that_holds_no_key_is_refused_without_its_content(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master"
    path.write_text(content, encoding="latin-1")
    path.chmod(0o600)
    with pytest.raises(KeyRefused, match="64 hexadecimal digits") as refused:
        KeyFile(path).keys()
    assert not content or content not in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "own", "taken"),
    [(0o644, True, False), (0o640, True, False), (0o644, False, False), (0o440, False, True), (0o400, True, True)],
)
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int, own: bool, taken: bool) -> None:
    path = tmp_path / "master"
    path.write_text("ab" * 32)
    path.chmod(mode)
    if taken:
        assert len(KeyFile(path, own=own).keys()) == 1
    else:
        with pytest.raises(KeyRefused, match=f"chmod .* {path}"):
            KeyFile(path, own=own).keys()


def test_a_key_file_elsewhere_is_never_made(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "master", own=False)
    with pytest.raises(KeyMissing, match="openssl rand -hex 32"):
        file.make()
    assert not file.path.exists()
