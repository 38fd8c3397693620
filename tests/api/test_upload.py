"""Imports over HTTP."""

import pytest

from tests.fixtures.client import Client
from tests.fixtures.town import SmallTown

pytestmark = pytest.mark.anyio
LOG = "observed_on,kind,people,lon,lat\n2024-03-05,tent,2,2.31,54.77\n2024-03-06,tent,0,2.31,54.77\n"
CSV = {"Content-Type": "text/csv"}


async def test_a_manager_brings_in_a_log_once(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    answer = await mara.post("/api/v1/imports/observations", content=LOG, headers=CSV)
    assert answer.status_code == 200
    account = answer.json()
    assert (account["read"], account["kept"], account["sites"], account["written"]) == (2, 2, 1, True)
    again = (await mara.post("/api/v1/imports/observations", content=LOG, headers=CSV)).json()
    assert (again["kept"], again["already_there"]) == (0, 2)
    exported = (await mara.get("/api/v1/export/sites", params={"type": "tent"})).json()
    assert [feature["properties"]["status"] for feature in exported["features"]] == ["active"]


async def test_a_form_brings_a_file_and_its_options(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    fields = {"dry_run": "true", "kind": ["spaceship=vehicle", ""], "column": "", "valid_from": ""}
    file = {"file": ("log.csv", LOG.replace("tent", "spaceship"), "text/csv")}
    answer = await mara.post("/api/v1/imports/observations", data=fields, files=file)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["kept"], answer.json()["written"]) == (2, False)


async def test_refused_rows_are_a_problem_with_the_account(client: Client, town: SmallTown) -> None:
    mara = await client("mara")
    bad = LOG + "2024-03-06,tent,-1,2.31,54.77\n"
    answer = await mara.post("/api/v1/imports/observations", content=bad, headers=CSV)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    problem = answer.json()
    assert problem["type"] == "/problems/import-refused"
    assert [refusal["line"] for refusal in problem["account"]["refusals"]] == [4]
    kept = await mara.post("/api/v1/imports/observations?keep_going=true", content=bad, headers=CSV)
    assert (kept.status_code, kept.json()["kept"], kept.json()["refused"]) == (200, 2, 1)


@pytest.mark.parametrize(
    ("path", "content", "headers", "status"),
    [
        ("observations", b"", CSV, 422),
        ("observations", b"\x00\x01", CSV, 422),
        ("observations", b"a,b\n1,2\n", CSV, 422),
        ("observations", LOG.encode(), {"Content-Type": "application/zip"}, 415),
        ("observations?distance_m=nan", LOG.encode(), CSV, 422),
        ("observations?kind=tent", LOG.encode(), CSV, 422),
        ("observations?colour=red", LOG.encode(), CSV, 422),
        ("observations?column=lon=absent", LOG.encode(), CSV, 422),
        ("palaces", LOG.encode(), CSV, 422),
        ("districts", b'{"type": "FeatureCollection", "features": [' + b"[" * 50_000, CSV, 422),
        ("observations", b"--x\r\n\r\n", {"Content-Type": "multipart/form-data"}, 400),
        ("observations", b"--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}, 422),
    ],
)
async def test_what_cannot_be_read_is_a_problem_and_never_a_fault(
    client: Client, town: SmallTown, path: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    mara = await client("mara")
    answer = await mara.post(f"/api/v1/imports/{path}", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("person", ["alice", "pim", "dora", "stefan"])
async def test_only_managers_bring_files_in(client: Client, town: SmallTown, person: str) -> None:
    someone = await client(person)
    answer = await someone.post("/api/v1/imports/observations", content=LOG, headers=CSV)
    assert answer.status_code == 403
