"""Faults of ours in the server's words: what kind, and where in the code; never what was sent, which their own messages
may hold."""

import logging
import traceback
from types import TracebackType
from typing import Any

MOST_LINES = 200
Caught = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class FaultFormatter(logging.Formatter):
    """Writes a record as `ERROR: …`, and below it the exception that it brings as `told` tells it."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s: %(message)s")

    def formatException(self, ei: Caught) -> str:
        return told(ei[1])

    def format(self, record: logging.LogRecord) -> str:
        if (
            record.name == "asyncio"
        ):  # its first line is of its own; below it stand the task and its exception's message
            record.msg, record.args = record.getMessage().partition("\n")[0], None
        record.exc_text = None  # as another formatter may have written it
        return super().format(record)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"fault": {"()": FaultFormatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "fault"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
"""What a server says, of whatever library, for `logging.config.dictConfig`."""


def told(fault: BaseException | None) -> str:
    """The kind of a fault and of those that it came of, each with the places in the code, the innermost last."""
    lines: list[str] = []
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        lines.append(f"fault: {type(fault).__module__}.{type(fault).__qualname__}")
        lines += [
            f"  {frame.f_code.co_filename}, line {line}, in {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(fault.__traceback__)
        ]
        if isinstance(fault, BaseExceptionGroup):
            lines += [f"  with {told(each)}" for each in fault.exceptions]
        fault = fault.__cause__ or fault.__context__
    return "\n".join(lines[:MOST_LINES])
