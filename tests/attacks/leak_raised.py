"""Imported first by a server: a fault of ours at each place, whose message holds what was sent."""

from typing import Any

from geo import geometry


def failing(value: Any, *_: Any, **__: Any) -> Any:
    try:
        raise KeyError(str(value))
    except KeyError as first:
        raise ValueError(f"cannot use {value}") from first


geometry.point = failing
