"""The app factory: the API and nothing else. `web.app` puts the pages beside it."""

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache

from fastapi import Depends, FastAPI, Request, Response
from starlette.types import ASGIApp

from api import (
    access_token,
    account,
    alert,
    area_name,
    assignment,
    basemap,
    coverage,
    delivery,
    delivery_key,
    device,
    district,
    erasure,
    erasure_file,
    export,
    law_request,
    log,
    me,
    passkey,
    passkey_sign_in,
    patrol,
    phone_slice,
    problem,
    purpose,
    release,
    retention,
    retention_run,
    second_factor,
    session,
    site,
    site_history,
    team,
    upload,
    visit,
    widening,
    work_area,
)
from api.address import NoPlaceInAddress
from api.anchor import Anchors
from api.asking import get_database
from api.box import known_headers
from api.city_provider import Providers
from api.database import Database
from api.headers import PrivateHeaders
from api.incoming import LimitedBody, OwnSiteOnly, whole_body
from api.key_file import KeyFile, KeyRefused
from api.nesting import not_too_deep
from api.settings import Settings
from api.sign_in_tries import SignInTries
from api.turned_away import TurnedAway
from api.vault import Vault

NOUNS = (
    session,
    device,
    second_factor,
    passkey,
    passkey_sign_in,
    phone_slice,
    purpose,
    access_token,
    me,
    team,
    account,
    district,
    work_area,
    area_name,
    assignment,
    widening,
    site_history,
    site,
    visit,
    alert,
    patrol,
    delivery_key,
    delivery,
    export,
    release,
    coverage,
    basemap,
    upload,
    log,
    retention,
    erasure,
    law_request,
)


class App(FastAPI):
    """FastAPI with our headers outermost: Starlette answers a fault of ours outside all other middleware."""

    def build_middleware_stack(self) -> ASGIApp:
        return PrivateHeaders(super().build_middleware_stack())


def create_app(settings: Settings) -> FastAPI:
    """The API under `/api/v1`, and `/healthz`. The database's connections open with the app and close with it; while it
    runs the heads of the logs are anchored, and once a day goes what the rules of retention say."""
    if settings.database_url is None:
        raise ValueError("settings name no database: start the cluster first")
    database = Database(settings.database_url)
    anchors = Anchors(settings.home, settings.anchor_command)
    turned_away = TurnedAway(database)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keepers = (
            anchors.keep(database),
            turned_away.keep(),
            retention_run.keep(database),
            erasure_file.keep(database, app.state.vault, settings.home),
        )
        kept = [asyncio.create_task(keeper) for keeper in keepers]
        yield
        for task in kept:
            task.cancel()
        await asyncio.gather(*kept, return_exceptions=True)
        await turned_away.try_to_write(all_of_it=True)
        await anchors.try_to_drop(database)
        await database.close()

    app = App(
        title="Lantern",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirection would repeat the query
        dependencies=[Depends(whole_body), Depends(known_headers), Depends(not_too_deep)],
    )
    app.state.settings = settings
    app.state.database = database
    app.state.vault = Vault(KeyFile.of(settings))
    app.state.sign_in_tries = SignInTries(database, _secret_of(app.state.vault))
    app.state.turned_away = turned_away
    app.state.providers = Providers()
    for noun in NOUNS:
        app.include_router(noun.router)
    app.include_router(device.of_account)
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_middleware(NoPlaceInAddress)
    app.add_middleware(LimitedBody)
    app.add_middleware(OwnSiteOnly)
    problem.install(app, turned_away.refused)
    return app


def _secret_of(vault: Vault) -> Callable[[], bytes]:
    """The key under which tries to sign in are counted: for all processes alike, unless the master key is missing."""

    @cache
    def secret() -> bytes:
        try:
            return hmac.digest(vault.file.keys()[0].secret, b"tries to sign in", "sha256")
        except KeyRefused:
            return secrets.token_bytes(32)

    return secret


async def healthz(request: Request) -> Response:
    """200 when the database answers, 503 when it does not."""
    alive = await get_database(request).answers()
    said, status = ("ok\n", 200) if alive else ("the database does not answer\n", 503)
    return Response(said, status, media_type="text/plain")
