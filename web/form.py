"""Forms: what was typed, and what is wrong with it, beside each field."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic import (
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from api.form import form_of
from api.password import MAXIMUM_LENGTH
from web.i18n import N_

MESSAGES = {
    "missing": N_("Fill this in."),
    "string_too_short": N_("Fill this in."),
    "string_too_long": N_("This is too long."),
    "enum": N_("Choose one."),
    "literal_error": N_("Choose one."),
    "uuid_parsing": N_("Choose one from the list."),
    "no_id": N_("This is no id. An id looks like 01890a5d-ac96-774b-bcce-b302099a8057."),
    "date_from_datetime_parsing": N_("Give a day, as in 2026-11-22."),
    "date_parsing": N_("Give a day, as in 2026-11-22."),
    "float_parsing": N_("Give a number."),
    "int_parsing": N_("Give a whole number."),
    "not_text": N_("Something in this cannot be seen, or is piled up. Type it anew."),
}
TOO_COMMON = N_("Too easy to guess: many use this, or it is little more than a name. Four or five words do well.")
OTHERWISE = N_("This cannot be right.")


class Form(BaseModel):
    """What a form sends. Empty fields count as not sent; unknown ones are left alone."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


Secret = Annotated[str, StringConstraints(strip_whitespace=False, max_length=MAXIMUM_LENGTH)]
"""A password, exactly as it was typed."""


def _an_id(given: Any, parse: ValidatorFunctionWrapHandler) -> UUID:
    try:
        found: UUID = parse(given.strip() if isinstance(given, str) else given)
    except ValidationError:
        raise PydanticCustomError("no_id", "is no id") from None
    return found


TypedId = Annotated[UUID, WrapValidator(_an_id)]
"""An id that someone types, where there is no list to choose from."""

Filled = TypeVar("Filled", bound=BaseModel)


async def typed(request: Request) -> dict[str, str]:
    """The fields of a form as they were typed, without files and without NUL characters."""
    async with form_of(request, max_files=0, max_fields=100) as fields:
        return {name: value.replace("\x00", "") for name, value in fields.items() if isinstance(value, str)}


def read(kind: type[Filled], fields: dict[str, str]) -> tuple[Filled | None, dict[str, str]]:
    """The form, or else one message for each field that is wrong (English; translated where it is shown)."""
    filled = {name: value for name, value in fields.items() if value.strip()}
    try:
        return kind.model_validate(filled), {}
    except ValidationError as wrong:
        return None, {_field(error["loc"]): MESSAGES.get(error["type"], OTHERWISE) for error in wrong.errors()}


def _field(place: tuple[int | str, ...]) -> str:
    return str(place[0]) if place else "form"
