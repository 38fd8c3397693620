"""Accounts, teams and one's own account over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.fixtures.client import Client
from tests.fixtures.town import PASSWORD, SmallTown

pytestmark = pytest.mark.anyio
ACCOUNTS, TEAMS, ME = "/api/v1/accounts", "/api/v1/teams", "/api/v1/me"
UNKNOWN = "01990000-0000-7000-8000-000000000000"
FIRST = {"If-Match": '"1"'}


def new_account(**more: object) -> dict[str, Any]:
    words = {"email": "Carol@Doggerstad.example", "name": "Carol", "password": "twelve letters"}
    return words | {"roles": ["streetworker"]} | more


async def sign_in(anyone: httpx.AsyncClient, email: str, password: str, **more: str) -> int:
    return (await anyone.post("/api/v1/session", json={"email": email, "password": password} | more)).status_code


async def test_a_manager_makes_an_account_that_signs_in(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    keeper = await client("mara")
    made = await keeper.post(ACCOUNTS, json=new_account(team_id=str(town.team)))
    assert made.status_code == 201
    assert made.json()["email"] == "carol@doggerstad.example"
    assert "password" not in made.text
    assert await sign_in(anyone, "carol@doggerstad.example", "twelve letters") == 201
    again = await keeper.post(ACCOUNTS, json=new_account())
    assert (again.status_code, again.json()["type"]) == (409, "/problems/conflict")
    same_id = await keeper.post(ACCOUNTS, json=new_account(id=made.json()["id"], email="other@doggerstad.example"))
    assert same_id.json()["type"] == "/problems/id-taken"


async def test_the_same_address_may_belong_to_another_organisation(client: Client) -> None:
    made = await (await client("otto")).post(ACCOUNTS, json=new_account(email="mara@doggerstad.example"))
    assert made.status_code == 201


async def test_colleagues_know_names_and_teams_and_no_more(client: Client, town: SmallTown) -> None:
    alice, mara = await client("alice"), await client("mara")
    colleagues = (await alice.get(ACCOUNTS)).json()["items"]
    assert {row["name"] for row in colleagues} == {"Alice", "Ben", "Mara", "Pim", "Dora", "Stefan"}
    assert {key for row in colleagues for key in row} == {"id", "name", "team_id"}
    listed = (await mara.get(f"{ACCOUNTS}?role=streetworker&team={town.team}")).json()["items"]
    assert {row["email"] for row in listed} == {"alice@doggerstad.example", "ben@doggerstad.example"}
    assert (await alice.get(f"{ACCOUNTS}/{town.accounts['otto']}")).status_code == 404
    for person in ("pim", "dora"):
        assert (await (await client(person)).get(ACCOUNTS)).status_code == 403


async def test_managers_and_stewards_are_made_on_the_server_alone(client: Client, town: SmallTown) -> None:
    mara, stefan = await client("mara"), await client("stefan")
    for role in ("manager", "steward"):
        for keeper in (mara, stefan):
            made = await keeper.post(ACCOUNTS, json=new_account(roles=["desk", role]))
            assert (made.status_code, made.json()["type"]) == (403, "/problems/forbidden")
            raised = await keeper.patch(
                f"{ACCOUNTS}/{town.accounts['ben']}", json={"roles": ["streetworker", role]}, headers=FIRST
            )
            assert (raised.status_code, raised.json()["type"]) == (403, "/problems/forbidden")
    assert (await stefan.post(ACCOUNTS, json=new_account())).status_code == 403
    plain = await mara.patch(f"{ACCOUNTS}/{town.accounts['ben']}", json={"roles": ["planner", "desk"]}, headers=FIRST)
    assert plain.json()["roles"] == ["desk", "planner"]


async def test_a_steward_ends_access_and_gives_none(client: Client, town: SmallTown) -> None:
    stefan, path = await client("stefan"), f"{ACCOUNTS}/{town.accounts['alice']}"
    for change in (
        {"password": "another long one"}, {"email": "stefan2@doggerstad.example"}, {"name": "Al"}, {"left_on": None},
        {"left_on": town.today.isoformat(), "name": "Al"},
    ):  # fmt: skip
        assert (await stefan.patch(path, json=change, headers=FIRST)).status_code == 403
    later, today = ((town.today + timedelta(days=days)).isoformat() for days in (7, 0))
    assert (await stefan.patch(path, json={"left_on": today}, headers=FIRST)).status_code == 200
    for back in (later, None):
        assert (await stefan.patch(path, json={"left_on": back}, headers={"If-Match": '"2"'})).status_code == 403
    mara, managers = await client("mara"), f"{ACCOUNTS}/{town.accounts['mara']}"
    assert (await stefan.patch(managers, json={"left_on": today}, headers=FIRST)).status_code == 200
    assert (await mara.get(ME)).status_code == 401


async def test_a_manager_has_no_say_over_a_steward(client: Client, town: SmallTown) -> None:
    mara, path = await client("mara"), f"{ACCOUNTS}/{town.accounts['stefan']}"
    for change in ({"left_on": town.today.isoformat()}, {"roles": ["desk"]}, {"password": "another long one"}):
        answer = await mara.patch(path, json=change, headers=FIRST)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize("person", ["alice", "pim", "dora"])
async def test_others_keep_no_accounts_and_no_teams(client: Client, town: SmallTown, person: str) -> None:
    other = await client(person)
    own = f"{ACCOUNTS}/{town.accounts[person]}"
    assert (await other.post(ACCOUNTS, json=new_account())).status_code == 403
    assert (await other.patch(own, json={"roles": ["manager"]}, headers=FIRST)).status_code == 403
    assert (await other.post(TEAMS, json={"name": "Night"})).status_code == 403


async def test_who_leaves_is_out_at_once_with_sessions_and_tokens(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    mara, alice = await client("mara"), await client("alice")
    token = (await alice.post("/api/v1/access-tokens", json={"name": "QGIS"})).json()["token"]
    leaving = {"left_on": town.today.isoformat()}
    path = f"{ACCOUNTS}/{town.accounts['alice']}"
    assert (await mara.patch(path, json=leaving)).status_code == 428
    assert (await mara.patch(path, json=leaving, headers=FIRST)).status_code == 200
    assert (await alice.get(ME)).status_code == 401
    assert (await anyone.get(ME, headers={"Authorization": f"Bearer {token}"})).status_code == 401
    assert await sign_in(anyone, town.email("alice"), PASSWORD) == 401


async def test_who_leaves_next_week_works_until_then(client: Client, town: SmallTown) -> None:
    mara, alice = await client("mara"), await client("alice")
    leaving = {"left_on": (town.today + timedelta(days=7)).isoformat()}
    await mara.patch(f"{ACCOUNTS}/{town.accounts['alice']}", json=leaving, headers=FIRST)
    assert (await alice.get(ME)).status_code == 200


async def test_a_role_that_is_taken_away_counts_at_once(client: Client, town: SmallTown) -> None:
    mara, alice = await client("mara"), await client("alice")
    assert (await alice.get("/api/v1/sites")).status_code == 200
    path = f"{ACCOUNTS}/{town.accounts['alice']}"
    assert (await mara.patch(path, json={"roles": ["desk"]}, headers=FIRST)).status_code == 200
    assert (await alice.get("/api/v1/sites")).status_code == 403


async def test_nobody_changes_their_own_roles(client: Client, town: SmallTown) -> None:
    for person in ("mara", "stefan"):
        keeper, path = await client(person), f"{ACCOUNTS}/{town.accounts[person]}"
        for change in ({"roles": ["manager", "steward"]}, {"left_on": None}, {"password": "another one, long"}):
            assert (await keeper.patch(path, json=change, headers=FIRST)).status_code == 403
        assert (await keeper.patch(path, json={"name": "New"}, headers=FIRST)).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"email": "carol"}, "body.email"),
        ({"email": "a@b\x00"}, "body.email"),
        ({"email": "x" * 250 + "@b.example"}, "body.email"),
        ({"name": " "}, "body.name"),
        ({"roles": []}, "body.roles"),
        ({"roles": ["police"]}, "body.roles.0"),
        ({"team_id": UNKNOWN}, "body.team_id"),
        ({"locale": "xx"}, "body.locale"),
        ({"password": "too short"}, "body.password"),
        ({"password": "x" * 257}, "body.password"),
        ({"password_hash": "x"}, "body.password_hash"),
    ],
)
async def test_what_is_wrong_with_an_account_is_said_with_its_place(
    client: Client, wrong: dict[str, Any], where: str
) -> None:
    answer = await (await client("mara")).post(ACCOUNTS, json=new_account(**wrong))
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]


@pytest.mark.parametrize("person", ["alice", "mara", "pim", "dora", "stefan"])
async def test_everyone_reads_their_own_account(client: Client, town: SmallTown, person: str) -> None:
    me = (await (await client(person)).get(ME)).json()
    assert (me["id"], me["email"]) == (str(town.accounts[person]), town.email(person))
    assert me["organisation"]["bounds"] == [2.0, 54.5, 2.6, 55.0]


async def test_a_new_password_ends_every_other_session(
    client: Client, anyone: httpx.AsyncClient, town: SmallTown
) -> None:
    here, elsewhere = await client("pim"), await client("pim")
    wrong = await here.post(f"{ME}/password", json={"current": "not this one", "new": "another long one"})
    assert wrong.status_code == 422
    changed = await here.post(f"{ME}/password", json={"current": PASSWORD, "new": "another long one"})
    assert changed.status_code == 204
    assert (await here.get(ME)).status_code == 200
    assert (await elsewhere.get(ME)).status_code == 401
    assert await sign_in(anyone, town.email("pim"), PASSWORD, code=town.code("pim")) == 401
    assert await sign_in(anyone, town.email("pim"), "another long one", code=town.code("pim")) == 201


async def test_a_password_given_anew_ends_all_sessions(client: Client, town: SmallTown) -> None:
    mara, alice = await client("mara"), await client("alice")
    path = f"{ACCOUNTS}/{town.accounts['alice']}"
    assert (await mara.patch(path, json={"password": "another long one"}, headers=FIRST)).status_code == 200
    assert (await alice.get(ME)).status_code == 401


@pytest.mark.parametrize("password", ["Password1234!", "1Q2W3E4R5T6Y", "Doggerstad 2026", "ben@lantern 123"])
async def test_a_password_that_anyone_would_try_first_is_refused(
    client: Client, town: SmallTown, password: str
) -> None:
    mara, ben = await client("mara"), await client("ben")
    carol = new_account(email="ben2@doggerstad.example", name="Ben", password=password)
    answers = [
        await mara.post(ACCOUNTS, json=carol),
        await mara.patch(f"{ACCOUNTS}/{town.accounts['ben']}", json={"password": password}, headers=FIRST),
        await ben.post(f"{ME}/password", json={"current": PASSWORD, "new": password}),
    ]
    assert [(answer.status_code, answer.json()["errors"][0]["where"]) for answer in answers] == [
        (422, "body.password"),
        (422, "body.password"),
        (422, "body.new"),
    ]
    assert password not in "".join(answer.text for answer in answers)
    forms = [
        await mara.post("/accounts", data={**carol, "role": "desk"}),
        await ben.post("/account/password", data={"current": PASSWORD, "new": password, "again": password}),
    ]
    assert [(answer.status_code, "Too easy to guess" in answer.text) for answer in forms] == [(422, True)] * 2
    assert (await ben.get(ME)).status_code == 200


async def test_a_token_changes_no_password(client: Client, anyone: httpx.AsyncClient) -> None:
    token = (await (await client("mara")).post("/api/v1/access-tokens", json={"name": "QGIS"})).json()["token"]
    body = {"current": PASSWORD, "new": "another long one"}
    answer = await anyone.post(f"{ME}/password", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


@pytest.mark.parametrize("person", ["mara", "stefan"])
async def test_managers_and_stewards_keep_teams(client: Client, town: SmallTown, person: str) -> None:
    keeper, alice = await client(person), await client("alice")
    made = await keeper.post(TEAMS, json={"name": "Night team"})
    assert made.status_code == 201
    assert [row["name"] for row in (await alice.get(TEAMS)).json()["items"]] == ["Harbour team", "Night team"]
    assert (await keeper.post(TEAMS, json={"name": "Night team"})).status_code == 409
    path = made.headers["location"]
    assert (await keeper.patch(path, json={"name": "Day team"})).status_code == 428
    assert (await keeper.patch(path, json={"name": "Day team"}, headers=FIRST)).json()["name"] == "Day team"
    assert (await (await client("otto")).get(path)).status_code == 404
