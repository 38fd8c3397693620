"""The parts that bodies are made of: texts, moments, days, shapes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from anyio import to_thread
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
from shapely import MultiPolygon, Point, Polygon

from api.asking import Asked
from geo.account import address_of
from geo.geometry import GeometryError, multipolygon, point
from geo.organisation import Organisation, bounds_of
from geo.typed_text import NotText, check_line, check_lines, composed

FIRST_DAY = date(1990, 1, 1)
AHEAD = timedelta(days=1)
MOST_FIELDS = 100
LAST_DAY = date(2200, 1, 1)


class Body(BaseModel):
    """A body names nothing that is not asked for, and no number that is none."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def few_fields(cls, given: Any) -> Any:
        if isinstance(given, dict) and len(given) > MOST_FIELDS:
            raise ValueError("has too many fields")
        return given


def _composed(given: Any) -> Any:
    return _told(composed, given) if isinstance(given, str) else given


def _address(given: Any) -> Any:
    return _told(address_of, given) if isinstance(given, str) else given


def _line(text: str) -> str:
    return _told(check_line, text)


def _lines(text: str) -> str:
    return _told(check_lines, text)


def _told(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except NotText as wrong:
        raise PydanticCustomError("not_text", "{what}", {"what": str(wrong)}) from None


def _happened(moment: datetime) -> datetime:
    if not FIRST_DAY.year <= moment.year < LAST_DAY.year or moment > datetime.now(UTC) + AHEAD:
        raise ValueError("must lie between 1990 and now")
    return moment.astimezone(UTC)


def _known_day(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError("must lie between 1990 and 2200")
    return day


def _past_day(day: date) -> date:
    if not FIRST_DAY <= day <= (datetime.now(UTC) + AHEAD).date():
        raise ValueError("must lie between 1990 and today")
    return day


COMPOSED, ONE_LINE = BeforeValidator(_composed), AfterValidator(_line)
ADDRESS = BeforeValidator(_address)
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True, strict=True),
    COMPOSED,
    ONE_LINE,
]
Note = Annotated[str, StringConstraints(max_length=2000, strict=True), COMPOSED, AfterValidator(_lines)]
LongNote = Annotated[str, StringConstraints(max_length=4000, strict=True), COMPOSED, AfterValidator(_lines)]
Happened = Annotated[AwareDatetime, AfterValidator(_happened)]
Day = Annotated[date, AfterValidator(_known_day)]
PastDay = Annotated[date, AfterValidator(_past_day)]


def _shape_schema(kinds: list[str], coordinates: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "object",
            "description": "GeoJSON (RFC 7946): longitude, latitude in degrees, WGS 84, without altitude.",
            "required": ["type", "coordinates"],
            "properties": {"type": {"type": "string", "enum": kinds}, "coordinates": coordinates},
        }
    )


PointIn = Annotated[
    Any,
    _shape_schema(["Point"], {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
AreaIn = Annotated[Any, _shape_schema(["Polygon", "MultiPolygon"], {"type": "array", "items": {"type": "array"}})]


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def absent() -> Any:
    """The default of a field that may be left out of a change but not be null: it never becomes a value."""
    return Field(default=None, json_schema_extra=_without_default)


async def point_of(asked: Asked, value: object) -> Point:
    """A point inside the bounds of the asker's organisation; raises GeometryError at `body.geom`."""
    bounds = await _bounds(asked)
    try:
        return point(value, bounds)
    except GeometryError as error:
        raise _in_body(error) from None


async def area_of(asked: Asked, value: object) -> MultiPolygon:
    """A multipolygon likewise; checked aside, as a big one takes a moment."""
    bounds = await _bounds(asked)
    try:
        return await to_thread.run_sync(multipolygon, value, bounds)
    except GeometryError as error:
        raise _in_body(error) from None


async def _bounds(asked: Asked) -> Polygon:
    return bounds_of(await asked.session.get_one(Organisation, asked.asker.organisation_id))


def _in_body(error: GeometryError) -> GeometryError:
    return GeometryError(error.what, f"body.geom, {error.where}" if error.where else "body.geom")
