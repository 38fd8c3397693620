"""The headers of every answer of every route that the app has, whatever comes of the request."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Response
from fastapi.routing import iter_route_contexts

from api import headers
from tests.fixtures.client import Client
from tests.fixtures.town import SmallTown
from web.page import static

pytestmark = pytest.mark.anyio
HTML, JSON = {"Accept": "text/html"}, {"Content-Type": "application/json"}
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
KEPT = {
    "/static": "files that are the same for everyone",
    "/maps/{kind}.js": "scripts of figures, without any place in them",
    "/api/v1/basemap/{layer}": "streets and water",
    "/phone/worker.js": "what keeps the app for the phone",
    "/phone/app.webmanifest": "the app's name and icons",
    "/phone/words/{language}.json": "the app's texts",
}
"""Whose successes may be kept by a browser, and why; all else is not stored."""

EXPECTED = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "connect-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "manifest-src": {"'self'"},
    "worker-src": {"'self'"},
    "form-action": {"'self'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
}
NEEDED = {"default-src", "form-action", "base-uri", "frame-ancestors"}


def faults(answer: httpx.Response, kept: bool = False, tls: bool = False) -> set[str]:
    """The names of the headers that are not as they must be."""
    found = {name for name, value in EXPECTED.items() if answer.headers.get(name) != value}
    policy = {words[0]: set(words[1:]) for words in map(str.split, _policy(answer).split(";")) if words}
    if not policy.keys() >= NEEDED or any(not sources <= POLICY.get(name, set()) for name, sources in policy.items()):
        found.add("content-security-policy")
    permissions = set(answer.headers.get("permissions-policy", "").split(", "))
    if not {"geolocation=(self)", "camera=()", "microphone=()"} <= permissions or "*" in str(permissions):
        found.add("permissions-policy")
    if not (kept and answer.is_success) and answer.headers.get("cache-control") != "no-store":
        found.add("cache-control")
    if ("max-age=63072000" in answer.headers.get("strict-transport-security", "")) != tls:
        found.add("strict-transport-security")
    found |= {f"cookie {cookie}" for cookie in answer.headers.get_list("set-cookie") if not _guarded(cookie, tls)}
    return found


def _policy(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-security-policy", ""))


def _guarded(cookie: str, tls: bool) -> bool:
    marks = {part.strip().lower() for part in cookie.split(";")[1:]}
    wanted = {"httponly", "samesite=strict", "path=/"} | ({"secure"} if tls else set())
    return wanted <= marks and cookie.startswith("__Host-") == tls and not any("domain" in mark for mark in marks)


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Each route of the app with each of its methods, and one that it has not; those that end a session come last."""
    found = []
    for context in iter_route_contexts(app.routes):
        path = str(context.path) if context.methods else f"{context.path}/{{path}}"  # what is mounted has no methods
        offered = context.methods or {"GET"}
        another = next(method for method in METHODS if method not in offered)
        found += [(path, method) for method in sorted({*offered, another} - {"HEAD"})]
    assert len(found) > 150
    yield from sorted(found, key=lambda each: ("session" in each[0] or "sign-out" in each[0], each))


def filled(path: str, town: SmallTown) -> str:
    """An address of a route: with ids that exist where the path tells which."""
    ids: dict[str, UUID | str] = {
        "site_id": town.sites["quay"],
        "visit_id": town.visits["quay"],
        "work_area_id": town.areas["north"],
        "kind": "coverage",
        "noun": "sites",
        "what": "sites",
        "layer": "water",
        "path": static("lantern.css").removeprefix("/static/"),
    }
    parts = [part.partition(":")[0] for part in path.replace("}", "{").split("{")]
    return "".join(str(ids.get(part, town.team)) if n % 2 else part for n, part in enumerate(parts))


async def walk(app: FastAPI, people: list[httpx.AsyncClient], town: SmallTown) -> tuple[set[str], set[int]]:
    """What is wrong with the answers of all routes, and every status that was seen."""
    wrong, statuses = set(), set()
    for path, method in routes(app):
        for person in people:
            for accept in ({},) if path.startswith("/api/") else ({}, HTML):
                sent = {"content": b"{", "headers": accept | JSON} if method != "GET" else {"headers": accept}
                answer = await person.request(method, filled(path, town), **sent)
                statuses.add(answer.status_code)
                kept = any(path.startswith(known) for known in KEPT)
                wrong |= {f"{method} {path}: {fault}" for fault in faults(answer, kept)}
    return wrong, statuses


async def test_every_route_answers_with_the_headers_that_keep_it_private(
    app: FastAPI, client: Client, town: SmallTown
) -> None:
    wrong, statuses = await walk(app, [await client("mara")], town)
    assert wrong == set()
    assert {200, 303, 400, 401, 403, 404, 405, 422} <= statuses
    assert max(statuses) < 500


async def test_so_does_every_fault(app: FastAPI, client: Client, town: SmallTown) -> None:
    async def broken() -> None:
        raise RuntimeError

    app.add_api_route("/broken", broken)
    mara = await client("mara")
    found = [
        await mara.get("/nowhere"),
        await mara.get("/nowhere", headers=HTML),
        await mara.get("/static/nowhere.js?v=1"),
        await mara.get("/static/%00?v=1"),
        await mara.post("/api/v1/sites", content=b"x" * 2_000_000, headers=JSON),
        await mara.post("/api/v1/imports/sites", content=b"PK", headers={"Content-Type": "application/zip"}),
        await mara.post("/api/v1/sites", json={}, headers={"Origin": "https://elsewhere.example"}),
        await mara.get("/broken"),
        await mara.get("/broken", headers=HTML),
    ]
    assert [answer.status_code for answer in found] == [404, 404, 404, 404, 413, 415, 403, 500, 500]
    assert [faults(answer) for answer in found] == [set()] * len(found)


async def test_over_tls_it_stays_there_and_cookies_belong_to_this_host_alone(app: FastAPI, town: SmallTown) -> None:
    async with over_tls(app) as person:
        answers = [
            await person.post("/theme", data={"theme": "dark", "next": "/"}),
            await person.post(
                "/sign-in", data={"email": town.email("mara"), "password": town.form("mara")["password"]}
            ),
            await person.post("/api/v1/session", json=town.form("alice")),
        ]
        assert (
            len({cookie.partition("=")[0] for each in answers for cookie in each.headers.get_list("set-cookie")}) == 4
        )
        assert (await person.get("/api/v1/session")).json()["name"] == "Alice"
        planted = {"Cookie": f"lantern_session={person.cookies['__Host-lantern_session']}"}
        person.cookies.clear()
        answers += [await person.get("/api/v1/session", headers=planted), await person.get("/sign-in")]
        assert [each.status_code for each in answers] == [303, 303, 201, 401, 200]
    assert [faults(each, tls=True) for each in answers] == [set()] * len(answers)


@asynccontextmanager
async def over_tls(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://lantern.test") as made:
        yield made


async def test_control_a_header_that_is_missing_anywhere_is_found(
    app: FastAPI, anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in headers.ALWAYS.keys() - {"X-Robots-Tag", "X-Permitted-Cross-Domain-Policies"}:
        with monkeypatch.context() as patch:
            patch.delitem(headers.ALWAYS, name)
            assert faults(await anyone.get("/sign-in")) == {name.lower()}
    for policy in ("default-src 'self' 'unsafe-inline'", headers.POLICY.replace("'self'", "https://cdn.example")):
        with monkeypatch.context() as patch:
            patch.setitem(headers.ALWAYS, "Content-Security-Policy", policy)
            assert faults(await anyone.get("/sign-in")) == {"content-security-policy"}


async def test_control_a_route_that_goes_its_own_way_is_found(
    app: FastAPI, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    def careless() -> Response:
        return Response(headers={"Cache-Control": "public", "Set-Cookie": "lantern_session=x"})

    app.add_api_route("/careless", careless)
    wrong, _ = await walk(app, [anyone], town)
    assert wrong == {"GET /careless: cache-control", "GET /careless: cookie lantern_session=x"}
    app.build_middleware_stack = lambda: app.router  # type: ignore[method-assign]
    app.middleware_stack = None
    assert EXPECTED.keys() <= faults(await anyone.get("/healthz"))
