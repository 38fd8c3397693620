"""The OpenAPI document, and the page that is written beside it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

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
