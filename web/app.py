"""The whole app: the API, the pages beside it, and the files they load."""

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api.app import create_app as create_api
from api.asking import Who
from api.settings import Settings
from web import (
    account,
    accounts,
    alert,
    city_sign_in,
    device,
    first_password,
    law_request,
    maps,
    passkey,
    preference,
    problem_page,
    purpose,
    second_factor,
    sign_in,
    widening,
)
from web.navigation import home
from web.office import download, releases, upload
from web.office import home as office
from web.phone import app as phone_app
from web.phone import home as phone
from web.phone import visit
from web.planner import home as planner
from web.static_file import StaticFiles
from web.steward import account_erasures, erasures, log, retention

PAGES = (
    sign_in, city_sign_in, account, device, first_password, second_factor, passkey, preference, purpose, accounts,
    phone, phone_app, alert, visit, office, download, releases, upload, planner, maps, log, retention, erasures,
    account_erasures, widening, law_request,
)  # fmt: skip


def create_app(settings: Settings) -> FastAPI:
    """The API with its pages."""
    app = create_api(settings)
    for pages in PAGES:
        app.include_router(pages.router)
    app.add_api_route("/", go_home, include_in_schema=False)
    app.mount("/static", StaticFiles(), name="static")
    problem_page.install(app)
    return app


async def go_home(request: Request, asker: Who) -> Response:
    """To where the role of whoever asks begins."""
    return RedirectResponse(home(asker), 303)
