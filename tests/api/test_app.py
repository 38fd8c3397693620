"""What holds for every answer."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, text

from api.cluster import ADMIN, Cluster
from api.settings import Settings
from tests.fixtures.client import Client
from web.app import create_app

pytestmark = pytest.mark.anyio


async def test_healthz_says_whether_the_database_answers(cluster: Cluster, anyone: httpx.AsyncClient) -> None:
    assert (await anyone.get("/healthz")).status_code == 200
    missing = create_app(Settings(database_url=cluster.url(database="no_such_database")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(missing), base_url="http://lantern.test") as nobody:
        answer = await nobody.get("/healthz")
    assert answer.status_code == 503
    assert "no_such_database" not in answer.text


async def test_healthz_recovers_after_the_database_cut_every_connection(
    cluster: Cluster, database_name: str, anyone: httpx.AsyncClient
) -> None:
    assert (await anyone.get("/healthz")).status_code == 200
    engine = create_engine(cluster.url(ADMIN, "postgres"))
    with engine.begin() as connection:
        cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(cut, {"name": database_name})
    engine.dispose()
    assert (await anyone.get("/healthz")).status_code == 200


async def test_without_a_database_the_app_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="start the cluster first"):
        create_app(Settings(database_url=None))


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/session", "/api/v1/nowhere"])
async def test_every_answer_carries_the_headers_that_keep_it_private(anyone: httpx.AsyncClient, path: str) -> None:
    headers = (await anyone.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_fault_of_ours_says_nothing_of_the_data(app: FastAPI, client: Client) -> None:
    async def broken() -> None:
        raise RuntimeError("a doorway at 3.7204, 51.0517")

    app.add_api_route("/api/v1/broken", broken)
    answer = await (await client("mara")).get("/api/v1/broken")
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "/problems/internal",
        "title": "Something broke on our side. It was noted.",
        "status": 500,
    }
    assert "default-src 'none'" in answer.headers["content-security-policy"]
