"""What is inside a delivery, and what becomes of it: a row, by the same functions as the routes of its noun; or
something that its author can mend; or something for a manager to place."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, AwareDatetime, Field, ValidationError
from pydantic_core import from_json
from sqlalchemy.exc import DBAPIError

from api.asking import Asked
from api.body import Body
from api.delivery_clock import moved
from api.delivery_kind import DELIVERY_KINDS
from api.nesting import DEEPEST, depth
from api.problem import DELIVERY_UNREADABLE, INVALID_INPUT, Problem, of_any, of_validation
from api.vault import Keys
from geo.delivery import Delivery
from geo.geometry import GeometryError
from geo.log import Act, note
from geo.refusal import Refusal

INSUFFICIENT_PRIVILEGE, INTEGRITY, DATA = "42501", "23", "22"
MOST_MS = 400 * 24 * 3600 * 1000


def _thinkable(moment: datetime) -> datetime:
    if not 1960 <= moment.year < 2200:
        raise ValueError("must lie between 1960 and 2200")
    return moment


Clock = Annotated[AwareDatetime, AfterValidator(_thinkable)]


class Sent(Body):
    """`id` is that of the row, `body` as that of `PUT` to its noun; `since_ms` from `said_at` until it was sealed."""

    kind: Annotated[str, Field(max_length=31, strict=True)]
    id: UUID
    body: dict[str, Any]
    said_at: Clock
    sequence: int = Field(ge=0, lt=2**53, strict=True)
    device: UUID
    since_ms: int | None = Field(None, ge=0, le=MOST_MS, strict=True)


class NoPlace(Exception):
    """It names something that who sent it does not reach; or that never was: nobody tells."""


@dataclass(frozen=True)
class Read:
    """What was sealed, as text, and what it says: `sent`, or `problem`."""

    told: str
    sent: Sent | None
    problem: Problem | None

    @classmethod
    def of(cls, plain: bytes) -> Self:
        """Raises `delivery-unreadable` for what is no object in JSON."""
        try:
            told = plain.decode()
            found = from_json(told, allow_inf_nan=False) if depth(plain) <= DEEPEST else None
        except ValueError:
            raise Problem(DELIVERY_UNREADABLE, "It opens, and holds no JSON.") from None
        if not isinstance(found, dict):
            raise Problem(DELIVERY_UNREADABLE, "It opens, and holds no object in JSON.")
        try:
            sent = Sent.model_validate(found)
        except ValidationError as wrong:
            return cls(told, None, _of_wrong(wrong, "delivery"))
        if sent.kind not in DELIVERY_KINDS:
            errors = [{"where": "delivery.kind", "what": f"is one of {', '.join(DELIVERY_KINDS)}"}]
            return cls(told, None, Problem(INVALID_INPUT, errors=errors))
        return cls(told, sent, None)


def site_of(sent: Sent) -> UUID | None:
    """The site that it names, if it names one."""
    try:
        return UUID(str(sent.body.get("site_id")))
    except ValueError:
        return None


async def place(asked: Asked, sent: Sent, right: datetime | None, keys: Keys, **instead: Any) -> None:
    """Makes the row, with some fields `instead` of those that were sent, or finds it made. Raises Problem, Refusal,
    GeometryError, and whatever the database says."""
    kind = DELIVERY_KINDS[sent.kind]
    zone = asked.asker.time_zone
    said = (
        moved(sent.body, kind.moments, kind.days, said_at=sent.said_at, right=right, zone=zone) if right else sent.body
    )
    try:
        body = kind.body.model_validate(said | instead)
    except ValidationError as wrong:
        raise _of_wrong(wrong, "body") from None
    _, delivery = await kind.make(asked, sent.id, body, keys)
    if delivery is Delivery.NEW:
        site_id = getattr(body, "site_id", None)
        note(asked.session, Act.CREATED, sent.kind, [sent.id, site_id] if site_id else [sent.id])


async def try_to_place(asked: Asked, sent: Sent, right: datetime | None, keys: Keys) -> Problem | None:
    """The same in its sender's name, of which nothing is left where it does not succeed: the problem that its author
    can mend. Raises NoPlace where a manager has to place it."""
    try:
        async with asked.session.begin_nested():
            await place(asked, sent, right, keys)
    except Refusal as refusal:
        if refusal.where == "site_id":
            raise NoPlace from None
        return of_any(refusal)
    except (Problem, GeometryError) as error:
        return of_any(error)
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if state == INSUFFICIENT_PRIVILEGE or state.startswith(INTEGRITY):
            raise NoPlace from None
        if state.startswith(DATA):
            return of_any(error)
        raise
    return None


def with_problem(problem: Problem, told: str) -> str:
    """What is kept of a delivery that was refused: why, in a line, and then what was in it."""
    return f"{json.dumps(problem.body(), ensure_ascii=False)}\n{told}"


def why_refused(kept: str) -> tuple[dict[str, Any], str]:
    """That again."""
    problem, _, told = kept.partition("\n")
    return json.loads(problem), told


def _of_wrong(wrong: ValidationError, where: str) -> Problem:
    found = wrong.errors(include_url=False, include_input=False)
    return of_validation(RequestValidationError([{**each, "loc": (where, *each["loc"])} for each in found]))
