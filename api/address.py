"""What an address may tell. Addresses stand in histories, in logs of proxies and in links that people pass on, so none
of them names a place: neither by the name of a parameter nor by a pair of numbers, in whatever it is wrapped."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problem import INVALID_INPUT, Problem

NAMES = frozenset(
    {"bbox", "box", "bounds", "extent", "envelope", "viewport", "west", "south", "east", "north"}
    | {"sw", "ne", "nw", "se", "minx", "miny", "maxx", "maxy", "xmin", "ymin", "xmax", "ymax"}
    | {"lon", "lat", "lng", "long", "longitude", "latitude", "x", "y", "tile", "zoom", "easting", "northing"}
    | {"ll", "sll", "latlng", "lnglat", "latlon", "lonlat", "latlong", "geo", "geohash", "pluscode", "mgrs", "utm"}
    | {"geom", "geometry", "shape", "point", "position", "pos", "at", "centre", "center", "location", "loc"}
    | {"coordinates", "coordinate", "coords", "coord", "wkt", "wkb", "geojson", "polygon", "near", "around", "radius"}
    | {"cell"}
)
"""Parameters by which an address would name a place. No route takes one; see `names_place`."""
WHAT = "no place stands in an address: send the header Lantern-Box: west,south,east,north"
LONGEST = 8192
TOO_LONG = f"an address has at most {LONGEST} signs"
ROUNDS = 8
APART = re.compile("[?&;#]")
INNER = re.compile(r"[\[\].]")
DEGREES, BETWEEN = r"[-+\u2212]?\d{1,3}\.\d{3,}", r"\s{0,3}°?\s{0,3}[nsewo]?(?:[\s,;/|+_~]{1,4}|&[\w.\[\]-]{1,40}=)"
PLACE = re.compile(rf"{DEGREES}{BETWEEN}{DEGREES}|(?:@|geo:)[-+]?\d{{1,3}}(?:\.\d+)?,[-+]?\d", re.IGNORECASE)
"""Two numbers that could be degrees beside each other; and what other maps write into their addresses."""


class NoPlaceInAddress:
    """Refuses an address that names a place, on every path, before anyone is asked who they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = _refusal(scope) if scope["type"] == "http" else None
        if problem is None:
            await self.app(scope, receive, send)
            return
        answer = await scope["app"].exception_handlers[Problem](Request(scope), problem)
        await answer(scope, receive, send)


def _refusal(scope: Scope) -> Problem | None:
    path, query = scope["path"], scope["query_string"].decode("latin-1")
    if len(path) + len(query) > LONGEST:
        return Problem(INVALID_INPUT, errors=[{"where": "query" if query else "path", "what": TOO_LONG}])
    if names_place(f"{path}?{query}"):
        where = "query" if names_place(f"?{query}") else "path"
        return Problem(INVALID_INPUT, errors=[{"where": where, "what": WHAT}])
    return None


def names_place(address: str) -> bool:
    """Does a path with its query name a place, also in an address that stands in it, however often that is encoded?
    What is not read to its end after some rounds counts as if it did."""
    for said in _decoded(address):
        if said is None or PLACE.search(said):
            return True
        _, *parameters = APART.split(said)
        if any(_words(parameter.partition("=")[0]) & NAMES for parameter in parameters):
            return True
    return False


def _decoded(address: str) -> Iterator[str | None]:
    """An address as it came and after each round of decoding; None at last where there would be more."""
    path, asked, query = address.partition("?")
    said = path + asked + query.replace("+", " ")
    for _ in range(ROUNDS):
        yield said
        before, said = said, unquote(said)
        if said == before:
            return
    yield None


def _words(name: str) -> set[str]:
    """`BBox[]`, `filter[lat]` and `map.center` as they would be written plainly."""
    return {word.strip() for word in INNER.split(unicodedata.normalize("NFKC", name).casefold())}
