"""Erasing once more, after a backup was put back, beside a request by law: what it holds is kept whole until then."""

import json
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import pytest

from api.asker import Asker
from api.database import Database
from api.erasure_file import FILE, apply_erasures
from api.settings import Settings
from geo import site_erasure
from geo.account import Role
from geo.erasure import Noun, Reason
from geo.schema import new_id
from geo.site_erasure import Kept, Overtaken, Rows
from tests.fixtures.client import Client
from tests.fixtures.command import Terminal
from tests.fixtures.law_request import id_of, over, registered
from tests.fixtures.look import look
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
SITES, VISITS = "/api/v1/sites", "/api/v1/visits"
IN_THE_NORTH = {"type": "Point", "coordinates": [2.32, 54.77]}
WHOLE = """
    SELECT (row.told - ARRAY['access_note_sealed', 'note_sealed', 'body_hash'])::text FROM (
        SELECT id AS of, to_jsonb(site) AS told FROM lantern.site
        UNION ALL SELECT site_id, to_jsonb(visit) FROM lantern.visit
        UNION ALL SELECT site_id, to_jsonb(step) FROM lantern.site_status AS step
        UNION ALL SELECT noun_id, to_jsonb(change) FROM lantern.change
        UNION ALL SELECT coalesce(visit.site_id, noun_id), to_jsonb(receipt)
            FROM lantern.receipt LEFT JOIN lantern.visit ON visit.id = noun_id
    ) AS row WHERE row.of = '{}' ORDER BY 1"""
ERASED = "SELECT ids, entry::jsonb -> 'detail' FROM lantern.log_entry WHERE act = 'erased' ORDER BY seq"


async def settle(client: Client, town: SmallTown) -> str:
    """Quay lies in the north, which a request names; of Adrift it names one visit, that was made there."""
    alice, mara = await client("alice"), await client("mara")
    changed = await alice.patch(
        f"{SITES}/{town.sites['quay']}", json={"name": "by the quay"}, headers={"If-Match": '"1"'}
    )
    assert changed.status_code == 200, changed.text
    day = town.today.isoformat()
    for site, who in (("quay", alice), ("adrift", mara)):
        visit = {"outcome": "met", "site_id": str(town.sites[site]), "visited_at": f"{day}T00:00:01Z"}
        logged = await who.put(f"{VISITS}/{new_id()}", json=visit | {"geom": IN_THE_NORTH})
        assert logged.status_code == 201, logged.text
    of = {"site_ids": [], "work_area_id": str(town.areas["north"])}
    return await registered(client, town, noun="visits", first_day=day, last_day=day, **of)


def write_list(home: Path, town: SmallTown, listed: Iterable[tuple[str, UUID]]) -> None:
    of = {"organisation_id": str(town.organisation_id), "reason": "asked", "erased_on": "2026-05-01"}
    (home / FILE).write_text("".join(json.dumps(of | {"id": str(one), "noun": noun}) + "\n" for noun, one in listed))


async def test_what_a_request_holds_is_kept_whole_and_the_rest_is_erased_and_the_log_says_so(
    client: Client, terminal: Terminal, town: SmallTown, owner_url: str, settings: Settings, tmp_path: Path
) -> None:
    path = await settle(client, town)
    sites = [("site", town.sites[name]) for name in ("quay", "lane", "adrift")]
    write_list(tmp_path, town, [*sites, ("visit", town.visits["quay"])])
    held = ("quay", "adrift")
    before = {name: look(owner_url, WHOLE.format(town.sites[name])) for name in held}
    assert [len(rows) for rows in before.values()] == [6, 4]
    here = {"home": tmp_path, "database_url": settings.database_url, "key_file": settings.home / "keys" / "master"}
    ran = terminal.run("erasures", "apply", "-o", "doggerstad", **here)
    assert (ran.returncode, ran.stdout.splitlines()) == (0, [
        "4 ids on the list. Erased again: 1 sites, 1 visits, 0 accounts, 0 alerts.",
        "Kept whole, because a request by law holds it: 2 sites, 3 visits.",
        f"Run this again when these hold nothing any more: {id_of(path)}.",
    ]), ran.stderr  # fmt: skip
    # The keys are new since: what is sealed differs.
    assert {name: look(owner_url, WHOLE.format(town.sites[name])) for name in held} == before
    assert look(owner_url, WHOLE.format(town.sites["lane"])) == []
    gone = [town.sites["lane"], town.visits["lane"]]
    assert look(owner_url, ERASED) == [(gone, {"again": True, "kept": 5, "visits": 1})]
    assert {row[0] for row in look(owner_url, "SELECT id FROM lantern.erasure")} == {*gone}
    await over(client, path, owner_url)
    again = terminal.run("erasures", "apply", "-o", "doggerstad", **here)
    assert again.stdout.splitlines() == ["4 ids on the list. Erased again: 2 sites, 3 visits, 0 accounts, 0 alerts."]
    for name in held:
        assert look(owner_url, WHOLE.format(town.sites[name])) == [], name


async def test_a_listed_visit_is_kept_where_its_site_is_held_and_is_not_on_the_list(
    client: Client, database: Database, town: SmallTown, owner_url: str
) -> None:
    """Quay lies in the north, which a request for sites names; the visits to it say that they were made elsewhere."""
    alice, listed = await client("alice"), {}
    for second, point in ((1, [2.32, 54.77]), (2, [2.32, 54.75])):
        visit = {"outcome": "met", "site_id": str(town.sites["quay"]), "visited_at": f"{town.today}T00:00:0{second}Z"}
        one = new_id()
        logged = await alice.put(f"{VISITS}/{one}", json=visit | {"geom": {"type": "Point", "coordinates": point}})
        assert logged.status_code == 201, logged.text
        listed[(Noun.VISIT, one)] = Reason.ASKED
    path = await registered(client, town, noun="sites", site_ids=[], work_area_id=str(town.areas["north"]))
    before = look(owner_url, WHOLE.format(town.sites["quay"]))
    steward = Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.STEWARD)
    again = await apply_erasures(database, steward, listed)
    assert (sum(again.gone.values()), again.kept) == (0, {Noun.SITE: 0, Noun.VISIT: 2})
    assert again.held_by == frozenset({id_of(path)})
    assert look(owner_url, WHOLE.format(town.sites["quay"])) == before
    assert look(owner_url, "SELECT count(*) FROM lantern.erasure") == [(0,)]


async def test_a_request_that_comes_in_while_it_runs_leaves_all_as_it_was(
    client: Client, database: Database, town: SmallTown, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await settle(client, town)
    steward = Asker.command(town.organisation_id, "doggerstad", "Europe/London", Role.STEWARD)

    async def seen_too_early(*_: object) -> Kept:
        return Kept(Rows([], []), frozenset())

    monkeypatch.setattr(site_erasure, "_held", seen_too_early)
    for name in ("quay", "adrift"):
        before = look(owner_url, WHOLE.format(town.sites[name]))
        with pytest.raises(Overtaken):
            await apply_erasures(database, steward, {(Noun.SITE, town.sites[name]): Reason.ASKED})
        assert look(owner_url, WHOLE.format(town.sites[name])) == before, name
    assert look(owner_url, "SELECT count(*) FROM lantern.erasure") == [(0,)]
