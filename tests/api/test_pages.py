"""Pages over HTTP: who gets which, what their headers say, and that nothing typed becomes markup."""

import re
from datetime import UTC, date, datetime

import httpx
import pytest

from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio

HTML = {"Accept": "text/html,application/xhtml+xml"}
HOSTILE = "\"'><script>alert(1)</script>"
PAGES = {
    "alice": ["/phone", "/phone/visit", "/widenings", "/account"],
    "mara": [
        "/office",
        "/widenings",
        "/office/releases",
        "/import",
        "/accounts",
        "/planner",
        "/planner/how-to-read",
        "/account",
    ],
    "pim": ["/planner", "/planner/how-to-read", "/account"],
    "dora": ["/widenings", "/account"],
    "stefan": ["/accounts", "/widenings", "/planner", "/planner/how-to-read", "/account"],
}
EVERY = sorted({path for paths in PAGES.values() for path in paths})


def visit_form(town: SmallTown, **changed: str) -> dict[str, str]:
    return {
        "id": str(new_id()),
        "new_site_id": str(new_id()),
        "place": str(town.sites["lane"]),
        "outcome": "met",
        "people": "1",
        "visited_at": f"{town.today.isoformat()}T00:01",
    } | changed


@pytest.mark.parametrize("person", PAGES)
async def test_each_role_opens_its_own_pages_and_no_others(client: Client, person: str) -> None:
    visitor = await client(person)
    for path in EVERY:
        answer = await visitor.get(path, headers=HTML)
        assert answer.status_code == (200 if path in PAGES[person] else 403), path
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("path", "mark", "way"),
    [
        ("/steward", "page", "/steward"),
        ("/steward/retention", "page", "/steward/retention"),
        ("/steward/erasures/accounts", "true", "/steward/erasures"),
        ("/planner/how-to-read", "true", "/planner"),
    ],
)
async def test_the_navigation_says_where_one_is(client: Client, path: str, mark: str, way: str) -> None:
    page = (await (await client("stefan")).get(path, headers=HTML)).text
    assert re.findall(r'<a href="([^"]*)" aria-current="(\w+)"', page) == [(way, mark)]


@pytest.mark.parametrize(
    ("person", "home"),
    [("alice", "/phone"), ("mara", "/office"), ("pim", "/planner"), ("dora", "/account"), ("stefan", "/steward")],
)
async def test_each_role_begins_at_its_own_home(client: Client, person: str, home: str) -> None:
    visitor = await client(person)
    assert (await visitor.get("/", headers=HTML)).headers["location"] == home


async def test_no_page_allows_foreign_or_inline_code_or_is_kept(client: Client) -> None:
    for person, paths in PAGES.items():
        visitor = await client(person)
        for path in [*paths, "/nowhere"]:
            answer = await visitor.get(path, headers=HTML)
            assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))|\son\w+=|\sstyle=", answer.text)


async def test_files_of_pages_may_be_kept_when_their_address_names_their_content(anyone: httpx.AsyncClient) -> None:
    page = await anyone.get("/sign-in", headers=HTML)
    named = re.search(r'href="(/static/lantern\.css\?v=\w+)"', page.text)
    assert named
    kept = await anyone.get(named[1])
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await anyone.get("/static/lantern.css")).headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize("path", [path for path in EVERY if path != "/"])
async def test_nobody_is_led_to_sign_in_and_back(anyone: httpx.AsyncClient, town: SmallTown, path: str) -> None:
    answer = await anyone.get(path, headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}"


@pytest.mark.parametrize(
    "wish", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_sign_in_leads_only_to_own_pages(anyone: httpx.AsyncClient, town: SmallTown, wish: str) -> None:
    form = {"email": town.email("alice"), "password": PASSWORD, "next": wish}
    answer = await anyone.post("/sign-in", data=form, headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/phone"


async def test_a_form_sent_by_another_site_is_refused(client: Client, town: SmallTown, owner_url: str) -> None:
    ben = await client("ben")
    answer = await ben.post("/phone/visit", data=visit_form(town), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert look(owner_url, "SELECT count(*) FROM lantern.visit WHERE people_band = '1'") == [(0,)]


async def test_the_same_form_twice_is_one_visit(client: Client, town: SmallTown, owner_url: str) -> None:
    ben = await client("ben")
    form = visit_form(town)
    for _ in range(2):
        answer = await ben.post("/phone/visit", data=form, headers=HTML)
        assert answer.status_code == 303
    changed = await ben.post("/phone/visit", data=form | {"people": "2-5"}, headers=HTML)
    assert changed.status_code == 422
    assert "saved before with other words" in changed.text
    assert look(owner_url, "SELECT people_band FROM lantern.visit WHERE id = '" + form["id"] + "'") == [("1",)]


async def test_a_place_of_another_area_is_as_one_that_is_not(client: Client, town: SmallTown) -> None:
    ben = await client("ben")
    answers = [
        await ben.post("/phone/visit", data=visit_form(town, place=str(place)), headers=HTML)
        for place in (town.sites["quay"], new_id())
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("This is no place of yours any more." in answer.text for answer in answers)


@pytest.mark.parametrize(
    "changed",
    [
        {"place": "new"},
        {"place": "new", "lon": "nan", "lat": "inf"},
        {"place": "new", "lon": "54.75", "lat": "2.32", "site_type": "doorway"},
        {"place": "none", "lon": "", "lat": "1e400"},
        {"place": "\x00", "outcome": "met"},
        {"outcome": "nonsense"},
        {"people": ""},
        {"people": "0"},
        {"outcome": "nobody-found", "people": "2-5"},
        {"visited_at": "2999-01-01T00:00"},
        {"visited_at": "0001-01-01T00:00"},
        {"visited_at": "9999-12-31T23:59"},
        {"note": "x" * 5000},
        {"id": "not an id"},
        {"place": "new", "lon": "2.32", "lat": "54.75", "site_type": "castle"},
    ],
)
async def test_a_form_that_cannot_be_right_comes_back_with_what_was_typed(
    client: Client, town: SmallTown, owner_url: str, changed: dict[str, str]
) -> None:
    ben = await client("ben")
    form = visit_form(town, name=HOSTILE, **({"note": HOSTILE} | changed))
    answer = await ben.post("/phone/visit", data=form, headers=HTML)
    assert answer.status_code == 422
    assert "Nothing was saved yet" in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<script>alert" not in answer.text
    assert look(owner_url, "SELECT count(*) FROM lantern.visit WHERE source = 'form'") == [(3,)]
    assert look(owner_url, "SELECT count(*) FROM lantern.site") == [(4,)]


async def test_all_that_is_missing_is_named_at_once(client: Client) -> None:
    ben = await client("ben")
    form = {"id": str(new_id()), "new_site_id": str(new_id()), "place": "new", "visited_at": "2999-01-01T00:00"}
    said = (await ben.post("/phone/visit", data=form, headers=HTML)).text
    assert re.findall(r'<li><a href="#(\w+)">', said) == ["where", "site_type", "visited_at", "outcome"]
    met = (await ben.post("/phone/visit", data=form | {"outcome": "met", "lon": "far"}, headers=HTML)).text
    assert set(re.findall(r'<li><a href="#(\w+)">', met)) == {"where", "site_type", "visited_at", "people"}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/maps/coverage?team=nobody", "There is no such team."),
        ("/maps/heat?team=01970000-0000-7000-8000-000000000000", "There is no such team."),
        ("/maps/heat?type=castle", "There is no such site type."),
        ("/maps/heat?from=2025-13-01&to=yesterday", "These days are no period."),
        ("/maps/coverage?from=2025-05-01&to=2025-04-01", "between 1990 and 2100"),
        ("/maps/coverage?colour=red", "asks for something that this page does not know"),
        ("/office/overdue/somewhere", "It may be mistyped."),
    ],
)
async def test_an_address_that_asks_for_too_much_is_told_so_in_a_sentence(
    client: Client, address: str, said: str
) -> None:
    answer = await (await client("mara")).get(address, headers=HTML)
    assert answer.status_code == 422
    assert answer.text.count(said) == 1
    assert not re.search(r"query\.|path\.|is no team here|Input should", answer.text)
    path, _, query = address.partition("?")
    assert (f'href="{path}">Show the page as usual</a>' in answer.text) is bool(query)


async def test_names_that_look_like_markup_stay_text_on_every_page(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    for table in ("site", "work_area", "district", "team", "account", "organisation"):
        suffix = " || id" if table == "team" else ""
        run(owner_url, f"UPDATE lantern.{table} SET name = :name{suffix}", name=HOSTILE)
    for person, paths in PAGES.items():
        visitor = await client(person)
        for path in [*paths, f"/office/overdue/{town.areas['south']}"]:
            answer = await visitor.get(path, headers=HTML)
            assert "<script>alert" not in answer.text, path


async def test_what_is_missing_is_told_in_words_to_people_and_as_json_to_programs(
    client: Client, anyone: httpx.AsyncClient
) -> None:
    mara = await client("mara")
    page = await mara.get("/nowhere", headers=HTML)
    assert page.status_code == 404
    assert "There is nothing here." in page.text
    assert 'href="/office/releases"' in page.text
    assert "Sign in</a>" not in page.text
    stranger = await anyone.get("/nowhere", headers=HTML)
    assert (stranger.status_code, "Sign in</a>" in stranger.text) == (404, True)
    program = await mara.get("/nowhere", headers={"Accept": "application/json"})
    assert program.headers["content-type"] == "application/problem+json"
    api = await mara.get("/api/v1/nowhere", headers=HTML)
    assert api.headers["content-type"] == "application/problem+json"


async def test_pages_for_exact_places_send_a_planner_to_the_releases(client: Client) -> None:
    pim = await client("pim")
    answer = await pim.get("/office", headers=HTML)
    assert answer.status_code == 403
    assert 'href="/planner"' in answer.text


async def test_the_demo_sign_ins_stay_hidden_where_others_can_reach_the_server(
    anyone: httpx.AsyncClient, town: SmallTown, owner_url: str
) -> None:
    run(owner_url, "UPDATE lantern.organisation SET is_demo = true WHERE slug = 'doggerstad'")
    assert town.email("mara") in (await anyone.get("/sign-in", headers=HTML)).text
    app = anyone._transport.app  # type: ignore[attr-defined]
    app.state.settings = app.state.settings.model_copy(update={"host": "192.0.2.1"})
    assert town.email("mara") not in (await anyone.get("/sign-in", headers=HTML)).text


async def test_an_old_log_says_when_it_ends_and_leads_to_the_maps_of_then(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    mara = await client("mara")
    assert "The last visit was logged on" not in (await mara.get("/office", headers=HTML)).text
    run(owner_url, "UPDATE lantern.visit SET visited_at = '2024-02-10T23:30:00Z'")
    page = (await mara.get("/office", headers=HTML)).text
    assert "The last visit was logged on 10 Feb 2024." in page
    for kind in ("coverage", "heat"):
        (link,) = set(re.findall(rf'href="(/maps/{kind}\?[^"]+)"', page))
        assert link.replace("&amp;", "&").endswith("?from=2024-02-01&to=2024-02-29")
        assert (await mara.get(link.replace("&amp;", "&"), headers=HTML)).status_code == 200
    run(owner_url, "DELETE FROM lantern.visit")
    assert "The last visit was logged on" not in (await mara.get("/office", headers=HTML)).text


async def test_no_release_is_offered_for_a_time_before_the_first_record(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    mara = await client("mara")
    first = town.today.year - 1
    run(owner_url, "UPDATE lantern.site SET first_seen_on = :day, created_at = :day", day=date(first, 3, 31))
    page = (await mara.get("/office/releases", headers=HTML)).text
    offered = re.findall(r'<option value="(\w+ \d{4}-\w\d)"', page)
    assert {f"districts {first}-Q1", f"cells {first}-H1"} <= set(offered)
    assert not [choice for choice in offered if str(first - 1) in choice]
    form = {"what": f"cells {first - 1}-H2", "profile": "standard", "understood": "yes"}
    early = await mara.post("/office/releases", data=form, headers=HTML)
    assert (early.status_code, "Choose one from the list." in early.text) == (422, True)
    run(owner_url, "UPDATE lantern.visit SET visited_at = :moment", moment=datetime(first - 1, 12, 31, 20, tzinfo=UTC))
    assert f"cells {first - 1}-H2" in (await mara.get("/office/releases", headers=HTML)).text
    run(owner_url, "DELETE FROM lantern.visit")
    run(owner_url, "UPDATE lantern.site SET first_seen_on = current_date, created_at = now()")
    assert "No closed period waits" in (await mara.get("/office/releases", headers=HTML)).text


async def test_a_person_is_added_once_and_leaves_at_once(client: Client, town: SmallTown) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    form = {"name": "Nora", "email": "Nora@doggerstad.example", "role": "streetworker", "password": "a first password"}
    assert (await mara.post("/accounts", data=form, headers=HTML)).status_code == 303
    again = await mara.post("/accounts", data=form, headers=HTML)
    assert again.status_code == 422
    assert "There is an account with this address." in again.text
    assert "a first password" not in again.text
    alice = await client("alice")
    left = await stefan.post(f"/accounts/{town.accounts['alice']}/leave", headers=HTML)
    assert left.headers["location"] == "/accounts?done=left"
    assert (await alice.get("/phone", headers=HTML)).status_code == 303
    assert (await alice.get("/phone")).status_code == 401


async def test_the_page_of_accounts_offers_what_one_may_do(client: Client, town: SmallTown) -> None:
    ends = {name: f"/accounts/{account}/leave" for name, account in town.accounts.items()}
    mara, stefan = await client("mara"), await client("stefan")
    managers = (await mara.get("/accounts", headers=HTML)).text
    stewards = (await stefan.get("/accounts", headers=HTML)).text
    assert {name for name, path in ends.items() if path in managers} == {"alice", "ben", "pim", "dora"}
    assert {name for name, path in ends.items() if path in stewards} == {"alice", "ben", "pim", "dora", "mara"}
    assert 'value="streetworker"' in managers
    assert 'value="manager"' not in managers
    assert 'name="password"' not in stewards
    form = {"name": "Nora", "email": "nora@doggerstad.example", "role": "manager", "password": "a first password"}
    for each in (mara, stefan):
        assert (await each.post("/accounts", data=form, headers=HTML)).status_code == 403
    assert (await mara.post(ends["stefan"], headers=HTML)).status_code == 403
    assert (await stefan.post(ends["mara"], headers=HTML)).status_code == 303


async def test_nobody_ends_their_own_access_or_that_of_another_city(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    for person in ("mara", "otto"):
        answer = await mara.post(f"/accounts/{town.accounts[person]}/leave", headers=HTML)
        assert answer.status_code == 404


async def test_the_language_follows_the_browser_and_falls_back_to_english(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/sign-in", headers=HTML | {"Accept-Language": "xx, de;q=0.5"})
    assert answer.headers["content-language"] == "en"
    assert '<html lang="en">' in answer.text
