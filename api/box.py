"""The box that a request asks about. It comes in a header: addresses stand in histories, in logs of proxies and in
links that people pass on, so none of them names a place."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant

from api.problem import INVALID_INPUT, Problem
from geo.viewport import Box

HEADER = "Lantern-Box"
OWN = "lantern-"
OTHERS = frozenset({"lantern-purpose"})
WHAT = f"no place stands in an address: send the header {HEADER}: west,south,east,north"
NAMES = frozenset(
    {"bbox", "box", "bounds", "extent", "envelope", "viewport", "west", "south", "east", "north"}
    | {"lon", "lat", "lng", "long", "longitude", "latitude", "x", "y", "tile", "zoom"}
    | {"geom", "geometry", "shape", "point", "position", "at", "centre", "center", "coordinates", "coords", "location"}
    | {"wkt", "wkb", "geojson", "polygon", "near", "around", "radius", "cell"}
)
"""Parameters by which an address would name a place. No route takes one; see `names_place`."""

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


async def no_place_in_address(request: Request) -> None:
    """For every route. Raises `invalid-input` for a place in the address, and for a header of ours that this route does
    not know: what narrows nothing would be taken for a narrowing."""
    # Async, though it awaits nothing: a plain function would take a thread for every request.
    if names_place(request.url.query):
        raise _refused("query", WHAT)
    for name in request.headers:
        if name.startswith(OWN) and name not in OTHERS and not (name == HEADER.lower() and _takes_box(request)):
            raise _refused("header", "one that begins with Lantern- is not known here")


def names_place(query: str) -> bool:
    """Is there a parameter in a query that names a place, also in an address that stands in it (`next=`)?"""
    given = parse_qsl(query, keep_blank_values=True)
    given += [pair for _, value in given for pair in parse_qsl(value.partition("?")[2], keep_blank_values=True)]
    return any(name.strip().lower() in NAMES for name, _ in given)


def _takes_box(request: Request) -> bool:
    route: Any = request.scope.get("route")
    return isinstance(getattr(route, "dependant", None), Dependant) and any(
        each.call is box_of for each in route.dependant.dependencies
    )


def _refused(where: str, what: str) -> Problem:
    return Problem(INVALID_INPUT, errors=[{"where": where, "what": what}])
