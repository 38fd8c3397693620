"""Sign-in and sign-out: sessions kept by the server, a strict cookie in the browser."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select

from api.asker import Asker
from api.asking import COOKIE, Who, get_database
from api.credential import LASTS, asker_of, digest, new_secret
from api.database import Database
from api.password import MAXIMUM_LENGTH, fits
from api.problem import SIGN_IN_FAILED, Problem
from api.sign_in_tries import SignInTries
from geo.account import Account, SignIn
from geo.account_secret import password_hash_of
from geo.organisation import Organisation

router = APIRouter(prefix="/api/v1/session", tags=["session"])
MOST_ACCOUNTS = 5


class SignInForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254)
    password: str = Field(max_length=MAXIMUM_LENGTH)


class WhoAmI(BaseModel):
    """Who is signed in."""

    name: str
    organisation: str
    roles: list[str]


async def sign_in(database: Database, email: str, password: str, device: str = "") -> tuple[Asker, str]:
    """Opens a session; the answer is who it is for, and the secret for the cookie. Raises `sign-in-failed`."""
    email = email.strip().lower().replace("\x00", "")
    async with database.knocking(sign_in_email=email) as session:
        found = await session.scalars(select(Account).where(Account.email == email).limit(MOST_ACCOUNTS))
        accounts = list(found)
        hashes = [await password_hash_of(session, account.organisation_id, account.id) for account in accounts]
    fitting = [account for account, hashed in zip(accounts, hashes, strict=True) if await fits(password, hashed)]
    if not accounts:
        await fits(password, None)
    for account in fitting:
        asker = await _asker_of_account(database, account)
        if asker:
            return asker, await _open(database, asker, device)
    raise Problem(SIGN_IN_FAILED)


async def sign_in_from(request: Request, email: str, password: str) -> tuple[Asker, str]:
    """Likewise for a request, as often as one may fail. Raises `sign-in-failed` and `too-many`."""
    tries: SignInTries = request.app.state.sign_in_tries
    client, known = request.client.host if request.client else "", email.strip().lower()
    with tries.one(client, known):
        return await sign_in(get_database(request), email, password, request.headers.get("user-agent", ""))


async def _asker_of_account(database: Database, account: Account) -> Asker | None:
    known = Asker(account.organisation_id, "", account.id, frozenset(), account.name, account.locale, "UTC")
    async with database.asking_own(known) as session:
        organisation = await session.get_one(Organisation, account.organisation_id)
    return asker_of(account, organisation, "session")


async def _open(database: Database, asker: Asker, device: str) -> str:
    secret = new_secret()
    now = datetime.now(UTC)
    async with database.asking_own(asker) as session:
        session.add(
            SignIn(
                organisation_id=asker.organisation_id,
                account_id=asker.account_id,
                token_hash=digest(secret),
                device=device.replace("\x00", "")[:200],
                last_seen_at=now,
                expires_at=now + LASTS,
            )
        )
    return secret


async def sign_out(database: Database, secret: str) -> None:
    async with database.knocking(credential=digest(secret).hex()) as session:
        await session.execute(delete(SignIn).where(SignIn.token_hash == digest(secret)))


def set_cookie(response: Response, request: Request, secret: str) -> None:
    """Strict, out of the reach of scripts, and over TLS only wherever there is TLS."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="strict",
        path="/",
    )


def clear_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'


@router.post("", status_code=201)
async def create_session(form: SignInForm, request: Request, response: Response) -> WhoAmI:
    """Signs in; the session's secret comes back in a cookie only."""
    asker, secret = await sign_in_from(request, form.email, form.password)
    set_cookie(response, request, secret)
    return WhoAmI(name=asker.name, organisation=asker.organisation_slug, roles=sorted(asker.roles))


@router.get("")
async def read_session(asker: Who) -> WhoAmI:
    """Who is signed in."""
    return WhoAmI(name=asker.name, organisation=asker.organisation_slug, roles=sorted(asker.roles))


@router.delete("", status_code=204)
async def delete_session(request: Request, response: Response) -> None:
    """Signs out; also when nobody was signed in."""
    secret = request.cookies.get(COOKIE)
    if secret:
        await sign_out(get_database(request), secret)
    clear_cookie(response)
