"""The box that a request asks about. It comes in a header, because no address names a place: `api.address`."""

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant

from api.problem import INVALID_INPUT, Problem
from geo.viewport import Box

HEADER = "Lantern-Box"
OWN = "lantern-"
OTHERS = frozenset({"lantern-purpose"})

Given = Annotated[
    str | None,
    Header(alias=HEADER, max_length=200, description="west,south,east,north in degrees (WGS 84), longitude first."),
]


def box_of(request: Request, given: Given = None) -> Box | None:
    """Raises `invalid-input` for a header that is no box, and for one that came twice."""
    if given is None:
        return None
    try:
        if len(request.headers.getlist(HEADER)) > 1:
            raise ValueError("may be sent once")
        return Box.read(given)
    except ValueError as wrong:
        raise _refused(f"header.{HEADER}", str(wrong)) from None


BoxIn = Annotated[Box | None, Depends(box_of)]


async def known_headers(request: Request) -> None:
    """For every route. Raises `invalid-input` for a header of ours that this route does not know: what narrows nothing
    would be taken for a narrowing."""
    # Async, though it awaits nothing: a plain function would take a thread for every request.
    for name in request.headers:
        if name.startswith(OWN) and name not in OTHERS and not _takes(request, name):
            raise _refused("header", "one that begins with Lantern- is not known here")


def _takes(request: Request, name: str) -> bool:
    """Does the route, or something that it asks for, name this header?"""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    return isinstance(dependant, Dependant) and name in _named(dependant)


def _named(dependant: Dependant) -> set[str]:
    own = {field.alias.lower() for field in dependant.header_params}
    return own.union(*(_named(each) for each in dependant.dependencies))


def _refused(where: str, what: str) -> Problem:
    return Problem(INVALID_INPUT, errors=[{"where": where, "what": what}])
