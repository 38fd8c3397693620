"""The people of the organisation: managers keep them, stewards end access."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy.exc import IntegrityError
from starlette.responses import RedirectResponse, Response

from api.account import Email, ManagerInPerson
from api.account_guard import GIVEN_ON_THE_SERVER, check_change, check_new, may_end
from api.asker import Asker
from api.asking import Asked, Keeping, opened_by
from api.body import Line
from api.common_password import check_choice
from api.device import revoke_all
from api.password import MINIMUM_LENGTH, hash_password_aside
from api.problem import NOT_FOUND, Problem
from api.proof import Proof, needed, show_again
from api.turned_away import turned_away_of
from geo.account import Role, address_of
from geo.account_query import change_account, create_account, find_account, list_accounts
from geo.refusal import Refusal
from geo.schema import new_id
from geo.team_query import list_teams
from web.account import refused_password
from web.form import TOO_COMMON, Form, Secret, read, typed
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/accounts", include_in_schema=False)
SECRETS = {"password", "own_password", "own_code"}
NO_ADDRESS = N_("This is no e-mail address.")
THERE = N_("There is an account with this address.")
SHORT = N_("Use at least 12 characters. Four or five words do well.")


class AccountForm(Form):
    name: Line
    email: Annotated[str, Field(max_length=254)]
    role: Role
    team_id: UUID | None = None
    password: Secret
    own_password: Secret = ""
    own_code: Annotated[str, Field(max_length=40)] = ""


@router.get("")
async def accounts_page(request: Request, asked: Keeping, done: str = "") -> Response:
    return await _page(request, asked, {}, {}, done)


@router.post("")
async def add(request: Request, asker: ManagerInPerson) -> Response:
    """Whoever signed in more than ten minutes ago shows again who they are."""
    fields = await typed(request)
    form, wrong = read(AccountForm, fields)
    if form:
        check_new(asker, [form.role])
        wrong = await _not_shown(request, asker, form)
    async with opened_by(request, asker) as asked:
        if form and not wrong:
            wrong = await _add(asked, form)
        if form is None or wrong:
            return await _page(request, asked, fields, wrong)
    turned_away_of(request).meet(address_of(form.email))
    return RedirectResponse("/accounts?done=added", 303)


async def _not_shown(request: Request, asker: Asker, form: AccountForm) -> dict[str, str]:
    try:
        await show_again(request, asker, Proof(password=form.own_password, code=form.own_code))
    except Problem as refused:
        return refused_password(refused, "own_password")
    return {}


async def _add(asked: Asked, form: AccountForm) -> dict[str, str]:
    """What is wrong, if no account was made."""
    try:
        email = TypeAdapter(Email).validate_python(form.email)
    except ValidationError:
        return {"email": NO_ADDRESS}
    if len(form.password) < MINIMUM_LENGTH:
        return {"password": SHORT}
    try:
        await check_choice(asked.session, asked.asker.organisation_id, form.password, form.name, email)
    except Problem:
        return {"password": TOO_COMMON}
    values = {
        "organisation_id": asked.asker.organisation_id,
        "id": new_id(),
        "email": email,
        "name": form.name,
        "roles": [form.role.value],
        "team_id": form.team_id,
        "locale": "en",
        "password_hash": await hash_password_aside(form.password),
    }
    try:
        async with asked.session.begin_nested():
            await create_account(asked.session, values, asked.asker.account_id)
    except IntegrityError:
        return {"email": THERE}
    except Refusal as refused:
        return {refused.where: refused.what}
    return {}


@router.post("/{account_id}/leave")
async def leave(account_id: UUID, asked: Keeping) -> Response:
    """From today on the person may no longer sign in; all their sessions and tokens end. Nobody does this to
    themselves."""
    account = await find_account(asked.session, asked.asker.organisation_id, account_id, lock=True)
    if account is None or account_id == asked.asker.account_id:
        raise Problem(NOT_FOUND)
    ended = {"left_on": asked.asker.today}
    check_change(asked.asker, account, ended)
    await change_account(asked.session, account, ended, asked.asker.account_id)
    return RedirectResponse("/accounts?done=left", 303)


@router.post("/{account_id}/sign-out")
async def sign_out(account_id: UUID, asked: Keeping) -> Response:
    """For a lost phone: all sessions and tokens of a colleague end, and their passkeys go."""
    whole = await revoke_all(asked, account_id)
    return RedirectResponse("/accounts?done=out" if whole else "/accounts?done=out-but-passkeys", 303)


async def _page(
    request: Request, asked: Asked, fields: dict[str, str], wrong: dict[str, str], done: str = ""
) -> Response:
    asker = asked.asker
    teams = await list_teams(asked.session, asker.organisation_id)
    accounts = await list_accounts(asked.session, asker.organisation_id)
    may_add = Role.MANAGER in asker.roles
    needs_password, needs_code = await needed(request, asked) if may_add and asker.by == "session" else (False, False)
    return render(
        request,
        "accounts.html",
        asker,
        422 if wrong else 200,
        accounts=sorted(accounts, key=lambda account: (account.left_on is not None, account.name.casefold())),
        may_end={account.id for account in accounts if may_end(asker, account)},
        may_add=may_add,
        needs_password=needs_password,
        needs_code=needs_code,
        may_erase=Role.STEWARD in asker.roles,
        today=asker.today,
        new_roles=[role for role in Role if role not in GIVEN_ON_THE_SERVER],
        teams=teams,
        team_names={team.id: team.name for team in teams},
        fields={name: value for name, value in fields.items() if name not in SECRETS},
        wrong=wrong,
        done=done,
    )
