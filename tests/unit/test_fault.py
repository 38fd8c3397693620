"""What a server says of a fault of its own."""

import asyncio
import io
import logging

import pytest

from api.fault import FaultFormatter, told

PLACE = "POINT(2.3171937 54.7713971)"


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(said: io.StringIO) -> logging.Logger:
    """A logger beside all others, with our words."""
    made = logging.Logger("asyncio")
    handler = logging.StreamHandler(said)
    handler.setFormatter(FaultFormatter())
    made.addHandler(handler)
    return made


def failing() -> None:
    try:
        raise KeyError(PLACE)
    except KeyError as first:
        raise ValueError(PLACE) from first


def test_a_fault_is_told_by_its_kinds_and_places_in_the_code(said: io.StringIO, logger: logging.Logger) -> None:
    try:
        failing()
    except ValueError:
        logger.exception("it broke")
    words = said.getvalue()
    assert words.startswith("ERROR: it broke\nfault: builtins.ValueError\n")
    assert "fault: builtins.KeyError" in words
    assert ", in failing" in words
    assert PLACE not in words


def test_a_task_that_nobody_waited_for_tells_its_kind_alone(
    said: io.StringIO, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncio.base_events.logger", logger)

    async def task() -> None:
        failing()

    async def forget() -> None:
        forgotten = asyncio.get_running_loop().create_task(task())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del forgotten

    asyncio.run(forget())
    words = said.getvalue()
    assert words.startswith("ERROR: Task exception was never retrieved\nfault: builtins.ValueError\n")
    assert PLACE not in words


def test_a_group_of_faults_is_told_one_by_one() -> None:
    words = told(ExceptionGroup(PLACE, [ValueError(PLACE), TypeError(PLACE)]))
    assert words.startswith("fault: builtins.ExceptionGroup\n")
    assert "with fault: builtins.ValueError" in words
    assert "with fault: builtins.TypeError" in words
    assert PLACE not in words
