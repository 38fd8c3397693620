"""Imported first by a server: a line that tells each place, as a careless developer would put it in."""

import logging
from typing import Any

from geo import geometry

taken = geometry.point


def telling(value: Any, *more: Any, **options: Any) -> Any:
    logging.getLogger("lantern").warning("a place came in: %s", value)
    return taken(value, *more, **options)


geometry.point = telling
