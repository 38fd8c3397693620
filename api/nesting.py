"""How deep JSON may be nested. GeoJSON needs eight levels; what is deeper wears out whoever walks through it."""

import re

import numpy as np
from fastapi import Request

from api.problem import INVALID_INPUT, Problem

DEEPEST = 16
TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A text that never ends, ends with the body: else each quote in it would be tried, which takes the square."""
STEPS = np.zeros(256, np.int32)
STEPS[np.frombuffer(b"[{", np.uint8)] = 1
STEPS[np.frombuffer(b"]}", np.uint8)] = -1


async def not_too_deep(request: Request) -> None:
    """For every route, before the parts of a body in JSON are checked: raises `invalid-input` where it is too deep."""
    if getattr(request.scope.get("route"), "body_field", None) is None:
        return
    if "json" not in request.headers.get("content-type", "").lower():
        return  # no handler takes it for JSON
    if depth(await request.body()) > DEEPEST:
        errors = [{"where": "body", "what": f"is nested deeper than {DEEPEST} levels"}]
        raise Problem(INVALID_INPUT, errors=errors)


def depth(text: bytes) -> int:
    """The levels of lists and objects in a JSON text (UTF-8); of what is no JSON, some number."""
    steps = STEPS[np.frombuffer(TEXTS.sub(b"", text), np.uint8)]
    return int(steps.cumsum().max(initial=0))
