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
PARTS = frozenset(
    {"lat", "lon", "lng", "mlat", "mlon", "bbox", "coord", "coords", "coordinate", "coordinates"}
    | {"latitude", "longitude", "latlng", "lnglat", "latlon", "lonlat", "latlong"}
)
"""These name a place also as a part of a longer name: `min_lat`, `minLat`, `lat_lng`, `lat1`."""
BETWEEN_PARTS = re.compile(r"[\W\d_]+|(?<=[^\W\d_A-Z])(?=[A-Z])")
TIME = re.compile(r"\d\d:\d\d:\d\d\.\d+(?:Z|[-+ ]\d\d)", re.IGNORECASE)
DEGREES = r"\d{1,3}\.\d{3,}"
PLACE = re.compile(rf"{DEGREES}.*?{DEGREES}|(?:@|geo:)[-+]?\d{{1,3}}(?:\.\d+)?,[-+]?\d", re.IGNORECASE | re.DOTALL)
"""Two numbers that could be degrees, whatever stands between them; and what other maps write into their addresses."""
UNSEEN = {"Cc", "Cf", "Mn", "Me"}


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
        if said is None or PLACE.search(TIME.sub("", plain := _plain(said))):
            return True
        _, *parameters = APART.split(plain)
        if any(_names_place(parameter.partition("=")[0]) for parameter in parameters):
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


def _plain(said: str) -> str:
    """As it would be read: without signs that nobody sees and accents, and each sign in its plain form."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", said) if unicodedata.category(sign) not in UNSEEN)


def _names_place(name: str) -> bool:
    """`BBox[]`, `filter[lat]`, `map.center` and `min_lat` are read as they would be written plainly."""
    words = {word.strip() for word in INNER.split(name.casefold())}
    parts = {part.casefold() for part in BETWEEN_PARTS.split(name)}
    return bool(words & NAMES or parts & PARTS)
