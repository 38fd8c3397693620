"""The demo town in a real database."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import create_engine, func, select, text
from typer.testing import CliRunner

from api.asker import Asker
from api.command import app
from api.command.refusal import Refusal
from api.database import Database, OrganisationUnknown
from api.demo import DEMO_PASSWORD, DemoExists, load_demo
from api.password import fits
from api.vault import Vault
from geo.account import Role
from geo.account_secret import password_hash_of
from geo.tables import Account, BasemapFeature, Organisation, Site, SiteStatus, Visit, WorkArea

TODAY = date(2026, 11, 22)


@pytest.mark.anyio
async def test_the_demo_is_made_and_loaded_whole(database_url: str, vault: Vault, owner_url: str) -> None:
    summary = await load_demo(database_url, vault, TODAY)
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        assert connection.scalar(select(Organisation.is_demo).where(Organisation.slug == "doggerstad")) is True
        tables = (WorkArea, Account, Site, Visit, BasemapFeature)
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in tables]
        assert counts == [
            summary.work_areas, summary.accounts, summary.sites, summary.visits, summary.basemap_features,
        ]  # fmt: skip
        assert connection.scalar(select(func.count(SiteStatus.site_id.distinct()))) == summary.sites
        for table in ("work_area", "district", "basemap_feature"):
            assert connection.scalar(text(f"SELECT bool_and(ST_IsValid(geom)) FROM lantern.{table}")) is True
    engine.dispose()


@pytest.mark.anyio
async def test_the_demo_begins_with_a_release_of_each_series(database_url: str, vault: Vault, owner_url: str) -> None:
    await load_demo(database_url, vault, TODAY)
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT series, period FROM release.release ORDER BY 1")).all()
        shown = connection.scalar(text("SELECT count(*) FROM release.release_value WHERE value IS NOT NULL"))
    engine.dispose()
    assert [tuple(row) for row in found] == [("cells", "2026-H1"), ("districts", "2026-Q3")]
    assert shown


@pytest.mark.anyio
async def test_a_second_demo_is_refused_and_changes_nothing(database_url: str, vault: Vault, owner_url: str) -> None:
    first = await load_demo(database_url, vault, TODAY)
    with pytest.raises(DemoExists):
        await load_demo(database_url, vault, TODAY, seed=3)
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Visit)) == first.visits
    engine.dispose()


@pytest.mark.anyio
async def test_alice_has_the_demos_password_and_reaches_her_area_alone(database_url: str, vault: Vault) -> None:
    summary = await load_demo(database_url, vault)
    database = Database(database_url, pool_size=1)
    try:
        manager = await database.asker_of_organisation("doggerstad")
        async with database.asking(manager) as session:
            alice = await session.scalar(select(Account).where(Account.email == "alice@doggerstad.example"))
            assert alice is not None
            own = Asker(alice.organisation_id, "doggerstad", alice.id, frozenset(), "Alice", "en", manager.time_zone)
        async with database.asking_own(own) as session:
            assert await fits(DEMO_PASSWORD, await password_hash_of(session, own.organisation_id, alice.id))
        async with database.asking(manager) as session:
            assert await password_hash_of(session, own.organisation_id, alice.id) is None
            assert await session.scalar(select(func.count()).select_from(Site)) == summary.sites
        roles = frozenset({Role.STREETWORKER})
        asker = Asker(alice.organisation_id, "doggerstad", alice.id, roles, "Alice", "en", manager.time_zone)
        async with database.asking(asker) as session:
            assert (await session.scalars(select(WorkArea.name))).all() == ["Oldholm West"]
            sites = (await session.scalars(select(Site.id))).all()
            assert 40 < len(sites) < 160
            visits = await session.scalar(select(func.count()).select_from(Visit))
            assert 0 < (visits or 0) < summary.visits / 2
    finally:
        await database.close()


def test_the_command_loads_the_demo_once_and_prints_who_may_sign_in(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTERN_DATABASE_URL", database_url)
    result = CliRunner().invoke(app, ["demo", "--seed", "3"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "400 sites" in result.output
    assert DEMO_PASSWORD in result.output
    assert "mara@doggerstad.example" in result.output
    with pytest.raises(Refusal, match="already"):
        CliRunner().invoke(app, ["demo"], catch_exceptions=False)


def test_the_command_refuses_a_demo_that_other_machines_could_reach(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTERN_DATABASE_URL", database_url)
    monkeypatch.setenv("LANTERN_HOST", "192.0.2.1")
    with pytest.raises(Refusal, match="known to everybody"):
        CliRunner().invoke(app, ["demo"], catch_exceptions=False)
    assert not asyncio.run(_has_demo(database_url))


async def _has_demo(url: str) -> bool:
    database = Database(url, pool_size=1)
    try:
        await database.asker_of_organisation("doggerstad")
    except OrganisationUnknown:
        return False
    finally:
        await database.close()
    return True
