"""People grant and revoke, move and redraw, hand over, cover and close, in any order; what anyone then sees is what the
model of a hundred lines says. Over HTTP, on the real PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.engine import make_url

from api.asker import Asker
from api.settings import Settings
from tests.attacks.machine import Places, World
from tests.attacks.model import CITIES, Area, Assignment, Model, Point, Site
from tests.fixtures.town import SmallTown
from web.app import create_app

AHEAD = 3
RUNS, STEPS = 10, 20
MANY_RUNS, MANY_STEPS = 2000, 40
SHARES = 8
SEARCHED = 300


@pytest.fixture
def world(
    anyio_backend: str, settings: Settings, town: SmallTown, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Signed in: two streetworkers and the managers of two cities, on a day that the test can move on."""
    dsn = make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = create_app(settings)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
        psycopg.connect(dsn, autocommit=True) as owner,
    ):
        made = World(portal, {}, owner, town, town.today + timedelta(days=AHEAD))
        for person in CITIES:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://lantern.test")
            answer = portal.call(partial(client.post, "/api/v1/session", json=town.form(person)))
            assert answer.status_code == 201, answer.text
            made.clients[person] = client
        monkeypatch.setattr(Asker, "today", property(lambda asker: made.day))
        yield made
        for client in made.clients.values():
            portal.call(client.aclose)


def play(world: World, runs: int, steps: int, model: Callable[[], Model] = Model, **more: Any) -> None:
    """Raises AssertionError where the system and the model differ."""

    class Played(Places):
        pass

    Played.world, Played.made = world, staticmethod(model)
    how = hypothesis_settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
    run_state_machine_as_test(Played, settings=how)


def test_what_people_see_is_what_the_model_says(world: World) -> None:
    play(world, RUNS, STEPS, derandomize=True, phases=[Phase.generate])


@pytest.mark.attack
@pytest.mark.parametrize("share", range(SHARES))
def test_it_is_so_in_two_thousand_runs(world: World, share: int) -> None:
    play(world, MANY_RUNS // SHARES, MANY_STEPS)


class CoverEndsADayEarly(Model):
    def runs(self, thing: Area | Assignment) -> bool:
        return super().runs(thing) and self.today != thing.last


class KeepsWhatWasHandedOver(Model):
    def would_reach(self, who: str, site: Site, at: Point) -> bool:
        return super().would_reach(who, site, at) or site.by == who


class SeesOtherCities(Model):
    def would_reach(self, who: str, site: Site, at: Point) -> bool:
        return super().would_reach(who, site, at) or self.stands_on_own_ground(who, at)


class LeavesBordersOut(Model):
    def stands_on_own_ground(self, who: str, at: Point) -> bool:
        return super().stands_on_own_ground(who, at) and at[0] > 0


class ForgetsWhatIsShared(Model):
    def is_shared(self, who: str, area: UUID) -> bool:
        return False


WRONG_MODELS = [CoverEndsADayEarly, KeepsWhatWasHandedOver, SeesOtherCities, LeavesBordersOut, ForgetsWhatIsShared]
OPEN = "organisation_id = lantern.asking_organisation()"
WRONG_POLICIES = [
    f"ALTER POLICY reach ON lantern.site USING ({OPEN})",
    f"ALTER POLICY read ON lantern.visit USING ({OPEN})",
    f"ALTER POLICY read ON lantern.work_area USING ({OPEN})",
    f"ALTER POLICY read ON lantern.assignment USING ({OPEN})",
    "DROP POLICY read ON lantern.assignment",
]


def is_found(world: World, model: Callable[[], Model] = Model) -> None:
    with pytest.raises((AssertionError, FlakyFailure)):
        play(world, SEARCHED, STEPS, model, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)


def test_a_policy_that_is_opened_is_found(world: World) -> None:
    world.owner.execute(WRONG_POLICIES[0].encode())
    is_found(world)


@pytest.mark.attack
@pytest.mark.parametrize("model", WRONG_MODELS)
def test_a_model_that_is_slightly_wrong_differs(world: World, model: type[Model]) -> None:
    is_found(world, model)


@pytest.mark.attack
@pytest.mark.parametrize("statement", WRONG_POLICIES)
def test_a_policy_that_is_slightly_wrong_is_found(world: World, statement: str) -> None:
    world.owner.execute(statement.encode())
    is_found(world)
