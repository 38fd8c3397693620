"""What a map or a report is asked about, as it stands in a query: period, team, site type."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.asker import Asker
from api.asking import Asked
from api.problem import INVALID_INPUT, Problem
from geo.map_choice import Choices, load_choices
from geo.selection import Period, Selection, SelectionError


def _nothing(value: object) -> object:
    """A form sends an empty field for what was not chosen."""
    return None if value == "" else value


Slug = Annotated[str, Field(max_length=63, pattern="^[a-z0-9-]+$")]


class SelectionQuery(BaseModel):
    """Days are included on both ends; without any, the last twelve months."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: Annotated[date | None, BeforeValidator(_nothing), Field(alias="from")] = None
    to: Annotated[date | None, BeforeValidator(_nothing)] = None
    team: Annotated[UUID | None, BeforeValidator(_nothing)] = None
    type: Annotated[Slug | None, BeforeValidator(_nothing)] = None


class MapQuery(SelectionQuery):
    """A map may show the overdue sites at their exact place, to who may reach them."""

    sites: Annotated[Literal["overdue"] | None, BeforeValidator(_nothing)] = None


def period_of(first: date | None, last: date | None, today: date) -> Period:
    """The period asked for; a missing end is today's, or a year's. Raises the problem invalid-input."""
    try:
        return Period(first, last or max(today, first)) if first else Period.year_to(last or today)
    except SelectionError as error:
        raise Problem(INVALID_INPUT, errors=[{"where": "query.from", "what": str(error)}]) from None


async def select(asked: Asked, query: SelectionQuery) -> tuple[Selection, Choices]:
    """The selection, checked against what the organisation has. Raises the problem invalid-input."""
    choices = await load_choices(asked.session, asked.asker.organisation_id)
    wrong = []
    if query.team is not None and query.team not in choices.teams:
        wrong.append({"where": "query.team", "what": "is no team here"})
    if query.type is not None and query.type not in choices.site_types:
        wrong.append({"where": "query.type", "what": "is no site type here"})
    if wrong:
        raise Problem(INVALID_INPUT, errors=wrong)
    return selection_of(
        asked.asker, period_of(query.from_, query.to, asked.asker.today), query.team, query.type
    ), choices


def selection_of(asker: Asker, period: Period, team: UUID | None, site_type: str | None) -> Selection:
    return Selection(asker.organisation_id, asker.time_zone, asker.today, period, team, site_type)
