"""`lantern organisation sign-in`: where an organisation's people sign in with the accounts of their city."""

import asyncio
import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from api.asker import Asker
from api.city_provider import WELL_KNOWN, Providers, ProviderSilent, is_on_loopback, is_safe
from api.city_sign_in import WAY_BACK
from api.command.connection import connected
from api.command.refusal import Refusal
from api.command.vault import ready_vault
from api.database import Database, OrganisationUnknown
from api.settings import Settings
from api.vault import Vault
from geo.city_sign_in import CitySignIn, find_city_sign_in, untie_all
from geo.log import Act, note
from geo.organisation import Organisation
from geo.schema import new_id


@dataclass(frozen=True)
class Wanted:
    name: str
    issuer: str
    client_id: str
    secret: str
    email_domain: str | None = None
    second_factor_acr: str | None = None
    only_way: bool = False


def set_city_sign_in(
    *,
    organisation: Annotated[str, typer.Option("--organisation", "-o", metavar="SLUG", help="Whose people.")],
    issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="The provider, exactly as it calls itself. Without it: show.")
    ] = None,
    client_id: Annotated[str, typer.Option(help="What the provider calls Lantern.")] = "",
    name: Annotated[str, typer.Option(help="What the button says after “Sign in with”.")] = "your city's account",
    email_domain: Annotated[
        str | None, typer.Option(help="Only addresses of this domain are tied to accounts, as in gent.example.")
    ] = None,
    acr: Annotated[
        str | None,
        typer.Option(help="The acr by which the provider says that it asked for a second factor, unless by amr mfa."),
    ] = None,
    only_way: Annotated[
        bool, typer.Option("--only-way", help="Passwords and passkeys open this organisation's accounts no more.")
    ] = False,
    off: Annotated[bool, typer.Option("--off", help="Take it away, with the ties to accounts.")] = False,
) -> None:
    """Let people sign in with the accounts of their city, by OpenID Connect.

    The client's secret is asked for, or read as one line from a pipe, and kept sealed. The provider must answer. It
    never makes accounts: at the first sign-in an address that the provider has verified ties the person to the account
    of that address, and with another --issuer all ties end. With no option but --organisation it shows what is set.
    """
    settings = Settings()
    if issuer is not None:
        _refuse_unsafe(issuer, client_id, email_domain, settings)
        secret = _secret()
        wanted = Wanted(name, issuer, client_id, secret, email_domain and email_domain.lower(), acr, only_way)
    with connected(settings) as url:
        vault = ready_vault(settings, url)
        said = asyncio.run(_run(url, vault, organisation, wanted if issuer is not None else None, off=off))
    typer.echo(said)
    if issuer is not None:
        typer.echo(
            f"Register at the provider, as where people come back to: {settings.origin or settings.address}{WAY_BACK}"
        )


def _refuse_unsafe(issuer: str, client_id: str, email_domain: str | None, settings: Settings) -> None:
    if not is_safe(issuer, loopback=True) or "?" in issuer:
        raise Refusal("The issuer is an address that begins with https://, as the provider itself writes it.")
    if not 1 <= len(client_id) <= 255 or not client_id.isprintable():
        raise Refusal("--client-id is what the provider calls Lantern.")
    if email_domain is not None and ("@" in email_domain or "." not in email_domain):
        raise Refusal("--email-domain is what stands behind the @, as in gent.example.")
    if settings.origin is None and not settings.on_loopback:
        raise Refusal("Set LANTERN_ORIGIN first: people have to come back from the provider to an address.")


def _secret() -> str:
    given = typer.prompt("The client's secret", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    secret = str(given).rstrip("\r\n")
    if not 1 <= len(secret) <= 1000:
        raise Refusal("The client's secret is missing: type it, or send it as one line through a pipe.")
    return secret


async def _run(url: str, vault: Vault, slug: str, wanted: Wanted | None, *, off: bool) -> str:
    database = Database(url, pool_size=1)
    try:
        asker = await database.asker_of_organisation(slug)
        if wanted is not None:
            await keep_city_sign_in(database, vault, asker, wanted)
        elif off:
            await remove_city_sign_in(database, asker)
        return await _shown(database, asker)
    except OrganisationUnknown:
        raise Refusal(f"There is no organisation {slug}. Make it with `lantern organisation create`.") from None
    finally:
        await database.close()


async def keep_city_sign_in(database: Database, vault: Vault, asker: Asker, wanted: Wanted) -> None:
    """Raises Refusal where the provider does not answer, and for a demo, in which everyone may be anyone."""
    try:
        await Providers().find(wanted.issuer)
    except ProviderSilent:
        raise Refusal(
            f"{wanted.issuer.rstrip('/')}{WELL_KNOWN} does not answer, or not for this issuer: it is to be written "
            "exactly as the provider itself writes it."
        ) from None
    async with database.asking(asker) as session:
        if (await session.get_one(Organisation, asker.organisation_id)).is_demo:
            raise Refusal("In a demo everyone may be anyone.")
        keys = await vault.keys(session, asker.organisation_id)
        row = await find_city_sign_in(session, asker.organisation_id)
        if row is None:
            row = CitySignIn(organisation_id=asker.organisation_id, id=new_id())
            session.add(row)
        elif row.issuer != wanted.issuer:
            await untie_all(session, asker.organisation_id)
        row.client_secret = keys.seal(wanted.secret, table="city_sign_in", column="client_secret", row_id=row.id)
        row.name, row.issuer, row.client_id = wanted.name, wanted.issuer, wanted.client_id
        row.email_domain, row.second_factor_acr = wanted.email_domain, wanted.second_factor_acr
        row.only_way = wanted.only_way
        await session.flush()
        note(session, Act.CITY_SIGN_IN_SET, "city-sign-in", [row.id], {"only_way": row.only_way})


async def remove_city_sign_in(database: Database, asker: Asker) -> None:
    async with database.asking(asker) as session:
        row = await find_city_sign_in(session, asker.organisation_id)
        if row is not None:
            await untie_all(session, asker.organisation_id)
            await session.delete(row)
            note(session, Act.CITY_SIGN_IN_SET, "city-sign-in", [row.id], {"off": True})


async def _shown(database: Database, asker: Asker) -> str:
    async with database.asking(asker) as session:
        row = await find_city_sign_in(session, asker.organisation_id)
    if row is None:
        return f"{asker.organisation_slug}: no sign-in by the accounts of a city."
    limits = f", addresses of {row.email_domain} alone" if row.email_domain else ""
    way = "the only way in" if row.only_way else "beside passwords and passkeys"
    here = " That is on this machine: to try it out." if is_on_loopback(row.issuer) else ""
    place = f"“Sign in with {row.name}” at {row.issuer} as {row.client_id}"
    return f"{asker.organisation_slug}: {place}{limits}; {way}.{here}"
