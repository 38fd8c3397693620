"""Accounts over HTTP: kept by managers, ended by stewards too, known to colleagues by name."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.exc import IntegrityError

from api.account_guard import check_change, check_new
from api.asker import Asker
from api.asking import Asked, Who, asked_as, in_person, opened_by, refusal
from api.body import ADDRESS, Body, Day, Line, absent
from api.common_password import check_choice
from api.listing import Items, Listing, items
from api.noun_router import CHANGE, CREATE, READ, noun_router, problems
from api.password import MAXIMUM_LENGTH, MINIMUM_LENGTH, hash_password_aside
from api.problem import CONFLICT, ID_TAKEN, NOT_FOUND, Problem
from api.proof import Proof, show_again
from api.turned_away import turned_away_of
from api.version import IfMatch, check_version, etag
from geo.account import Account, Role
from geo.account_query import change_account, create_account, find_account, list_accounts
from geo.schema import new_id

router: APIRouter = noun_router("accounts")
KEEPERS = {Role.MANAGER, Role.STEWARD}
WAYS_IN = {"password", "email"}
"""Who sets these can come in as the account's owner, so it takes a person who has just shown who they are."""
Colleague = Annotated[Asked, Depends(asked_as(Role.MANAGER, Role.STEWARD, Role.STREETWORKER), scope="function")]
Locale = Literal["en", "nl", "pl", "fr"]


def _without_repeats(roles: list[Role]) -> list[Role]:
    return sorted(set(roles))


Roles = Annotated[list[Role], Field(min_length=1, max_length=5), AfterValidator(_without_repeats)]
Email = Annotated[
    str,
    StringConstraints(
        min_length=3,
        max_length=254,
        strict=True,
        pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$",
    ),
    ADDRESS,
]
Password = Annotated[str, Field(min_length=MINIMUM_LENGTH, max_length=MAXIMUM_LENGTH, strict=True)]


class AccountsQuery(Listing):
    role: Role | None = None
    team: UUID | None = None


class ColleagueOut(BaseModel):
    """What colleagues know of each other."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    team_id: UUID | None


class AccountOut(ColleagueOut):
    """What managers and stewards know. `left_on` is the first day without access; `email` is null once the account is
    erased, and then `name` is “A former colleague”."""

    email: str | None
    roles: list[Role]
    locale: str
    left_on: date | None
    version: int
    updated_at: datetime


class NewAccount(Body):
    """`proof`: that it is you who makes it, when it is longer ago than ten minutes that you signed in, or showed it."""

    id: UUID | None = Field(None, description="Chosen by the client, a UUIDv7 at best.")
    email: Email
    name: Line
    roles: Roles
    team_id: UUID | None = None
    locale: Locale = "en"
    password: Password
    proof: Proof | None = None


class AccountChange(Body):
    """What is to change; what is left out stays. A new password ends all sessions and tokens of the account. `proof`:
    likewise for a new password or address."""

    email: Email = absent()
    name: Line = absent()
    roles: Roles = absent()
    team_id: UUID | None = None
    locale: Locale = absent()
    left_on: Day | None = Field(None, description="The first day without access.")
    password: Password = absent()
    proof: Proof | None = None


def manager_in_person(asker: Who) -> Asker:
    """For managers, and no script of theirs, before any transaction is opened: to show again who one is has its own."""
    if Role.MANAGER not in asker.roles:
        raise refusal(asker)
    return in_person(asker)


def keeper(asker: Who) -> Asker:
    """For managers and stewards, likewise before any transaction."""
    if asker.roles.isdisjoint(KEEPERS):
        raise refusal(asker)
    return asker


ManagerInPerson = Annotated[Asker, Depends(manager_in_person, scope="function")]
Keeper = Annotated[Asker, Depends(keeper, scope="function")]


def shown_to(asked: Asked) -> type[ColleagueOut]:
    return AccountOut if asked.asker.roles & KEEPERS else ColleagueOut


def answer(asked: Asked, account: Account, status: int = 200) -> JSONResponse:
    headers = {"ETag": etag(account)}
    if status == 201:
        headers["Location"] = f"/api/v1/accounts/{account.id}"
    return JSONResponse(shown_to(asked).model_validate(account).model_dump(mode="json"), status, headers)


async def found(asked: Asked, account_id: UUID, lock: bool = False) -> Account:
    account = await find_account(asked.session, asked.asker.organisation_id, account_id, lock)
    if account is None:
        raise Problem(NOT_FOUND)
    return account


def refused(error: IntegrityError) -> Problem:
    """Which of the two keys of an account is taken."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
    return Problem(ID_TAKEN) if name.endswith("_pkey") else Problem(CONFLICT, "There is an account with this address.")


@router.get("", response_model=Items[AccountOut] | Items[ColleagueOut])
async def read_accounts(request: Request, asked: Colleague, wanted: Annotated[AccountsQuery, Query()]) -> Response:
    """The accounts of your organisation."""
    rows = await list_accounts(
        asked.session,
        asked.asker.organisation_id,
        role=wanted.role,
        team_id=wanted.team,
        after=wanted.begins_after(),
        limit=wanted.limit + 1,
    )
    return items(request, wanted, rows, shown_to(asked))


@router.get("/{account_id}", response_model=AccountOut | ColleagueOut, responses=READ)
async def read_account(account_id: UUID, asked: Colleague) -> Response:
    """One account."""
    return answer(asked, await found(asked, account_id))


@router.post("", status_code=201, response_model=AccountOut, responses=CREATE | problems(429))
async def create(body: NewAccount, request: Request, asker: ManagerInPerson) -> Response:
    """Makes an account with a first password, which its owner changes at `/api/v1/me/password`
    before anything else. Managers and stewards
    get theirs on the server. A token cannot do this; who signed in more than ten minutes ago shows again who they
    are."""
    check_new(asker, body.roles)
    await show_again(request, asker, body.proof or Proof(), within="body.proof")
    async with opened_by(request, asker) as asked:
        answered = await _create(asked, body)
    turned_away_of(request).meet(body.email)
    return answered


async def _create(asked: Asked, body: NewAccount) -> Response:
    await check_choice(asked.session, asked.asker.organisation_id, body.password, body.name, body.email)
    values = body.model_dump(exclude={"id", "password", "proof"}) | {
        "organisation_id": asked.asker.organisation_id,
        "id": body.id or new_id(),
        "password_hash": await hash_password_aside(body.password),
    }
    try:
        account = await create_account(asked.session, values, asked.asker.account_id)
    except IntegrityError as error:
        raise refused(error) from None
    return answer(asked, account, 201)


@router.patch("/{account_id}", response_model=AccountOut, responses=CHANGE | problems(429))
async def change(
    account_id: UUID, body: AccountChange, request: Request, asker: Keeper, if_match: IfMatch = None
) -> Response:
    """Changes what the body names. Nobody changes their own roles or last day: somebody is always left. A steward sets
    a last day, or an earlier one, and nothing else. A password or an address is not for tokens; who signed in more than
    ten minutes ago shows again who they are."""
    if body.model_fields_set & WAYS_IN:
        await show_again(request, in_person(asker), body.proof or Proof(), within="body.proof")
    async with opened_by(request, asker) as asked:
        answered = await _change(asked, account_id, body, if_match)
    if "email" in body.model_fields_set:
        turned_away_of(request).meet(body.email)
    return answered


async def _change(asked: Asked, account_id: UUID, body: AccountChange, if_match: IfMatch) -> Response:
    account = await found(asked, account_id, lock=True)
    check_version(account, if_match)
    values = body.model_dump(exclude_unset=True, exclude={"proof"})
    check_change(asked.asker, account, values)
    if "password" in values:
        named = {"name": account.name, "email": account.email} | values
        await check_choice(asked.session, account.organisation_id, body.password, named["name"], named["email"])
        values["password_hash"] = await hash_password_aside(values.pop("password"))
    try:
        await change_account(asked.session, account, values, asked.asker.account_id)
    except IntegrityError as error:
        raise refused(error) from None
    return answer(asked, account)
