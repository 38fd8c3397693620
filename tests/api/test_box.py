"""The box of a list or an export comes in a header; no address names a place."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.address import LONGEST, NAMES
from tests.attacks.doors import DOORS
from tests.fixtures.addressed import tells_a_place
from tests.fixtures.client import Client
from tests.fixtures.route import routes_of
from web.page import own_path

pytestmark = pytest.mark.anyio
SITES, VISITS = "/api/v1/sites", "/api/v1/visits"
BOX = "2.3155555,54.7455555,2.3255555,54.7755555"
ALL, HERE = {"Lantern-Box": "2,54,3,55"}, {"Lantern-Box": BOX}
BOXED = {SITES, VISITS, *(f"/api/v1/export/{noun}" for noun in ("sites", "visits", "areas"))}
ROOT = Path(__file__).parents[2]
WEB, PANELS = ROOT / "web", ROOT / "geo" / "panels"


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
async def test_no_route_takes_a_place_in_its_address(app: FastAPI, client: Client, accept: str) -> None:
    mara, plain = await client("mara"), {door.what: door.plain for door in DOORS}
    for method, path in routes_of(app):
        address = path.format_map(Anything(plain.get(f"{method} {path}", {})))
        for name in ("bbox", "next") if accept == "text/html" else ("bbox", "BBox", "lon", "next"):
            value = f"/phone%3Flat={BOX}" if name == "next" else BOX
            answer = await mara.request(method, f"{address}?{name}={value}", headers={"Accept": accept})
            assert answer.status_code == 422, (method, path, name)
            told = answer.text + str(answer.headers)
            assert not any(number in told for number in BOX.split(",")), (method, path, name)
            if answer.headers["content-type"] == "application/problem+json" and method != "HEAD":
                assert "Lantern-Box" in answer.json()["errors"][0]["what"]


class Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "01990000-0000-7000-8000-000000000001"


ONCE, TWICE = "/phone%3Flat%3D54", "/sign-in%3Fnext%3D%252Fphone%253Flon%253D2"
NAMING = (
    "bbox[]=1", "filter%5Blat%5D=1", "map.center=1", "ll=1", "latlng=1", "LNG=1", "center=1", "point=1", "a=1;lat=2",
    f"next={ONCE}", f"next={TWICE}", "next=%" + "25" * 9 + "41",
    "q=51.0543,3.7174", "q=51.0543%252C+-3.7174", "q=51.0543N%203.7174E", "a=51.0543&b=3.7174", "q=@51.05,3.72,16z",
    "q=geo%3A51,3", "%6Cat=1", "%256Cat=1", "ｌａｔ=1",
    "q=54.770:2.320", "q=!3d54.7700!4d2.3200", "a=54.770;b=2.320", "q=(54.770)(2.320)",
    "q=%5B%2254.770%22,%222.320%22%5D",
    "mlat=54.770&zz=1&mlon=2.320", "a=54.770&zz=1&b=2.320", "q=54.770N2.320E", "q=54.7%E2%80%8B70and2.320",
    "min_lat=1", "minLon=1", "lat_lng=1", "lat1=1", "my-bbox=1", "la%E2%80%8Bt=1", "la%CD%8Ft=1", "l%00at=1",
)  # fmt: skip
PATHS = ("/phone", "/static/map.css", "/static/none", "/openapi.json", "/healthz", "/no/such/page", "/api/v1/none")


async def test_no_path_takes_a_place_however_it_is_wrapped(anyone: httpx.AsyncClient) -> None:
    for query, path, accept in itertools.product(NAMING, PATHS, ("*/*", "text/html")):
        answer = await anyone.get(f"{path}?{query}", headers={"Accept": accept})
        assert (answer.status_code, answer.headers.get("location")) == (422, None), (path, query)
        assert not any(said in answer.text for said in ("51.05", "3.71"))
        assert answer.headers["cache-control"] == "no-store"


async def test_nor_does_a_path_itself(anyone: httpx.AsyncClient) -> None:
    wrapped = ("/@51.05,3.72", "/static/54.7712/2.3151.png", "/phone%3Flat=1", "/phone;lat=1")
    for path, accept in itertools.product(wrapped, ("*/*", "text/html")):
        answer = await anyone.get(path, headers={"Accept": accept})
        assert answer.status_code == 422, path
        assert not any(said in answer.text for said in ("51.05", "2.315", "lat=1"))


async def test_an_address_that_names_no_place_is_answered_as_ever(anyone: httpx.AsyncClient) -> None:
    once = "/sign-in?next=%2Fpurpose%3Fnext%3D%252Fphone%253Fsite%253D1"
    for path in (
        once,
        "/static/lantern.css?v=0123456789ab",
        "/openapi.json?v=1.25",
        "/healthz?at_last=100%25",
        "/healthz?v=54.770",
        "/healthz?template=1&latest=2&along=3&updated_at=4&platform=5",
        "/healthz?a=2026-03-01T20:00:00.123456Z&b=2026-03-01T20:00:00.654321%2B00:00",
    ):
        assert (await anyone.get(path)).status_code == 200, path
    assert (await anyone.get("/healthz?v=" + "1" * (LONGEST - 20))).status_code == 200
    assert (await anyone.get("/healthz?v=" + "1" * LONGEST)).status_code == 422


async def test_nobody_is_sent_to_sign_in_with_a_place_in_the_address(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get(f"/phone?lon={BOX}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers.get("location")) == (422, None)
    for wish in (
        f"/phone?lon={BOX}",
        f"/phone?a=1&BBOX={BOX}",
        "/sign-in?next=/phone%3Flat%3D54.7455555",
        "/a?next=" + TWICE,
    ):
        assert own_path(wish) == "/"
    assert own_path("/phone/visit?site=1") == "/phone/visit?site=1"


async def test_a_cursor_belongs_to_its_box_and_no_link_tells_it(client: Client) -> None:
    mara = await client("mara")
    for path in (SITES, VISITS):
        page = (await mara.get(f"{path}?limit=1", headers=HERE)).json()
        links = {link["rel"]: link["href"] for link in page["links"]}
        assert links["self"] == f"{path}?limit=1"
        assert not any(tells_a_place(link) for link in links.values())
        assert (await mara.get(links["next"], headers=HERE)).status_code == 200
        for other in (ALL, {"Lantern-Box": BOX.replace("2.3155555", "2.3155556")}, {}):
            answer = await mara.get(links["next"], headers=other)
            assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "query.after")
        unboxed = (await mara.get(f"{path}?limit=1")).json()["links"][1]["href"]
        assert (await mara.get(unboxed, headers=HERE)).status_code == 422


WRONG = ["", "1,2,3", "3,2,1,4", "nan,nan,nan,nan", "-inf,0,inf,1", "1e400,0,1,1", "2.31;54.7;2.32;54.8", "x" * 201]


@pytest.mark.parametrize("box", WRONG)
async def test_a_header_that_is_no_box_is_refused_without_an_echo(client: Client, box: str) -> None:
    mara = await client("mara")
    for path in sorted(BOXED):
        answer = await mara.get(path, headers={"Lantern-Box": box})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input"), path
        assert answer.json()["errors"][0]["where"] == "header.Lantern-Box"
        assert len(box) < 6 or box not in answer.text


async def test_what_would_narrow_nothing_is_refused(client: Client) -> None:
    mara = await client("mara")
    for headers in ([("Lantern-Box", BOX), ("Lantern-Box", "2,54,3,55")], [("Lantern-Bbox", BOX)]):
        for path in sorted(BOXED):
            assert (await mara.get(path, headers=headers)).status_code == 422, (path, headers)
    for path in ("/api/v1/sites/due", "/api/v1/export/coverage", "/api/v1/work-areas", "/maps/coverage", "/phone"):
        assert (await mara.get(path, headers=HERE)).status_code == 422, path


async def test_the_document_says_the_header_and_no_parameter_for_a_place(anyone: httpx.AsyncClient) -> None:
    paths = (await anyone.get("/openapi.json")).json()["paths"]
    asked = {path: _parameters(methods) for path, methods in paths.items()}
    assert {path for path, given in asked.items() if ("header", "Lantern-Box") in given} == BOXED
    assert {name for given in asked.values() for where, name in given if where != "header"} & NAMES == set()


def _parameters(methods: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["in"], each["name"]) for one in methods.values() for each in one.get("parameters", [])}


def places_asked(app: FastAPI) -> list[str]:
    """The parameters of path and query, over all routes, by which an address would name a place."""
    found = []
    for route in all_routes(app.routes):
        for each in [*_flat(route.dependant, "query_params"), *_flat(route.dependant, "path_params")]:
            fields = getattr(each.field_info.annotation, "model_fields", {})
            names = {each.alias, *(field.alias or name for name, field in fields.items())}
            found += [f"{route.path} {name}" for name in names if name.lower() in NAMES]
    return found


def all_routes(routes: list[Any]) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "effective_candidates"):
            yield from all_routes([*route.effective_candidates(), *route.effective_low_priority_routes()])
        elif hasattr(route, "dependant"):
            yield route


def _flat(dependant: Any, kind: str) -> Iterator[Any]:
    yield from getattr(dependant, kind)
    for each in dependant.dependencies:
        yield from _flat(each, kind)


async def test_no_route_of_the_live_app_has_a_parameter_for_a_place(app: FastAPI) -> None:
    assert len(list(all_routes(app.routes))) > 100
    assert places_asked(app) == []


async def test_control_a_route_that_takes_one_is_found(app: FastAPI) -> None:
    async def near(lon: float, lat: float) -> str:
        return "here"

    app.add_api_route("/api/v1/near", near)
    app.add_api_route("/tiles/{zoom}/{x}/{y}", lambda zoom, x, y: "tile")
    found = {"/api/v1/near lon", "/api/v1/near lat", *(f"/tiles/{{zoom}}/{{x}}/{{y}} {name}" for name in ("x", "y"))}
    assert found < set(places_asked(app))


FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.S)
FIELD = re.compile(r"""\bname="([^"]+)"|\{\{ *(?:line|select|text|choice)\( *"([^"]+)\"""")


def forms_by_address(text: str) -> list[set[str]]:
    """The names of the fields of each form that a browser would write into an address."""
    return [
        {name or other for name, other in FIELD.findall(inside)}
        for how, inside in FORM.findall(text)
        if 'method="post"' not in how
    ]


def test_no_form_writes_a_place_into_an_address() -> None:
    pages = [*WEB.rglob("templates/**/*.html"), *PANELS.rglob("*.html")]
    found = [fields for page in pages for fields in forms_by_address(page.read_text())]
    assert {"account", "row", "team", "sites"} <= set().union(*found)  # the steward's log, and the maps
    assert [fields & NAMES for fields in found if fields & NAMES] == []
    visit = (WEB / "templates" / "phone" / "visit.html").read_text()
    assert forms_by_address(visit) == []
    assert forms_by_address(visit.replace('method="post"', 'method="get"'))[0] >= {"lon", "lat"}  # control


ADDRESSING = re.compile(
    r"\b(location|history|fetch|open|URL|URLSearchParams|XMLHttpRequest|EventSource|WebSocket|sendBeacon|tileLayer)\b"
    r"\s*[.(]|\.(href|src|action|hash|search)\b|\bhref:"
)
KNOWN = {
    "fetch(source.href": "map/basemap.ts",
    "href: `/api/v1/basemap/${layer}`": "map/draw.ts",
    "location.assign(`/sign-in?${new URLSearchParams({ next: door.dataset": "passkey.ts",
    'location.assign("/account/passkeys?done=added")': "passkey.ts",
    "fetch(path, { method": "passkey.ts",
    'dataset["origin"] === location.origin': "passkey.ts",
    'fetch("/api/v1/session"': "visit.ts",
    "location.replace(location.pathname)": "widening.ts",
    'fetch(shown.dataset["from"]': "alerts.ts",
    'location.assign("/phone/app#leave")': "leave.ts",
    'indexedDB.open("lantern-phone")': "leave.ts",
    "fetch(path, { ...how": "phone/ask.ts",
    'fetch("/api/v1/session?keep=storage"': "phone/drain.ts",
    "open(key": "phone/lock.ts",
    "if (asked) location.reload();": "phone/shell.ts",
    "await open(key, copy)": "phone/slice.ts",
    "fetch(place.href)": "phone/words.ts",
    "const at = new URL(event.request.url);": "phone/worker.ts",
    "at.origin !== self.location.origin": "phone/worker.ts",
    "at.pathname + at.search;": "phone/worker.ts",
    "caches.open(CACHE)": "phone/worker.ts",
    "return kept ?? fetch(request);": "phone/worker.ts",
}


def addressing(name: str, text: str) -> list[str]:
    """The lines of a script that make an address, but for those that were looked at: none of them tells a place."""
    lines = (line.strip() for line in text.splitlines() if not line.lstrip().startswith("//"))
    known = [part for part, where in KNOWN.items() if name.endswith(where)]
    return [line for line in lines if ADDRESSING.search(line) and not any(part in line for part in known)]


def test_no_script_makes_an_address_that_nobody_looked_at() -> None:
    scripts = {str(each.relative_to(WEB)): each.read_text() for each in (WEB / "scripts").rglob("*.ts")}
    assert len(scripts) > 10
    assert {name: addressing(name, text) for name, text in scripts.items() if addressing(name, text)} == {}
    for hole in ("location.hash = at;", "fetch(`/near?${at}`)", "history.replaceState(null, '', at);"):
        assert addressing("scripts/phone.ts", hole) == [hole]
