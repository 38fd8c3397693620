"""Lists: pages that begin after an id, and cursors that know which filters they belong to."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, Literal, Protocol, Self, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from fastapi.responses import JSONResponse
from geoalchemy2.shape import to_shape
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from shapely import orient_polygons
from shapely.geometry import mapping

from api.problem import INVALID_INPUT, Problem
from geo.viewport import Box


class GeoJSON(JSONResponse):
    media_type = "application/geo+json"


class Listing(BaseModel):
    """The parameters of every list. What is no parameter is refused: a typing error must not widen what is asked."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, populate_by_name=False)

    limit: int = Field(default=100, ge=1, le=1000, description="How many at most.")
    after: str | None = Field(default=None, max_length=100, description="The cursor of the `next` link.")
    _box: Box | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def only_known(cls, given: Any) -> Any:
        allowed = [field.alias or name for name, field in cls.model_fields.items()]
        if isinstance(given, dict) and not set(given) <= set(allowed):
            raise ValueError(f"only these parameters are known: {', '.join(allowed)}")
        return given

    def within(self, box: Box | None) -> Self:
        """The same list, of a box alone: no parameter, so that no link names it, and yet a filter of the cursor."""
        self._box = box
        return self

    def checksum(self) -> bytes:
        """Of the filters, whatever the page."""
        filters = self.model_dump_json(exclude={"limit", "after"}, exclude_defaults=True)
        return hashlib.blake2b(f"{filters}{self._box or ''}".encode(), digest_size=8).digest()

    def cursor(self, last: UUID) -> str:
        return base64.urlsafe_b64encode(last.bytes + self.checksum()).decode().rstrip("=")

    def begins_after(self) -> UUID | None:
        """The id that the page begins after; raises `invalid-input` for the cursor of another list."""
        if self.after is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(self.after + "=" * (-len(self.after) % 4))
        except (ValueError, binascii.Error):
            raw = b""
        if len(raw) != 24 or raw[16:] != self.checksum():
            what = "belongs to a list with other filters: begin again without it"
            raise Problem(INVALID_INPUT, errors=[{"where": "query.after", "what": what}])
        return UUID(bytes=raw[:16])


class Link(BaseModel):
    href: str
    rel: str
    type: str


class Shape(BaseModel):
    type: str
    coordinates: list[Any]


P = TypeVar("P", bound=BaseModel)


class Feature(BaseModel, Generic[P]):
    type: Literal["Feature"] = "Feature"
    id: UUID
    geometry: Shape
    properties: P


class FeatureCollection(BaseModel, Generic[P]):
    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature[P]]
    numberReturned: int
    links: list[Link]


class Items(BaseModel, Generic[P]):
    items: list[P]
    numberReturned: int
    links: list[Link]


class Placed(Protocol):
    id: Any
    geom: Any


Members = Mapping[str, Any]


def feature(row: Placed, properties: type[BaseModel], more: Members = MappingProxyType({})) -> dict[str, Any]:
    """A row as a GeoJSON feature, outlines counter-clockwise (RFC 7946, 3.1.6); `properties` names what is shown,
    of which `more` are no columns of the row."""
    columns = {name: getattr(row, name) for name in properties.model_fields.keys() - more.keys()}
    return {
        "type": "Feature",
        "id": str(row.id),
        "geometry": mapping(orient_polygons(to_shape(row.geom))),
        "properties": properties.model_validate(columns | dict(more)).model_dump(mode="json"),
    }


def page(
    request: Request, wanted: Listing, rows: Sequence[Any], name: str, found: list[dict[str, Any]]
) -> dict[str, Any]:
    """The body of a list. `rows` may be one more than the limit: then there is a next page. `found` are those rows as
    JSON, kept under a name."""
    media_type = GeoJSON.media_type if name == "features" else "application/json"
    parameters = [(key, value) for key, value in request.query_params.multi_items() if key != "after"]
    links = [{"href": _address(request, request.query_params.multi_items()), "rel": "self", "type": media_type}]
    if len(rows) > wanted.limit:
        after = wanted.cursor(rows[wanted.limit - 1].id)
        links.append({"href": _address(request, [*parameters, ("after", after)]), "rel": "next", "type": media_type})
    found = found[: wanted.limit]
    return {name: found, "numberReturned": len(found), "links": links}


def features(
    request: Request,
    wanted: Listing,
    rows: Sequence[Any],
    properties: type[BaseModel],
    more: Callable[[Any], Members] = lambda row: {},
) -> GeoJSON:
    """The answer to a list of placed rows; `more` tells of a row what is no column."""
    found = [feature(row, properties, more(row)) for row in rows[: wanted.limit]]
    return GeoJSON({"type": "FeatureCollection"} | page(request, wanted, rows, "features", found))


def items(request: Request, wanted: Listing, rows: Sequence[Any], shown: type[BaseModel]) -> JSONResponse:
    """The answer to a list of rows without a place."""
    found = [shown.model_validate(row, from_attributes=True).model_dump(mode="json") for row in rows[: wanted.limit]]
    return JSONResponse(page(request, wanted, rows, "items", found))


def _address(request: Request, parameters: Sequence[tuple[str, str]]) -> str:
    return f"{request.url.path}?{urlencode(parameters)}" if parameters else request.url.path
