"""Forty texts that would be scripts, in every text that someone types, on every page, tooltip, label and map file: real
Chromium runs none, reports nothing, and shows each as the text that it is."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx
import jinja2
import pytest
from fastapi import FastAPI
from markupsafe import Markup
from playwright.async_api import Browser, BrowserContext, Page

import web.page
from api.settings import Settings
from api.vault import Vault
from geo import folium_map
from tests.fixtures.browser import watch
from tests.fixtures.command import Terminal
from tests.fixtures.laden import Laden, marks
from tests.fixtures.look import run
from tests.fixtures.payload import PAYLOADS, WATCH_MAPS, intruders, shown
from tests.fixtures.route import routes_of
from tests.fixtures.town import PURPOSE, SmallTown
from web.app import create_app
from web.form import Form

pytestmark = pytest.mark.anyio
HTML = {"Accept": "text/html"}
NO_PAGES = {"/openapi.json", "/healthz", "/static", "/planner/map.js", "/maps/{kind}.js", "/sign-in/code"} | {
    "/sign-in/city/back",
    "/sign-in/city/{city_id}",
    "/phone/app",  # the same for everyone: what it shows comes from the API, behind a PIN
    "/phone/worker.js",
    "/phone/app.webmanifest",
    "/phone/words/{language}.json",
}
CHOOSING = "ben"
"""Whose password somebody else gave."""
NOT_ON_PAGES = {
    "district.code": "in answers of the API alone",
    "session.device": "only the known words in it are shown",
    "site_status.cause": "in answers of the API alone",
    "site_status.cleared_by": "in answers of the API alone",
    "visit.note": "in answers of the API alone",
}
FIELDS = {
    ("sessions", "name"): "session.name",
    ("passkeys", "name"): "passkey.name",
    ("teams", "name"): "team.name",
    ("accounts", "name"): "account.name",
    ("accounts", "email"): "account.email",
    ("access-tokens", "name"): "access_token.name",
    ("districts", "name"): "district.name",
    ("districts", "code"): "district.code",
    ("work-areas", "name"): "work_area.name",
    ("sites", "name"): "site.name",
    ("sites", "access_note"): "site.access_note",
    ("sites", "cause"): "site_status.cause",
    ("sites", "cleared_by"): "site_status.cleared_by",
    ("visits", "note"): "visit.note",
    ("alerts", "note"): "alert.note",
    ("session", "purpose"): "session.purpose",
    ("widenings", "reason"): "widening.reason",
    ("law-requests", "authority"): "law_request.words",
    ("law-requests", "reference"): "law_request.words",
    ("law-requests", "wording"): "law_request.words",
    ("law-requests", "reason"): "law_request.refusal",
    ("law-requests", "purpose"): "session.purpose",
}
"""Where the API's texts are kept."""
NOT_KEPT = {"password", "current", "new", "code", "email", "period"}
FORM_FIELDS = {
    "AskForm.reason": "widening.reason",
    "RegisterForm.authority": "law_request.words",
    "RegisterForm.reference": "law_request.words",
    "RegisterForm.wording": "law_request.words",
    "RefuseForm.reason": "law_request.refusal",
    "FetchForm.purpose": "session.purpose",
    "TokenForm.name": "access_token.name",
    "AccountForm.name": "account.name",
    "AccountForm.email": "account.email",
    "NameForm.device": "session.name",
    "NameForm.name": "passkey.name",
    "PurposeForm.reason": "session.purpose",
    "PurposeForm.other": "session.purpose",
    "VisitForm.note": "visit.note",
    "VisitForm.name": "site.name",
    "VisitForm.access_note": "site.access_note",
}
FORM_NOT_KEPT = {"current", "new", "again", "password", "code", "what", "site_type", "sites"} | {
    "token_password",
    "token_code",
    "own_password",
    "own_code",
}


@pytest.fixture
async def laden(town: SmallTown, owner_url: str, vault: Vault) -> Laden:
    made = Laden(town, owner_url, vault)
    await made.prepare()
    return made


class Surfer:
    """People who are signed in at a browser, and what it complained of."""

    def __init__(self, chromium: Browser, address: str, town: SmallTown) -> None:
        self.chromium, self.address, self.town = chromium, address, town
        self.faults: list[str] = []
        self.refused: list[int] = []
        self.people: dict[str, BrowserContext] = {}

    async def come(self) -> None:
        for person in ("mara", "alice", "stefan", "pim", "", CHOOSING):
            context = await self.chromium.new_context(base_url=self.address, locale="en-GB")
            await context.add_init_script(WATCH_MAPS)
            await context.route("**/api/v1/basemap/*", lambda route: route.continue_())  # then nothing is kept
            if person:
                answer = await context.request.post("/api/v1/session", data=self.town.form(person))
                assert answer.status == 201
            if person == "mara":
                await context.request.put("/api/v1/session/purpose", data={"purpose": PURPOSE})
                await context.request.post("/api/v1/access-tokens", data={"name": "x"})
            self.people[person] = context

    async def draw_release(self, quarter: str) -> None:
        body = {"series": "districts", "period": quarter, "profile": "standard"}
        answer = await self.people["mara"].request.post("/api/v1/releases", data=body)
        assert answer.status == 201, await answer.text()

    async def visit(self, person: str, path: str) -> tuple[list[str], list[str]]:
        """The texts of a page, and what does not belong there."""
        page = await self.people[person].new_page()
        watch(page, self.address, self.faults)
        page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        await page.goto(path, wait_until="networkidle")
        found = await shown(page), await intruders(page)
        await page.close()
        return found

    async def who_sees(self, path: str) -> str | None:
        for person, context in self.people.items():
            answer = await context.request.get(path, headers=HTML, max_redirects=0)
            self.refused.append(answer.status)
            if answer.status == 200 and "text/html" in answer.headers["content-type"]:
                return person
        return None


def pages(app: FastAPI, town: SmallTown) -> list[str]:
    """The address of every page that there is, by the routes of the app."""
    there = [path for method, path in routes_of(app) if method == "GET" and not path.startswith("/api/")]
    south = str(town.areas["south"])
    given = {"{area_id}": south, "{widening_id}": south, "{request_id}": south, "{what}": "sites", "{noun}": "areas"}
    found = [re.sub(r"{\w+}", lambda name: given[name[0]], path) for path in there if path not in NO_PAGES | {"/"}]
    return [*found, "/maps/coverage?sites=overdue"]


@pytest.fixture
async def surfer(
    chromium: Browser, live_server: str, town: SmallTown, laden: Laden, quarter: str, owner_url: str
) -> Surfer:
    run(owner_url, "UPDATE lantern.account_secret SET given = true WHERE id = :id", id=town.accounts[CHOOSING])
    made = Surfer(chromium, live_server, town)
    await made.come()
    await made.draw_release(quarter)
    return made


async def surf(surfer: Surfer, app: FastAPI, *tried: str) -> set[str]:
    """Sees every page; answers with the marks of the columns that were shown, each followed by the whole text."""
    found: set[str] = set()
    expected = [re.sub(r"\s+", " ", payload).strip() for payload in tried]
    for path in pages(app, surfer.town):
        person = await surfer.who_sees(path)
        assert person is not None, f"nobody sees {path}: {surfer.refused}"
        texts, strange = await surfer.visit(person, path)
        assert strange == [], (path, strange)
        for mark in marks():
            for text in texts:
                whole = sum(text.count(f"{mark} {each}") for each in expected)  # the log remembers those before
                assert text.count(f"{mark} ") == whole, (path, mark, text)
                if mark in text:
                    found.add(mark)
    assert surfer.faults == []
    return found


async def test_every_text_is_text_on_every_page(surfer: Surfer, app: FastAPI, laden: Laden) -> None:
    """All forty at once in each column."""
    together = " ".join(PAYLOADS)
    await laden.fill(together)
    assert await surf(surfer, app, together) == set(marks()) - NOT_ON_PAGES.keys()


@pytest.mark.attack
async def test_each_of_forty_texts_is_text_on_every_page(surfer: Surfer, app: FastAPI, laden: Laden) -> None:
    for number, payload in enumerate(PAYLOADS, 1):
        await laden.fill(payload)
        assert await surf(surfer, app, *PAYLOADS[:number]) == set(marks()) - NOT_ON_PAGES.keys(), payload


async def test_a_map_in_a_file_shows_every_text_as_text(
    chromium: Browser, laden: Laden, terminal: Terminal, settings: Settings, tmp_path: Path
) -> None:
    together = " ".join(PAYLOADS)
    await laden.fill(together)
    where: dict[str, Any] = {"database_url": settings.database_url, "home": settings.home}
    for kind, seen in (("coverage", {"work_area.name", "district.name"}), ("heat", {"organisation.name"})):
        file, faults = tmp_path / f"{kind}.html", list[str]()
        words = ("map", kind, "--organisation", "doggerstad", "-o", str(file))
        done = await anyio.to_thread.run_sync(partial(terminal.run, *words, **where))
        assert done.returncode == 0, done.stderr
        page: Page = await chromium.new_page()
        await page.add_init_script(WATCH_MAPS)
        watch(page, file.as_uri(), faults)
        await page.goto(file.as_uri(), wait_until="networkidle")
        texts = await shown(page)
        assert await intruders(page) == []
        assert faults == []
        expected = re.sub(r"\s+", " ", together)
        assert all(any(f"{mark} {expected}" in text for text in texts) for mark in seen)


async def test_a_file_with_such_columns_and_such_a_name_is_told_of_as_text(surfer: Surfer) -> None:
    rows = "\n".join(f'54.77,2.32,"{payload.replace(chr(34), chr(34) * 2)}"' for payload in PAYLOADS)
    header = ",".join(f'"{payload.replace(chr(34), chr(34) * 2)}"' for payload in PAYLOADS)
    page = await surfer.people["mara"].new_page()
    watch(page, surfer.address, surfer.faults)
    for name, content in (
        ("sites.csv", f"lat,lon,kind\n{rows}\n"),
        (f"{PAYLOADS[9]}.csv", f"{header}\n"),
        ("a.csv", header),
    ):
        await page.goto("/import/sites", wait_until="networkidle")
        await page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": content.encode()})
        await page.click("form.panel button.main")
        await page.wait_for_load_state("networkidle")
        assert await intruders(page) == []
        assert await page.locator(".wrong, [role=status]").count()
    assert [fault for fault in surfer.faults if "422" not in fault] == []


def test_every_text_that_the_api_and_the_forms_take_is_among_those_tried(settings: Settings) -> None:
    document = create_app(settings).openapi()
    taken = {
        (path.split("/")[3], field)
        for path, methods in document["paths"].items()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for field in _texts(document, content["schema"])
    }
    new = {each for each in taken - FIELDS.keys() if each[1] not in NOT_KEPT}
    assert new == set(), "name these in FIELDS, with the column that keeps them"
    assert {*FIELDS.values(), *FORM_FIELDS.values()} <= set(marks())
    typed = {f"{kind.__name__}.{name}" for kind in _kinds(Form) for name, field in kind.model_fields.items()
             if "str" in str(field.annotation)}  # fmt: skip
    assert {each for each in typed - FORM_FIELDS.keys() if each.partition(".")[2] not in FORM_NOT_KEPT} == set()


def _texts(document: dict[str, Any], schema: dict[str, Any], at: str = "") -> set[str]:
    """The fields of a body that take any text."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found = (
        {at} if schema.get("type") == "string" and not {"format", "enum", "pattern", "const"} & schema.keys() else set()
    )
    for inner in (*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else ())):
        found |= _texts(document, inner, at)
    for name, inner in schema.get("properties", {}).items():
        found |= _texts(document, inner, name)
    return found


def _kinds(kind: type[Form]) -> list[type[Form]]:
    return [each for sub in kind.__subclasses__() for each in (sub, *_kinds(sub))]


async def test_the_api_gives_each_text_back_as_it_came(live_server: str, town: SmallTown) -> None:
    async with httpx.AsyncClient(base_url=live_server, timeout=30) as mara:
        assert (await mara.post("/api/v1/session", json=town.form("mara"))).status_code == 201
        for payload in PAYLOADS:
            answer = await mara.post("/api/v1/teams", json={"name": payload})
            assert (answer.status_code, answer.json()["name"]) == (201, payload)
            assert answer.headers["content-type"] == "application/json"


async def test_control_a_template_that_does_not_escape_is_found(
    surfer: Surfer, laden: Laden, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = lambda **given: jinja2.Environment(**{**given, "autoescape": False})  # noqa: E731
    monkeypatch.setattr(web.page, "Environment", careless)
    web.page.environment.cache_clear()
    await laden.fill(PAYLOADS[9])
    _, strange = await surfer.visit("mara", "/accounts")
    web.page.environment.cache_clear()
    assert strange
    assert surfer.faults


async def test_control_a_map_that_does_not_escape_its_data_is_found(
    surfer: Surfer, laden: Laden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folium_map, "to_json", lambda value: Markup(json.dumps(value)))
    await laden.fill(PAYLOADS[6])
    _, strange = await surfer.visit("mara", "/maps/coverage")
    assert strange
    assert surfer.faults
