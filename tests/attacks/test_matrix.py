"""Every route for every role, towards what is one's own and towards what is not: denied is as if it were not there."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import median

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, text

from api import site
from api.asking import Asked
from api.problem import FORBIDDEN, Problem
from geo.site import Site
from tests.attacks.door import EVERYONE, HASTY, MARA, NOBODY, OTTO, Door
from tests.attacks.doors import DOORS, GROUND, LAW, PEOPLE, RELEASES, SITES, STEWARD, VISITS
from tests.attacks.matrix import Matrix, Tried, plain
from tests.fixtures.client import Client
from tests.fixtures.route import routes_of
from tests.fixtures.town import PURPOSE
from tests.fixtures.wide_town import NEVER, WideTown

pytestmark = pytest.mark.anyio
HOW = """
Each route needs a Door in tests/attacks/doors.py: who may pass it, the kind of row that its path, query or body names
(in tests/fixtures/wide_town.py, None if it names none), and what has to be brought so that it opens. Add:
"""


def unlisted(app: FastAPI, doors: list[Door] = DOORS) -> list[str]:
    """The routes that no door names, as doors to fill in."""
    listed = {door.what for door in doors}
    there = [f"{method} {path}" for method, path in routes_of(app)]
    assert len(there) > 100
    gone = listed - set(there)
    assert gone == set(), "these are gone: take their lines out of tests/attacks/doors.py"
    return [f'    Door("{what}", WHO_MAY, "KIND_OF_ROW"),' for what in there if what not in listed]


async def test_every_route_is_listed(app: FastAPI) -> None:
    missing = unlisted(app)
    assert missing == [], HOW + "\n".join(missing)


async def test_control_a_route_that_nobody_listed_is_found(app: FastAPI) -> None:
    async def open_to_all() -> str:
        return "everything"

    app.add_api_route("/api/v1/sites/all", open_to_all)
    assert unlisted(app) == ['    Door("GET /api/v1/sites/all", WHO_MAY, "KIND_OF_ROW"),']


@pytest.fixture
async def tried(client: Client, wide_town: WideTown, anyone: httpx.AsyncClient) -> Tried:
    """Everyone signed in at a browser."""
    shown: dict[str, dict[str, str]] = {NOBODY: {}}
    for person in EVERYONE - {NOBODY}:
        signed_in = await client(MARA, purpose="") if person == HASTY else await client(person)
        shown[person] = {"Cookie": "; ".join(f"{name}={value}" for name, value in signed_in.cookies.items())}
    return Tried(wide_town, anyone, shown)


@pytest.fixture
def tried_by_token(wide_town: WideTown, anyone: httpx.AsyncClient) -> Tried:
    """Everyone by a token, and managers saying why with each request."""
    shown = {person: {"Authorization": f"Bearer {token}"} for person, token in wide_town.tokens.items()}
    shown |= {NOBODY: {}, HASTY: shown[MARA]}
    return Tried(
        wide_town,
        anyone,
        shown | {name: shown[name] | {"Lantern-Purpose": PURPOSE} for name in (MARA, OTTO)},
        by_token=True,
    )


async def test_what_is_not_for_someone_is_as_if_it_were_not_there_a_row_each(
    tried: Tried, superuser: Connection
) -> None:
    faults = await Matrix(tried, superuser, brief=True).go(DOORS)
    assert faults == [], "\n".join(faults)
    assert tried.asked > 8 * len(DOORS)


@pytest.mark.attack
async def test_what_is_not_for_someone_is_as_if_it_were_not_there_every_row(
    tried: Tried, superuser: Connection
) -> None:
    faults = await Matrix(tried, superuser).go(DOORS)
    print(f"{tried.asked} requests at {len(DOORS)} doors, {len(faults)} faults")  # noqa: T201
    assert faults == [], "\n".join(faults)
    assert tried.asked > 4000


@pytest.mark.attack
async def test_a_token_opens_no_more_than_its_owner(tried_by_token: Tried, superuser: Connection) -> None:
    doors = [door for door in (*PEOPLE, *GROUND, *SITES, *VISITS, *RELEASES, *STEWARD, *LAW) if "/api/" in door.path]
    faults = await Matrix(tried_by_token, superuser).go(doors)
    print(f"{tried_by_token.asked} requests by token at {len(doors)} doors, {len(faults)} faults")  # noqa: T201
    assert faults == [], "\n".join(faults)


Patch = pytest.MonkeyPatch


async def _loosened_policy(patch: Patch, superuser: Connection) -> None:
    reach = "organisation_id = lantern.asking_organisation() AND lantern.asking_scope() IN ('organisation', 'areas')"
    superuser.execute(text(f"ALTER POLICY reach ON lantern.site USING ({reach})"))


async def _refusal_that_tells(patch: Patch, superuser: Connection) -> None:
    """What is there and out of reach is `forbidden`, what is not there `not-found`."""
    true: Callable[..., Awaitable[Site]] = site.found

    async def found(asked: Asked, site_id: object, lock: bool = False) -> Site:
        there = superuser.scalar(text("SELECT count(*) FROM lantern.site WHERE id = :id"), {"id": site_id})
        try:
            return await true(asked, site_id, lock)
        except Problem:
            if there:
                raise Problem(FORBIDDEN) from None
            raise

    patch.setattr(site, "found", found)


async def _silent_log(patch: Patch, superuser: Connection) -> None:
    patch.setattr(site, "note", lambda *_: None)


@pytest.mark.attack
async def test_control_a_hole_put_in_is_found(tried: Tried, superuser: Connection) -> None:
    doors = [door_named("GET /api/v1/sites/{site_id}")]
    assert await Matrix(tried, superuser).go(doors) == []
    for hole in (_silent_log, _refusal_that_tells, _loosened_policy):
        with pytest.MonkeyPatch.context() as patch:
            await hole(patch, superuser)
            assert await Matrix(tried, superuser).go(doors) != [], hole.__name__
        tried.faults.clear()


# What an area is called may be known to everyone of its organisation; where it lies may not.
NAMES_OF_AREAS = {"GET /api/v1/area-names", "GET /widenings", "GET /law-requests"}
READING = [door for door in DOORS if door.method == "GET" and not door.row and door.what not in NAMES_OF_AREAS]
HERE = "ST_Point(2.5, 54.6, 4326)"  # where nobody looks after anything
OUT_OF_REACH = f"""
    INSERT INTO lantern.site (organisation_id, id, site_type, status, name, geom, revisit_days)
        SELECT :organisation, gen_random_uuid(), 'doorway', 'active', 'one more', {HERE}, 7 FROM generate_series(1, 9);
    INSERT INTO lantern.visit (organisation_id, id, site_id, visited_at, outcome, geom, source)
        SELECT organisation_id, gen_random_uuid(), id, now() - interval '1 day', 'met', geom, 'api'
        FROM lantern.site WHERE name = 'one more' AND organisation_id = :organisation;
    INSERT INTO lantern.work_area (organisation_id, id, name, geom, valid_from)
        VALUES (:organisation, gen_random_uuid(), 'one more area', ST_Multi(ST_Expand({HERE}, 0.01)), '2020-01-01')
"""


@pytest.mark.parametrize(
    ("city", "readers"),
    [
        ("doggerstad", ["alice"]),
        pytest.param("doggerstad", ["ben", "dora", "stefan", "pim", "otto"], marks=pytest.mark.attack),
        pytest.param("silverpit", ["mara"], marks=pytest.mark.attack),
    ],
)
async def test_no_list_map_export_or_count_moves_with_what_is_out_of_reach(
    tried: Tried, superuser: Connection, city: str, readers: list[str]
) -> None:
    """Places, visits and an area are added where someone reaches nothing: whatever they may read stays as it was."""
    town, before = tried.town.small, []
    for door, person in [(door, person) for door in READING for person in readers if person in door.may]:
        first, again = [plain(await tried.ask(person, door, NEVER), "") for _ in range(2)]
        if first == again:  # else it tells of the asking itself, as the log does
            before.append((door, person, again))
    assert len(before) > 10
    organisation = {"organisation": town.organisation_id if city == "doggerstad" else town.silverpit_id}
    for statement in OUT_OF_REACH.split(";"):
        superuser.execute(text(statement), organisation)
    for door, person, said in before:
        same = plain(await tried.ask(person, door, NEVER), "") == said
        tried.expect(same, door, person, NEVER, "tells of what was added out of reach")
    assert tried.faults == [], "\n".join(tried.faults)


async def test_an_id_that_stands_for_something_is_taken_alike_for_who_sees_it_and_who_does_not(tried: Tried) -> None:
    """A delivery under an id that is in use cannot be kept, so it is refused. That says that the id, 74 random bits, is
    in use in one's own city, and nothing of what stands there."""
    named = {"site_id", "visit_id"}
    made = [door for door in DOORS if door.method == "PUT" and not door.row and door.plain.keys() & named]
    assert len(made) == 2
    for door in made:
        kind = "site" if "site_id" in door.plain else "visit"
        again = replace(door, row=kind, plain={})
        for person in ("alice", "ben", "mara", "otto"):
            there = [name for name in tried.town.ids[kind] if name not in {NEVER, "deleted"}]
            own = [name for name in there if (name == "silverpit") == (person == "otto")]
            taken = {
                (answer.status_code, answer.text) for answer in [await tried.ask(person, again, name) for name in own]
            }
            assert len(taken) == 1, taken
            assert taken.pop()[0] == 409
    assert tried.faults == []


TIMED = {
    "GET /api/v1/sites/{site_id}": "lane",
    "GET /api/v1/sites/{site_id}/history": "handed",
    "PATCH /api/v1/sites/{site_id}": "moved",
    "GET /api/v1/visits/{visit_id}": "lane",
    "GET /api/v1/work-areas/{area_id}": "south",
    "GET /api/v1/assignments/{assignment_id}": "ben",
    "DELETE /api/v1/access-tokens/{token_id}": "ben",
}
ROUNDS, LITTLE = 150, 0.25


async def _slower(tried: Tried, door: Door, target: str) -> float:
    """By which part the answer for what Alice does not reach takes longer than for what is not there: medians, taken
    in turns, so that the load of the machine falls on both."""
    took: dict[str, list[float]] = {target: [], NEVER: []}
    for _ in range(ROUNDS):
        for one, times in took.items():
            begun = time.perf_counter()
            await tried.ask("alice", door, one)
            times.append(time.perf_counter() - begun)
    return median(took[target]) / median(took[NEVER]) - 1


@pytest.mark.attack
async def test_what_is_out_of_reach_takes_no_longer_than_what_is_not_there(tried: Tried) -> None:
    slower = {what: await _slower(tried, door_named(what), target) for what, target in TIMED.items()}
    print({what: f"{part:+.1%}" for what, part in slower.items()})  # noqa: T201
    assert {what for what, part in slower.items() if abs(part) > LITTLE} == set(), slower


@pytest.mark.attack
async def test_control_an_answer_that_takes_longer_for_what_is_there_is_found(
    tried: Tried, superuser: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    true: Callable[..., Awaitable[Site]] = site.found

    async def found(asked: Asked, site_id: object, lock: bool = False) -> Site:
        if superuser.scalar(text("SELECT count(*) FROM lantern.site WHERE id = :id"), {"id": site_id}):
            await asyncio.sleep(0.05)
        return await true(asked, site_id, lock)

    monkeypatch.setattr(site, "found", found)
    assert await _slower(tried, door_named("GET /api/v1/sites/{site_id}"), "lane") > LITTLE


def door_named(what: str) -> Door:
    return next(door for door in DOORS if door.what == what)
