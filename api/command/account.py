"""`lantern account`: managers and stewards, whom nobody makes but who runs Lantern, and forgotten passwords."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.account import Locale, NewAccount
from api.asker import Asker
from api.command.connection import connected
from api.command.line import line_of
from api.command.refusal import Refusal
from api.common_password import check_choice
from api.database import Database, OrganisationUnknown
from api.erasure_file import write_erasures
from api.password import MAXIMUM_LENGTH, MINIMUM_LENGTH, hash_password
from api.problem import Problem
from api.settings import Settings
from geo import refusal
from geo.account import Account, Role, address_of
from geo.account_erasure import erase_account
from geo.account_query import change_account, create_account, end_credentials
from geo.account_secret import name_account
from geo.city_sign_in import untie
from geo.erasure import Reason
from geo.log import Act, note
from geo.passkey import forget_passkeys
from geo.schema import new_id
from geo.second_factor import forget_second_factor
from geo.team import Team
from geo.team_query import create_team
from geo.typed_text import NotText

T = TypeVar("T")
Slug = Annotated[str, typer.Option("--organisation", "-o", metavar="SLUG", help="Whose account.")]
Email = Annotated[str, typer.Option(help="The address to sign in with.")]
Password = Annotated[
    str | None,
    typer.Option(help="Not for shells that remember: without it, Lantern asks, or reads one line from a pipe."),
]
WRONG: dict[int | str, str] = {
    "email": "The address is written as in nora@gent.example, with 254 characters at most.",
    "name": "A name is one line of 1 to 200 characters, all of which can be seen.",
    "roles": "An account has one role at least.",
    "locale": "The language is one of en, nl, pl, fr.",
    "password": f"A password has {MINIMUM_LENGTH} to {MAXIMUM_LENGTH} characters.",
}

app = typer.Typer(no_args_is_help=True, help="Accounts: who signs in, and as what.")


@app.command("create")
def create(
    *,
    organisation: Slug,
    email: Email,
    name: Annotated[str, typer.Option(help="The name that colleagues read.")],
    role: Annotated[list[Role], typer.Option(help="What the person does here; may be given several times.")],
    team: Annotated[str | None, typer.Option(help="The name of the team; it is made if it is not there.")] = None,
    locale: Annotated[str, typer.Option(help="The language of the screens: en, nl, pl or fr.")] = "en",
    password: Password = None,
) -> None:
    """Make an account.

    A manager keeps areas, people and files; a streetworker goes out; a planner sees releases only; a desk passes on
    reports; a steward looks after retention, the log and the end of access. The password has at least 12 characters.
    """
    try:
        asked = NewAccount(email=email, name=name, roles=role, locale=_locale(locale), password=_password(password))
    except ValidationError as wrong:
        raise Refusal(" ".join(dict.fromkeys(WRONG[error["loc"][0]] for error in wrong.errors()))) from None

    async def make(session: AsyncSession, asker: Asker) -> None:
        values = {
            "id": new_id(),
            "organisation_id": asker.organisation_id,
            "email": asked.email,
            "name": asked.name,
            "roles": [str(one) for one in asked.roles],
            "team_id": None if team is None else (await _team(session, asker, team)).id,
            "locale": asked.locale,
            "password_hash": await _hash(session, asker, asked.password, asked.name, asked.email),
        }
        await create_account(session, values, None)

    try:
        _run(organisation, make)
    except IntegrityError:
        raise Refusal("There is an account with this address already, or the team's name cannot be kept.") from None
    typer.echo(f"{asked.name} signs in as {asked.email}.")


@app.command("list")
def list_(organisation: Slug) -> None:
    """List the accounts of an organisation."""

    async def read(session: AsyncSession, asker: Asker) -> list[Account]:
        rows = select(Account).where(Account.organisation_id == asker.organisation_id).order_by(Account.email)
        return list(await session.scalars(rows))

    table = Table("address", "name", "roles", "left on", box=None, pad_edge=False)
    for account in _run(organisation, read):
        left = account.left_on.isoformat() if account.left_on else ""
        table.add_row(escape(account.email or "–"), escape(account.name), ", ".join(account.roles), left)
    Console().print(table)


@app.command("roles")
def change_roles(
    organisation: Slug,
    email: Email,
    role: Annotated[list[Role], typer.Option(help="Every role of the person from now on; may be given several times.")],
) -> None:
    """Change what someone does. Managers and stewards are named in this way and in no other."""

    async def change(session: AsyncSession, asker: Asker) -> None:
        account = await _account(session, asker, email, organisation)
        roles = sorted({str(one) for one in role})
        await change_account(session, account, {"roles": roles}, None)

    _run(organisation, change)
    typer.echo(f"{email} is now: {', '.join(sorted(set(role)))}.")


@app.command("leave")
def end_access(
    organisation: Slug,
    email: Email,
    on: Annotated[
        str | None, typer.Option(metavar="DAY", help="The first day without access; without it, today.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="Give access back instead.")] = False,
) -> None:
    """End someone's access, a manager's or steward's too, or give it back."""
    try:
        day = None if back or on is None else date.fromisoformat(on)
    except ValueError:
        raise Refusal("The day is written as in 2026-11-30.") from None

    async def change(session: AsyncSession, asker: Asker) -> None:
        account = await _account(session, asker, email, organisation)
        left_on = None if back else day or asker.today
        await change_account(session, account, {"left_on": left_on}, None)

    _run(organisation, change)
    typer.echo(f"{email} can sign in again." if back else f"{email} can sign in no longer from {day or 'today'} on.")


@app.command("password")
def change_password(organisation: Slug, email: Email, password: Password = None) -> None:
    """Set a new password. Every session and access token of the account ends."""
    chosen = _password(password)
    if not MINIMUM_LENGTH <= len(chosen) <= MAXIMUM_LENGTH:
        raise Refusal(WRONG["password"])

    async def change(session: AsyncSession, asker: Asker) -> None:
        account = await _account(session, asker, email, organisation)
        hashed = await _hash(session, asker, chosen, account.name, account.email)
        await change_account(session, account, {"password_hash": hashed}, None)

    _run(organisation, change)
    typer.echo(f"{email} has a new password and is signed out everywhere.")


@app.command("reset-second-factor")
def reset_second_factor(organisation: Slug, email: Email) -> None:
    """Take the second factor and the passkeys of an account away, for whoever lost phone and recovery codes.

    Its tie to an account of the city goes too: the next such sign-in ties it anew.

    Make sure first that it is them who ask. Every session and access token of the account ends. A manager, planner or
    steward sets up a new second factor at the next sign-in.
    """

    async def reset(session: AsyncSession, asker: Asker) -> None:
        account = await _account(session, asker, email, organisation)
        await name_account(session, account.id)
        await forget_second_factor(session, account)
        await forget_passkeys(session, account)
        await untie(session, account)
        await end_credentials(session, account)
        note(session, Act.SECOND_FACTOR_RESET, "account", [account.id])

    _run(organisation, reset)
    typer.echo(f"{email} has no second factor now and is signed out everywhere.")


@app.command("erase")
def erase(
    organisation: Slug,
    email: Email,
    reason: Annotated[Reason, typer.Option(help="Why: no other word is kept.")] = Reason.LEFT,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase who someone was whose access has ended: name, address, roles, and all that opened the account.

    What they did stays, under their id, as a former colleague's. It cannot be taken back. The address may be given to a
    new account.
    """
    if not yes:
        typer.confirm(f"Erase the account of {email} for good?", abort=True)
    settings = Settings()

    async def take(url: str) -> None:
        database = Database(url, pool_size=1)
        try:
            asker = await database.asker_of_organisation(organisation, Role.STEWARD)
            async with database.erasing(asker) as session:
                account = await _account(session, asker, email, organisation, lock=False)
                await erase_account(session, asker.organisation_id, account.id, reason, None)
            await write_erasures(database, asker, settings.home)
        except OrganisationUnknown:
            raise Refusal(f"There is no organisation {organisation}.") from None
        except refusal.Refusal:
            raise Refusal(f"{email} still has access. End it first: lantern account leave.") from None
        finally:
            await database.close()

    with connected(settings) as url:
        asyncio.run(take(url))
    typer.echo(f"{email} is erased. The server makes new keys within the hour.")


async def _account(session: AsyncSession, asker: Asker, email: str, organisation: str, lock: bool = True) -> Account:
    try:
        rows = select(Account).where(
            Account.organisation_id == asker.organisation_id, Account.email == address_of(email)
        )
    except NotText as wrong:
        raise Refusal(f"The address {wrong}.") from None
    account: Account | None = await session.scalar(rows.with_for_update() if lock else rows)
    if account is None:
        raise Refusal(f"There is no account {email} in {organisation}.")
    return account


def _run(slug: str, act: Callable[[AsyncSession, Asker], Awaitable[T]]) -> T:
    async def acting(url: str) -> T:
        database = Database(url)
        try:
            asker = await database.asker_of_organisation(slug)
            async with database.asking(asker) as session:
                return await act(session, asker)
        except OrganisationUnknown:
            raise Refusal(f"There is no organisation {slug}. Make it with `lantern organisation create`.") from None
        except refusal.Refusal as refused:
            raise Refusal(f"{refused}") from None
        finally:
            await database.close()

    with connected(Settings()) as url:
        return asyncio.run(acting(url))


async def _team(session: AsyncSession, asker: Asker, name: str) -> Team:
    name = line_of(name, "team's name")
    rows = select(Team).where(Team.organisation_id == asker.organisation_id, func.lower(Team.name) == name.lower())
    team = await session.scalar(rows)
    if team is None:
        team = await create_team(session, asker.organisation_id, new_id(), name, None)
    return team


def _locale(given: str) -> Locale:
    known: dict[str, Any] = {one: one for one in ("en", "nl", "pl", "fr")}
    if given not in known:
        raise Refusal(WRONG["locale"])
    found: Locale = known[given]
    return found


async def _hash(session: AsyncSession, asker: Asker, password: str, *names: str) -> str:
    try:
        await check_choice(session, asker.organisation_id, password, *names)
    except Problem:
        raise Refusal("The password is too easy to guess: many use it, or it is little more than a name.") from None
    return hash_password(password)


def _password(given: str | None) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True))
