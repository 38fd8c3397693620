"""A sign that cannot be seen is refused, and letters are composed, by every door alike."""

import httpx
import pytest

from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.look import look
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
HTML = {"Accept": "text/html"}
PLACE = {"type": "Point", "coordinates": [2.32, 54.77]}
SQUARE = [[[2.3, 54.7], [2.4, 54.7], [2.4, 54.8], [2.3, 54.8], [2.3, 54.7]]]
AREA = {"type": "Polygon", "coordinates": SQUARE}
SIGNS = ("\u202e", "\u2066", "\u200b", "\ufeff", "\x9b", "\U000e0041", "\ue000")


async def bodies(mara: httpx.AsyncClient, name: str) -> dict[str, httpx.Response]:
    """The answers to the text in each field of the API that takes any."""
    made = {
        "teams": {"name": name},
        "accounts": {"name": name, "email": "n@d.example", "roles": ["desk"], "password": "long enough, this"},
        "districts": {"name": name, "code": "a", "geom": AREA},
        "work-areas": {"name": name, "valid_from": "2026-01-01", "geom": AREA},
        "sites": {"name": name, "site_type": "doorway", "geom": PLACE},
        "access-tokens": {"name": name},
    }
    answers = {noun: await mara.post(f"/api/v1/{noun}", json=body) for noun, body in made.items()}
    note = {"site_type": "doorway", "geom": PLACE, "access_note": name}
    visit = {"visited_at": "2026-01-02T23:30:00Z", "outcome": "met", "geom": PLACE, "note": name}
    code = {"name": "b", "code": name, "geom": AREA}
    answers["access_note"] = await mara.post("/api/v1/sites", json=note)
    answers["note"] = await mara.post("/api/v1/visits", json=visit)
    answers["code"] = await mara.post("/api/v1/districts", json=code)
    answers["purpose"] = await mara.put("/api/v1/session/purpose", json={"purpose": name})
    return answers


@pytest.mark.parametrize("sign", SIGNS, ids=[f"U+{ord(sign):04X}" for sign in SIGNS])
async def test_no_body_form_or_file_brings_in_what_cannot_be_seen(client: Client, town: SmallTown, sign: str) -> None:
    mara = await client("mara")
    name = f"kade{sign}edak"
    for field, answer in (await bodies(mara, name)).items():
        assert answer.status_code == 422, field
        assert "must not contain signs that cannot be seen" in answer.json()["errors"][0]["what"], field
    account = {"name": name, "email": "n@d.example", "role": "desk", "password": "long enough, this"}
    forms = {"/accounts": account, "/account/tokens": {"name": name}, "/purpose": {"other": name}}
    for path, form in forms.items():
        answer = await mara.post(path, data=form, headers=HTML)
        assert answer.status_code == 422, path
    rows = f"name,kind,lon,lat\n{name},doorway,2.32,54.77\n"
    answer = await mara.post("/api/v1/imports/sites", content=rows.encode(), headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422
    assert answer.json()["account"]["refusals"][0]["reason"] == "its name must not contain signs that cannot be seen"


async def test_letters_are_composed_by_every_door(client: Client, town: SmallTown, owner_url: str) -> None:
    mara = await client("mara")
    apart, composed = "Cafe\u0301\xa0kade", "Café kade"
    answers = await bodies(mara, apart)
    assert {field: answer.status_code for field, answer in answers.items() if not answer.is_success} == {}
    rows = f"name,kind,lon,lat\n{apart},doorway,2.33,54.77\n"
    await mara.post("/api/v1/imports/sites", content=rows.encode(), headers={"Content-Type": "text/csv"})
    for table, times in (("team", 1), ("account", 1), ("district", 1), ("work_area", 1), ("site", 2)):
        found = f"SELECT count(*) FROM lantern.{table} WHERE name = '{composed}'"
        assert look(owner_url, found) == [(times,)], table


def test_the_command_line_refuses_it_too(terminal: Terminal) -> None:
    words = ("organisation", "create", "--slug", "gent", "--bounds", "3,51,4,52", "--name")
    for name, what in (("a\u202eb", "cannot be seen"), (" ", "1 to 200 characters")):
        done = terminal.run(*words, name)
        assert done.returncode == 1
        assert what in done.stderr


async def test_a_name_never_turns_what_stands_beside_it(client: Client, town: SmallTown) -> None:
    pages = {"alice": ("/phone", "/phone/visit"), "mara": ("/accounts", "/office", "/maps/coverage")}
    names = {"/phone": "quay site", "/accounts": "Alice", "/office": "north area", "/maps/coverage": "north area"}
    for person, paths in pages.items():
        someone = await client(person)
        for path in paths:
            page = (await someone.get(path, headers=HTML)).text
            kept_apart = f"<bdi>{names[path]}</bdi>" if path in names else "\u2068quay site\u2069"
            assert kept_apart in page, path
