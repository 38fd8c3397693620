"""What a phone takes along: the areas of today, the sites watched there, and nothing of anyone else's."""

import pytest

from tests.fixtures.client import Client
from tests.fixtures.look import look, run
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio

READ = "SELECT account_id, ids FROM lantern.log_entry WHERE act = 'read' AND noun = 'site' ORDER BY seq DESC LIMIT 1"
SLICE = "/api/v1/phone/slice"


async def test_ben_takes_along_his_own_area_and_what_it_takes_to_find_his_sites(
    client: Client, town: SmallTown
) -> None:
    ben = await client("ben")
    found = (await ben.get(SLICE)).json()
    assert [area["name"] for area in found["areas"]] == ["south area"]
    assert [site["name"] for site in found["sites"]] == ["lane site"]
    lane = found["sites"][0]
    assert lane["access_note"] == "note of lane"
    assert lane["days_late"] in {15, 16}
    assert lane["last"]["outcome"] == "met"
    assert found["carrier"] == {
        "organisation_id": str(town.organisation_id),
        "account_id": str(town.accounts["ben"]),
        "time_zone": "Europe/London",
    }


async def test_it_is_written_down_which_sites_a_phone_took_along(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    await (await client("ben")).get(SLICE)
    assert look(owner_url, READ) == [(town.accounts["ben"], [town.sites["lane"]])]


async def test_it_is_for_streetworkers_alone(client: Client) -> None:
    for person in ("mara", "pim", "dora", "stefan"):
        assert (await (await client(person)).get(SLICE)).status_code == 403


async def test_after_the_area_was_given_to_someone_else_the_slice_is_empty(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    ben = await client("ben")
    run(owner_url, "DELETE FROM lantern.assignment WHERE account_id = :ben", ben=town.accounts["ben"])
    found = (await ben.get(SLICE)).json()
    assert (found["areas"], found["sites"]) == ([], [])


async def test_the_tag_stands_for_what_is_in_it_and_not_for_the_moment(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    ben = await client("ben")
    first = await ben.get(SLICE)
    again = await ben.get(SLICE, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    run(owner_url, "UPDATE lantern.site SET name = 'mews site' WHERE id = :lane", lane=town.sites["lane"])
    changed = await ben.get(SLICE, headers={"If-None-Match": first.headers["etag"]})
    assert changed.json()["sites"][0]["name"] == "mews site"


async def test_a_session_ends_and_what_waits_on_the_phone_stays(client: Client) -> None:
    for query, cleared in (("", '"storage"'), ("?keep=storage", None)):
        ben = await client("ben")
        answer = await ben.delete(f"/api/v1/session{query}")
        assert answer.status_code == 204
        assert ('"storage"' in answer.headers["clear-site-data"]) is bool(cleared)
        assert (await ben.get(SLICE)).status_code == 401


async def test_a_phone_that_was_signed_out_hears_so_and_clears_nothing_that_it_has_to_send(
    client: Client, owner_url: str
) -> None:
    ben = await client("ben")
    cookies = dict(ben.cookies)
    run(owner_url, "DELETE FROM lantern.session")
    for path, told in ((SLICE, "yes"), ("/api/v1/delivery-key", "yes"), ("/api/v1/me", "yes"), ("/api/v1/sites", None)):
        ben.cookies.update(cookies)
        answer = await ben.get(path)
        assert answer.status_code == 401
        assert answer.headers.get("lantern-signed-out") == told
        assert ('"storage"' in answer.headers["clear-site-data"]) is (told is None)
