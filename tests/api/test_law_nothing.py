"""A request by law names what is there: one that covers nothing goes nowhere, and does not keep the exports closed."""

from datetime import timedelta
from typing import Any

import pytest

from geo.schema import new_id
from tests.fixtures.client import Client
from tests.fixtures.law_request import LAW, READ, asked_for, id_of, proposed, registered
from tests.fixtures.look import look
from tests.fixtures.look import run as arrange
from tests.fixtures.town import PURPOSE, SmallTown

pytestmark = pytest.mark.anyio
EXPORT = "/api/v1/export/sites"
NOTHING = "It covers nothing."
NO = {"reason": "a slip"}


def slips(town: SmallTown) -> list[dict[str, Any]]:
    """A site that does not lie in the area, and a period in which nobody was there."""
    north = {"work_area_id": str(town.areas["north"])}
    day = (town.today - timedelta(days=900)).isoformat()
    return [
        north | {"site_ids": [str(town.sites["lane"])]},
        north | {"site_ids": [], "noun": "visits", "first_day": day, "last_day": day},
    ]


async def test_ids_that_are_no_site_of_the_organisation_are_refused_alike(client: Client, town: SmallTown) -> None:
    stefan, quay = await client("stefan"), str(town.sites["quay"])
    told = set[str]()
    for other in (new_id(), town.sites["silverpit"], town.visits["quay"]):
        answer = await stefan.post(LAW, json=asked_for(town, site_ids=[quay, str(other)]))
        assert answer.status_code == 422, answer.text
        assert [error["where"] for error in answer.json()["errors"]] == ["body.site_ids"]
        told.add(answer.text)
        page = await stefan.post("/law-requests", data=asked_for(town, sites=f"{quay}\n{other}"))
        assert (page.status_code, "Not all of these are ids of sites." in page.text) == (422, True)
        assert "where the doorway at the quay is" in page.text  # what was typed stays
    assert len(told) == 1
    assert (await stefan.get(LAW)).json()["items"] == []
    assert (await (await client("mara")).get(EXPORT)).status_code == 200


async def test_a_proposal_that_covers_nothing_is_refused_with_words(client: Client, town: SmallTown) -> None:
    stefan = await client("stefan")
    for slip in slips(town):
        path = await registered(client, town, **slip)
        answer = await stefan.post(f"{path}/propose")
        assert (answer.status_code, NOTHING in answer.json()["detail"]) == (409, True)
        page = await stefan.post(f"/law-requests/{id_of(path)}/propose")
        assert (page.status_code, NOTHING in page.text) == (422, True)
        assert (await stefan.get(path)).json()["state"] == "open"


async def test_what_covers_nothing_freezes_nothing_once_it_is_refused(client: Client, town: SmallTown) -> None:
    stefan, mara = await client("stefan"), await client("mara")
    for slip in slips(town):
        for who in (stefan, mara):
            path = await registered(client, town, **slip)
            assert (await mara.get(EXPORT)).status_code == 409
            told = (await who.post(f"{path}/refuse", json=NO)).json()
            assert (told["state"], told["covers_sites"], told["covers_visits"]) == ("refused", [], [])
            assert told["held_until"] == told["refused_at"]
            assert (await mara.get(EXPORT)).status_code == 200
    assert (await mara.get(f"{LAW}?live=true")).json()["items"] == []
    path = await registered(client, town, **slips(town)[0] | {"site_ids": [str(town.sites["quay"])]})
    told = (await stefan.post(f"{path}/refuse", json=NO)).json()
    assert (told["covers_sites"], told["held_until"] > told["refused_at"]) == (None, True)
    assert (await mara.get(EXPORT)).status_code == 409  # that one covers something, and holds for a week


async def test_a_proposal_from_before_that_covers_nothing_is_agreed_to_by_nobody_and_lapses_at_once(
    client: Client, town: SmallTown, owner_url: str
) -> None:
    path, mara = await proposed(client, town), await client("mara")
    arrange(owner_url, "UPDATE lantern.law_request SET covers_sites = '{}', covers_visits = '{}'")
    page = (await mara.get(f"/law-requests/{id_of(path)}")).text
    assert (NOTHING in page, "Agree, and release" in page) == (True, False)
    answer = await mara.post(f"{path}/agree", json=READ)
    assert (answer.status_code, NOTHING in answer.json()["detail"]) == (409, True)
    assert (await mara.get(EXPORT)).status_code == 409
    arrange(owner_url, "UPDATE lantern.law_request SET proposed_at = proposed_at - interval '7 days'")
    assert (await mara.get(EXPORT)).status_code == 200


async def test_the_second_person_reads_what_it_gives_away(client: Client, town: SmallTown, owner_url: str) -> None:
    arrange(owner_url, "UPDATE lantern.site SET name = 'Under <the> crane' WHERE id = :id", id=town.sites["quay"])
    label = """SELECT site_type.label FROM lantern.site JOIN lantern.site_type ON slug = site_type
        AND site_type.organisation_id = site.organisation_id WHERE site.name LIKE '%crane'"""
    kinds = look(owner_url, label)
    days = {"first_day": (town.today - timedelta(days=30)).isoformat(), "last_day": town.today.isoformat()}
    read = f"""SELECT why, ids FROM (SELECT entry::jsonb ->> 'why' AS why, ids FROM lantern.log_entry
        WHERE act = 'read' AND noun = 'site' AND account_id = '{town.accounts["mara"]}') AS entry"""
    for noun in ({}, {"noun": "visits", **days}):
        page = f"/law-requests/{id_of(await proposed(client, town, **noun))}"
        hasty = (await (await client("mara", purpose="")).get(page)).text
        assert ("What it gives away" in hasty, f"1 × {kinds[0][0]}" in plain(hasty)) == (True, True)
        assert ("1 × north" in plain(hasty), "the&gt; crane" in hasty) == (True, False)
        assert look(owner_url, read) == []
        assert "Under &lt;the&gt; crane" in (await (await client("mara")).get(page)).text
        assert look(owner_url, read) == [(PURPOSE, [town.sites["quay"]])]
        steward = (await (await client("stefan")).get(page)).text
        assert ("What it gives away" in steward, "crane" in steward) == (True, False)
        arrange(owner_url, "ALTER TABLE lantern.log_entry DISABLE TRIGGER stays; DELETE FROM lantern.log_entry "
                "WHERE act = 'read' AND noun = 'site'")  # fmt: skip


def plain(page: str) -> str:
    """Without the marks that keep names apart."""
    return page.replace("<bdi>", "").replace("</bdi>", "").replace("\u2068", "").replace("\u2069", "")
