"""Whatever comes in over HTTP, the answer is never a fault of ours, and never quick to grow."""

import json
from collections.abc import AsyncIterator
from itertools import cycle
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.geometry import POSITIONS
from tests.fixtures.client import Client
from tests.fixtures.town import PASSWORD, SmallTown
from tests.fixtures.work import counted

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}
LISTS = ("sites", "sites/due", "visits", "work-areas", "assignments", "districts", "teams", "accounts")
POSTS = ("sites", "visits", "work-areas", "assignments", "districts", "teams", "accounts", "me/password")
SQUARE = [[2.3, 54.7], [2.4, 54.7], [2.4, 54.8], [2.3, 54.8], [2.3, 54.7]]
fuzzed = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def is_a_problem(answer: httpx.Response) -> bool:
    return 400 <= answer.status_code < 500 and answer.headers["content-type"] == "application/problem+json"


async def post(person: httpx.AsyncClient, path: str, content: bytes | str, **headers: str) -> httpx.Response:
    return await person.post(f"/api/v1/{path}", content=content, headers=JSON | headers)


BODIES = {
    "empty": "",
    "no JSON": "{",
    "bytes": b"\xff\xfe\x00",
    "a number of 5,000 digits": "9" * 5_000,
    "a field of 5,000 digits": '{"geom": ' + "9" * 5_000 + "}",
    "an exponent": '{"uncertainty_m": 1e99999}',
    "NaN": "NaN",
    "Infinity in a field": '{"uncertainty_m": Infinity, "name": NaN}',
    "100,000 lists": "[" * 100_000,
    "100,000 closed lists": '{"geom": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "a key with a lone surrogate": '{"\\ud800": 1}',
    "a key with NUL": '{"a\\u0000b": 1}',
    "a very long key": json.dumps({"k" * 100_000: 1}),
    "100,000 keys": json.dumps({f"k{n}": n for n in range(100_000)}),
    "a list": "[]",
    "a string": '"x"',
    "null": "null",
    "the same key twice": '{"name": "a", "name": "b"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_is_none_is_refused_everywhere(client: Client, body: str | bytes) -> None:
    mara = await client("mara")
    for path in POSTS:
        answer = await post(mara, path, body)
        assert is_a_problem(answer) or (path, answer.status_code) == ("teams", 201), (path, answer.text[:200])
        assert len(answer.content) < 20_000
        with counted() as work:  # the first time also prepares the statements
            await post(mara, path, body)
        assert work.calls < 50_000, (path, work.calls)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
FIELDS = st.sampled_from(
    """id geom site_type status name access_note uncertainty_m revisit_days first_seen_on visited_at outcome site_id
    people_band note account_id code team_id valid_from valid_to work_area_id starts_on ends_on cover email roles locale
    password left_on cause moved_to last_day""".split()  # noqa: SIM905
)


async def test_no_body_makes_a_fault(client: Client, town: SmallTown) -> None:
    people = [await client("mara"), await client("alice")]
    rows = [f"sites/{town.sites['quay']}", f"visits/{town.visits['quay']}", f"work-areas/{town.areas['north']}"]
    sent: list[tuple[str, str]] = []

    @given(st.sampled_from(POSTS), st.dictionaries(FIELDS, NESTED, max_size=8))
    @fuzzed
    def gather(path: str, body: dict[str, Any]) -> None:
        sent.append((path, json.dumps(body)))

    gather()
    for path, content in sent:
        for person in people:
            assert (await post(person, path, content)).status_code < 500, (path, content)
    for (_, content), row, method in zip(sent, cycle(rows), cycle(["PATCH", "PUT"]), strict=False):
        answer = await people[0].request(method, f"/api/v1/{row}", content=content, headers=JSON | {"If-Match": '"1"'})
        assert answer.status_code < 500, (method, row, content)


async def test_no_shape_makes_a_fault_or_takes_long(client: Client) -> None:
    mara = await client("mara")
    sent: list[str] = []
    area = {"name": "a", "valid_from": "2026-01-01"}

    @given(st.sampled_from(["Point", "Polygon", "MultiPolygon", "\x00"]), NESTED)
    @fuzzed
    def gather(kind: str, coordinates: object) -> None:
        sent.append(json.dumps(area | {"geom": {"type": kind, "coordinates": coordinates}}))

    gather()
    for content in sent:
        assert (await post(mara, "work-areas", content)).status_code < 500, content


async def test_a_shape_of_a_million_points_is_refused_unread(client: Client) -> None:
    mara = await client("mara")
    shape = {"type": "Polygon", "coordinates": [[[0, 0]] * 1_000_000]}
    body = json.dumps({"name": "a", "valid_from": "2026-01-01", "geom": shape}).encode()
    sent = []

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            sent.append(start)
            yield body[start : start + 65_536]

    for length, most in ({"Content-Length": str(len(body))}, 0), ({}, 1_048_576 + 65_536):
        sent.clear()
        answer = await mara.post("/api/v1/work-areas", content=parts(), headers=JSON | length)
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
        assert len(sent) * 65_536 <= most


@pytest.mark.parametrize("coordinates", [[[[0, 0]] * 170_000], [[[0, 0]]] * 110_000, [[]] * 340_000])
async def test_the_biggest_shape_that_is_read_is_refused_with_little_work(
    client: Client, coordinates: list[Any]
) -> None:
    mara = await client("mara")
    shape = {"type": "Polygon", "coordinates": coordinates}
    body = json.dumps({"name": "a", "valid_from": "2026-01-01", "geom": shape}, separators=(",", ":"))
    with counted() as work:
        answer = await post(mara, "work-areas", body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-geometry")
    assert work.calls < 5 * POSITIONS


async def test_a_shape_of_the_most_points_fits_into_a_body(client: Client) -> None:
    mara = await client("mara")
    turns = np.linspace(0, 2 * np.pi, POSITIONS)[:-1]
    ring = np.c_[2.3 + 0.1 * np.cos(turns), 54.75 + 0.1 * np.sin(turns)].tolist()
    shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    body = json.dumps({"name": "Round", "valid_from": "2026-01-01", "geom": shape})
    assert (await post(mara, "work-areas", body)).status_code == 201


VALUES = st.text(max_size=30) | st.integers().map(str) | st.floats().map(str) | st.datetimes().map(str)
NAMES = st.sampled_from(
    ["limit", "after", "bbox", "area", "status", "type", "from", "to", "outcome", "account", "team", "site", "on"]
) | st.text(max_size=10)


async def test_no_parameter_makes_a_fault(client: Client) -> None:
    people = [await client("mara"), await client("alice")]
    sent: list[tuple[str, str]] = []

    @given(st.sampled_from(LISTS), st.lists(st.tuples(NAMES, VALUES), max_size=3))
    @fuzzed
    def gather(path: str, pairs: list[tuple[str, str]]) -> None:
        words = (f"{quote(name, errors='replace')}={quote(value, errors='replace')}" for name, value in pairs)
        sent.append((path, "&".join(words)))

    gather()
    for path, query in sent:
        for person in people:
            assert (await person.get(f"/api/v1/{path}?{query}")).status_code < 500, (path, query)


CODECS = ("unicode_escape", "raw-unicode-escape", "punycode", "undefined", "idna", "utf-16", "utf-7", "none-such")
FORMS = ("/sign-in", "/theme", "/language", "/accounts", "/account/tokens", "/office/releases", "/import/sites")


@pytest.mark.parametrize("codec", CODECS)
async def test_a_form_in_another_coding_is_refused_unread(client: Client, codec: str) -> None:
    mara = await client("mara")
    fields = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800@x\r\n'
        for name in ("email", "password", "next", "name", "theme", "what")
    )
    for path in FORMS:
        answer = await mara.post(
            path,
            content=f"{fields}--b--\r\n",
            headers={"Content-Type": f"multipart/form-data; boundary=b; charset={codec}"},
        )
        assert answer.status_code == 415, (path, answer.status_code)


@pytest.mark.parametrize("sign", ["\x1b", "\n", "\x9b", "\u2028"])
async def test_a_name_is_one_line_that_no_terminal_obeys(client: Client, town: SmallTown, sign: str) -> None:
    alice, place = await client("alice"), {"type": "Point", "coordinates": [2.32, 54.77]}
    name = f"a{sign}[31mb"
    body = {"geom": place, "site_type": "doorway", "name": name}
    assert is_a_problem(await alice.post("/api/v1/sites", json=body))
    form = {"id": str(town.visits["silverpit"]), "new_site_id": str(town.sites["silverpit"]), "place": "new"}
    form |= {"outcome": "nobody-found", "visited_at": f"{town.today}T00:00", "lon": "2.32", "lat": "54.77"}
    form |= {"site_type": "doorway", "name": name}
    assert (await alice.post("/phone/visit", data=form)).status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "0001-12-31", "1989-12-31", "9999-12-31"])
async def test_a_period_at_the_edge_of_the_calendar_is_a_problem(client: Client, day: str) -> None:
    mara = await client("mara")
    for path in ("/api/v1/coverage", "/api/v1/export/coverage", "/maps/coverage", "/maps/heat"):
        for end in ("from", "to"):
            assert is_a_problem(await mara.get(f"{path}?{end}={day}")), (path, end)


@pytest.mark.parametrize("name", ["x", "%00", "..%2f..", "%ff", "1" * 5_000, "{00000000-0000-7000-8000-000000000000}"])
async def test_an_id_that_is_none_is_a_problem(client: Client, name: str) -> None:
    mara = await client("mara")
    for noun in ("sites", "visits", "work-areas", "assignments", "districts", "teams", "accounts"):
        assert (await mara.get(f"/api/v1/{noun}/{name}")).status_code in {404, 422}


@pytest.mark.parametrize("tag", ['"99999999999999999999"', '"-1"', '"' * 150, 'W/"1"', "\x80", '"1'])
async def test_a_version_that_is_none_never_fits(client: Client, town: SmallTown, tag: str) -> None:
    mara = await client("mara")
    answer = await mara.patch(
        f"/api/v1/sites/{town.sites['quay']}", json={"name": "x"}, headers={b"If-Match": tag.encode("latin-1")}
    )
    assert answer.status_code == 412


async def test_no_answer_echoes_what_came_in(client: Client) -> None:
    mara = await client("mara")
    for answer in (
        await post(mara, "sites", json.dumps({"name": ["s3cret"], "geom": "s3cret", "site_type": "s3cret!"})),
        await post(mara, "accounts", json.dumps({"email": "s3cret", "password": "s3cret", "roles": ["s3cret"]})),
        await mara.get("/api/v1/sites?status=s3cret&area=s3cret"),
        await mara.get("/api/v1/sites?bbox=s3cret"),
        await mara.get("/api/v1/sites", headers={"Lantern-Box": "s3cret"}),
        await mara.get("/api/v1/sites", headers={"Lantern-s3cret": "1"}),
        await mara.get("/api/v1/sites/s3cret"),
    ):
        assert is_a_problem(answer)
        assert "s3cret" not in answer.text


@pytest.mark.parametrize("typed", ["ß", "0190aß", "2026-11-ß", "2026-11-22Tß", "ß" * 36])
async def test_not_even_one_character_of_a_value_is_echoed(client: Client, typed: str) -> None:
    mara = await client("mara")
    fields = {"id": typed, "site_id": typed, "visited_at": typed, "first_seen_on": typed, "revisit_days": typed}
    for answer in (
        await post(mara, "visits", json.dumps(fields)),
        await post(mara, "sites", json.dumps(fields)),
        await mara.get("/api/v1/sites", params={"area": typed, "status": typed, "cursor": typed}),
        await mara.get("/api/v1/visits", params={"from": typed, "area": typed, "limit": typed}),
        await mara.get(f"/api/v1/sites/{quote(typed)}"),
    ):
        assert is_a_problem(answer)
        assert "ß" not in answer.text


async def test_no_answer_holds_the_words_of_the_database(client: Client, town: SmallTown) -> None:
    """What the database refuses it explains with the row itself: nothing of that goes out."""
    mara, square = await client("mara"), [[2.3, 54.7], [2.31, 54.7], [2.31, 54.71], [2.3, 54.7]]
    area = {"geom": {"type": "Polygon", "coordinates": [square]}, "name": "s3cret", "valid_from": "2026-01-01"}
    for answer in (
        await post(mara, "work-areas", json.dumps(area | {"id": str(town.areas["north"])})),
        await post(mara, "teams", json.dumps({"name": "s3cret", "id": str(town.team)})),
        await post(mara, "accounts", json.dumps(
            {"email": town.email("ben"), "name": "s3cret", "roles": ["desk"], "password": PASSWORD}
        )),
    ):  # fmt: skip
        assert is_a_problem(answer)
        for word in ("s3cret", "lantern.", "constraint", "Key (", "ERROR", "psycopg", town.email("ben")):
            assert word not in answer.text
