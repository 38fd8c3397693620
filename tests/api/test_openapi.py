"""The OpenAPI document, and the page that is written beside it."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import problem
from api.problem import Kind
from geo.schema import new_id
from tests.fixtures.client import Client

pytestmark = pytest.mark.anyio
NOUNS = ("sites", "visits", "work-areas", "assignments", "districts", "teams", "accounts", "me")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


async def operations(anyone: httpx.AsyncClient) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each operation of the nouns."""
    document = (await anyone.get("/openapi.json")).json()
    found = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.split("/")[3] in NOUNS
    ]
    assert len(found) >= 37
    return found


async def test_every_operation_says_how_to_sign_in(anyone: httpx.AsyncClient) -> None:
    document = (await anyone.get("/openapi.json")).json()
    schemes = document["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"http", "apiKey"}
    for method, path, operation in await operations(anyone):
        assert operation["security"] == [{name: []} for name in ("access token", "session")], (method, path)


async def test_every_refusal_is_a_problem(anyone: httpx.AsyncClient) -> None:
    for method, path, operation in await operations(anyone):
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"401", "403", "422"} <= set(refusals), (method, path)
        for status, answer in refusals.items():
            assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
        if method in {"put", "patch"}:
            assert {"404", "409", "412", "428"} <= set(refusals), (method, path)
        if "{" in path:
            assert "404" in refusals, (method, path)


async def said(anyone: httpx.AsyncClient) -> dict[tuple[str, str], dict[str, set[str]]]:
    """By method and path of every operation: the problems that the document says it answers with, by their status."""
    document = (await anyone.get("/openapi.json")).json()
    return {
        (method, path): {
            status: set(answer["content"]["application/problem+json"]["schema"]["properties"]["type"]["enum"])
            for status, answer in operation["responses"].items()
            if status >= "400"
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


async def test_the_problems_of_an_operation_are_those_of_the_catalogue(anyone: httpx.AsyncClient) -> None:
    kinds = {(str(kind.status), f"/problems/{kind.slug}") for kind in vars(problem).values() if isinstance(kind, Kind)}
    for where, problems in (await said(anyone)).items():
        told = {(status, kind) for status, found in problems.items() for kind in found}
        assert told == {(status, kind) for status, kind in kinds if status in problems}, where


@pytest.mark.parametrize(
    ("wrong", "of", "answer"),
    [
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, {"post", "put", "patch", "delete"}, "/problems/cross-site"),
        (
            {"headers": {"Content-Length": str(10**12)}},
            {"get", "post", "put", "patch", "delete"},
            "/problems/too-large",
        ),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, {"put", "patch"}, "/problems/bad-request"),
        ({}, {"get", "post", "put", "patch", "delete"}, None),
    ],
)
async def test_what_every_operation_may_refuse_stands_in_the_document(
    client: Client, anyone: httpx.AsyncClient, wrong: dict[str, Any], of: set[str], answer: str | None
) -> None:
    """None: whatever comes."""
    mara = await client("mara")
    for (method, path), problems in (await said(anyone)).items():
        if method not in of or (path == "/api/v1/session" and answer is None):
            continue
        if "content" in wrong and "415" in problems and path.startswith("/api/v1/deliveries/"):
            continue  # it takes no JSON
        refused = await mara.request(method, re.sub(r"\{.*?\}", str(new_id()), path), **wrong)
        if refused.status_code >= 400 or answer:
            kind = refused.json()["type"]
            assert kind == (answer or kind), (method, path)
            assert kind in problems.get(str(refused.status_code), set()), (method, path, refused.status_code)


async def test_the_page_names_every_filter_and_every_noun(anyone: httpx.AsyncClient) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for _, path, operation in await operations(anyone):
        assert f"/{path.split('/')[3]}" in page
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                assert f"`{parameter['name']}`" in page or parameter["name"] == "after", (path, parameter["name"])
        if path.endswith(("/close", "/hand-over", "/history", "/due", "/password")):
            assert f"{path.rsplit('/', 1)[1]}`" in page, path


async def test_no_page_of_the_api_loads_scripts_from_elsewhere(anyone: httpx.AsyncClient) -> None:
    for path in ("/docs", "/redoc"):
        assert (await anyone.get(path)).status_code == 404
