"""Requests by law over HTTP: the register, and the two persons by whom data goes out or does not."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from api import law_file
from api.asker import Asker
from api.asking import (
    LONGEST_PURPOSE,
    SHORTEST_PURPOSE,
    Asked,
    Deciding,
    Keeping,
    get_database,
    get_vault,
)
from api.body import Body, Day, Line, Note, PastDay
from api.law_file import SecondPerson
from api.listing import Items, Listing, page
from api.noun_router import CREATE, READ, noun_router, problems
from api.problem import FORBIDDEN, NOT_FOUND, Problem
from api.retention import StewardInPerson
from api.vault import Keys
from geo import law_request_query
from geo.area_name import find_area_name
from geo.law_request import LONGEST_PERIOD, MOST_SITES, LawRequest, State
from geo.law_request import Asked as Noun
from geo.law_request_query import Words, opened_refusal, opened_words, sealed_words
from geo.refusal import Refusal
from geo.schema import new_id

router: APIRouter = noun_router("law-requests")
STEP = problems(400, 404, 409, 413)
SHORTEST_WORDS = 3
Purpose = Annotated[Line, StringConstraints(min_length=SHORTEST_PURPOSE, max_length=LONGEST_PURPOSE)]
Text = Annotated[Note, StringConstraints(min_length=SHORTEST_WORDS, max_length=2000)]


class LawRequestsQuery(Listing):
    live: bool = Field(False, description="Those alone that hold: exact exports are frozen for them.")


class LawRequestOut(BaseModel):
    """`lapses_at`: when it is over, if nobody decides; `held_until`: until then what it covers is held, and exact
    exports are frozen. `covers_sites`, `covers_visits`: what it covered when release was proposed, by their
    ids. `file_sha256`, of the bytes that went out, stays when the file is gone. `authority`, `reference`,
    `wording`, `refusal` are null where they do not open."""

    id: UUID
    state: State
    authority: str | None
    reference: str | None
    wording: str | None
    came_on: date
    due_on: date
    noun: Noun
    site_ids: list[UUID]
    work_area_id: UUID | None
    first_day: date | None
    last_day: date | None
    registered_by: UUID
    registered_at: datetime
    lapses_at: datetime
    held_until: datetime | None
    proposed_by: UUID | None
    proposed_at: datetime | None
    covers_sites: list[UUID] | None
    covers_visits: list[UUID] | None
    agreed_by: UUID | None
    refused_by: UUID | None
    refused_at: datetime | None
    refusal: str | None
    released_at: datetime | None
    file_sha256: str | None
    file_bytes: int | None
    file_rows: int | None


class NewLawRequest(Body):
    """What is asked for, by name: sites by their ids, or a work area, or the sites of a list that lie in one. Of visits
    the days from first to last too."""

    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")
    authority: Line = Field(description="Who asks. Sealed at rest.")
    reference: Line = Field(description="By what right, and under which number. Sealed at rest.")
    wording: Text = Field(description="What exactly is asked for, in words. Sealed at rest.")
    came_on: PastDay
    due_on: Day
    noun: Noun
    site_ids: list[UUID] = Field([], max_length=MOST_SITES)
    work_area_id: UUID | None = None
    first_day: Day | None = None
    last_day: Day | None = None

    @model_validator(mode="after")
    def narrow(self) -> "NewLawRequest":
        if not self.site_ids and self.work_area_id is None:
            raise ValueError("name sites or a work area: nobody is given everything")
        if self.due_on < self.came_on:
            raise ValueError("due_on lies before came_on")
        if self.noun is Noun.SITES:
            if self.first_day or self.last_day:
                raise ValueError("a period goes with visits")
        elif self.first_day is None or self.last_day is None:
            raise ValueError("visits are asked for with first_day and last_day")
        elif not self.first_day <= self.last_day <= self.first_day + LONGEST_PERIOD:
            raise ValueError(f"the period is 0 to {LONGEST_PERIOD.days} days long")
        return self


class Agreeing(Body):
    understood: bool = Field(False, validate_default=True, description="That you have read it: `true`.")

    @field_validator("understood", mode="before")
    @classmethod
    def has_read(cls, understood: object) -> bool:
        if understood is not True:
            raise PydanticCustomError("not_read", "is true, once you have read what this gives away, and it on paper")
        return True


class Refusing(Body):
    reason: Text = Field(description="Why. Sealed at rest.")


class Fetching(Body):
    purpose: Purpose = Field(description="What the file is fetched for. The log keeps it.")


def shown(row: LawRequest, keys: Keys) -> LawRequestOut:
    words = opened_words(keys, row)
    told = {"authority", "reference", "wording", "refusal", "file_sha256"}
    columns = {name: getattr(row, name) for name in LawRequestOut.model_fields if name not in told}
    return LawRequestOut(
        **columns,
        authority=words.authority if words else None,
        reference=words.reference if words else None,
        wording=words.wording if words else None,
        refusal=opened_refusal(keys, row),
        file_sha256=row.file_hash.hex() if row.file_hash else None,
    )


async def found(asked: Asked, request_id: UUID, lock: bool = False) -> LawRequest:
    """Raises `not-found`."""
    row = await law_request_query.find_law_request(asked.session, asked.asker.organisation_id, request_id, lock)
    if row is None:
        raise Problem(NOT_FOUND)
    return row


@router.get("", response_model=Items[LawRequestOut])
async def read_law_requests(request: Request, asked: Keeping, wanted: Annotated[LawRequestsQuery, Query()]) -> Response:
    """The register of requests by law. No places."""
    keys = await asked.keys()
    rows = await law_request_query.list_law_requests(
        asked.session,
        asked.asker.organisation_id,
        live=wanted.live,
        after=wanted.begins_after(),
        limit=wanted.limit + 1,
    )
    items = [shown(row, keys).model_dump(mode="json") for row in rows]
    return JSONResponse(page(request, wanted, rows, "items", items))


@router.get("/{request_id}", responses=READ)
async def read_law_request(request_id: UUID, asked: Keeping) -> LawRequestOut:
    """One of them."""
    keys = await asked.keys()
    return shown(await found(asked, request_id), keys)


@router.post("", status_code=201, responses=CREATE)
async def create(request: Request, body: NewLawRequest, asker: StewardInPerson) -> LawRequestOut:
    """Registers what an authority asks for. What it names is held, and exact exports are frozen."""
    return await _after(request, await register(request, asker, body), asker)


@router.post("/{request_id}/propose", responses=STEP)
async def propose(request: Request, request_id: UUID, asker: StewardInPerson) -> LawRequestOut:
    """Proposes release; a second person has seven days to agree to what is covered now, and to no more."""
    await law_file.propose(get_database(request), asker, request_id)
    return await _after(request, request_id, asker)


@router.post("/{request_id}/agree", responses=STEP)
async def agree(request: Request, request_id: UUID, body: Agreeing, asker: SecondPerson) -> LawRequestOut:
    """Agrees as the second person, who has read what this gives away, and the request on paper: what is asked for is
    frozen now, and is yours and the proposer's to fetch."""
    await law_file.agree(get_database(request), get_vault(request), asker, request_id)
    return await _after(request, request_id, asker)


async def _after(request: Request, request_id: UUID, asker: Asker) -> LawRequestOut:
    """How it stands after a step that had a transaction of its own."""
    database = get_database(request)
    async with database.asking(asker) as session:
        asked = Asked(session, asker, database, get_vault(request))
        keys = await asked.keys()
        return shown(await found(asked, request_id), keys)


@router.post("/{request_id}/refuse", responses=STEP)
async def refuse(request: Request, request_id: UUID, body: Refusing, asker: SecondPerson) -> LawRequestOut:
    """Refuses it, with the reason; any steward or manager, before it is released."""
    await law_file.refuse(get_database(request), get_vault(request), asker, request_id, body.reason)
    return await _after(request, request_id, asker)


@router.post("/{request_id}/file", response_class=Response, responses=STEP)
async def fetch(request_id: UUID, body: Fetching, asked: Deciding) -> Response:
    """The frozen file (GeoJSON), for the two persons who released it and nobody else."""
    return await law_file.download(asked, await found(asked, request_id), body.purpose)


async def register(request: Request, asker: Asker, new: NewLawRequest) -> UUID:
    """Its id. Raises Refusal for a work area that is none of today, and for ids that are not those of sites."""
    database, area = get_database(request), new.work_area_id
    if asker.account_id is None:
        raise Problem(FORBIDDEN)
    async with database.asking(asker) as session:
        if area and await find_area_name(session, asker.organisation_id, area, asker.today) is None:
            raise Refusal("is no work area of today", "work_area_id")
    request_id = new.id or new_id()
    words = Words(new.authority, new.reference, new.wording)
    async with database.releasing(asker, request_id) as session:
        keys = await get_vault(request).keys(session, asker.organisation_id)
        given = new.model_dump(exclude={"id", "authority", "reference", "wording"}) | {
            "organisation_id": asker.organisation_id,
            "id": request_id,
            "registered_by": asker.account_id,
            "words_sealed": sealed_words(keys, request_id, words),
            "site_ids": list(dict.fromkeys(new.site_ids)),
            "noun": new.noun.value,
        }
        await law_request_query.register(session, given)
    return request_id
