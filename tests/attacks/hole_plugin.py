"""A pytest plugin that runs each test it is given as it is, and once more under every hole that the test must catch.

pytest -p tests.attacks.hole_plugin --holes all --told told.json tests/db/test_row_level_security.py
"""

import json
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from api.cluster import ADMIN
from tests.attacks.hole import Hole
from tests.attacks.holes import HOLES

HOLE = pytest.StashKey[Hole]()
TOLD = pytest.StashKey[dict[str, dict[str, str]]]()
NONE = "without a hole"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--holes", help="names with commas between, or all")
    parser.addoption("--told", help="a file for what became of each test under each hole, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TOLD] = {}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = config.getoption("--holes")
    wanted = [hole for hole in HOLES if asked == "all" or hole.name in asked.split(",")]
    for item in list(items):
        assert isinstance(item, pytest.Function)
        items += [_under(hole, item) for hole in wanted if _names(hole.caught_by, item)]


def _names(tests: Sequence[str], item: pytest.Item) -> bool:
    return any(item.nodeid == test or item.nodeid.startswith(f"{test}[") for test in tests)


def _under(hole: Hole, item: pytest.Function) -> pytest.Function:
    """The same test again, to be run with a hole open."""
    again: pytest.Function = pytest.Function.from_parent(
        item.parent,
        name=f"{item.name}@{hole.name}",
        callspec=getattr(item, "callspec", None),
        callobj=item.obj,
        fixtureinfo=item._fixtureinfo,
        keywords=item.keywords,
        originalname=item.originalname,
    )
    again.stash[HOLE] = hole
    return again


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    hole = item.stash.get(HOLE, None)
    with pytest.MonkeyPatch.context() as patch:
        if hole and hole.patch:
            hole.patch(patch)
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    made = yield
    hole = request.node.stash.get(HOLE, None)
    if hole and hole.sql and fixturedef.argname == "database_name":
        url = request.getfixturevalue("cluster").url(ADMIN, made)
        _run(url, hole.sql)
        if hole.undo:
            request.addfinalizer(lambda: _run(url, hole.undo))
    return made


def _run(url: str, statements: str) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(statements.replace("%", "%%"))
    finally:
        engine.dispose()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" or report.failed:
        hole = item.stash.get(HOLE, None)
        test = item.nodeid.partition("@")[0]
        why = " ".join(str(call.excinfo.value).split())[:160] if call.excinfo else ""
        outcome = report.outcome if report.when == "call" else f"{report.when} {report.outcome}"
        item.config.stash[TOLD].setdefault(hole.name if hole else NONE, {}).setdefault(test, f"{outcome}: {why}")
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    told = session.config.getoption("--told")
    if told:
        Path(told).write_text(json.dumps(session.config.stash[TOLD], indent=1))
