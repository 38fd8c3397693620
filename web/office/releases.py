"""Draw a release, once, and see those that were drawn."""

from datetime import date
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.asking import Asked, Managing
from geo.overview import first_record_on
from geo.release import Release, list_releases
from geo.release_draw import AlreadyDrawn, PeriodOpen, ReleaseRefused, draw_release
from geo.release_series import PROFILES, Profile, ReleasePeriod, Series
from web.form import Form, read, typed
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/office/releases", include_in_schema=False)
YEARS_BACK = 2
ALREADY = N_("This period was drawn before. There is never a second draw.")
NONE = N_("Choose one from the list.")
OPEN = N_("This period still takes late records.")
REFUSED = N_("This cannot be drawn: a profile has no such series, there are no districts, or a site's budget is spent.")


class DrawForm(Form):
    """`what` is a series and a period, such as `cells 2026-H1`."""

    what: str
    profile: Profile = Profile.STANDARD
    understood: Literal["yes"]


@router.get("")
async def releases_page(request: Request, asked: Managing, drawn: str = "") -> Response:
    return await _page(request, asked, {"profile": Profile.STANDARD.value}, {}, drawn)


@router.post("")
async def draw(request: Request, asked: Managing) -> Response:
    fields = await typed(request)
    form, wrong = read(DrawForm, fields)
    if form:
        wrong = await _draw(asked, form)
    if form is None or wrong:
        return await _page(request, asked, fields, wrong)
    return RedirectResponse("/office/releases?drawn=yes", 303)


async def _draw(asked: Asked, form: DrawForm) -> dict[str, str]:
    """What is wrong, if nothing was drawn."""
    releases = await list_releases(asked.session, asked.asker.organisation_id)
    choices = drawable(releases, asked.asker.today, await _since(asked))
    chosen = next(((series, of) for series, of in choices if f"{series} {of.name}" == form.what), None)
    if chosen is None:
        was_drawn = any(f"{release.series} {release.period}" == form.what for release in releases)
        return {"what": ALREADY if was_drawn else NONE}
    series, of = chosen
    try:
        async with asked.session.begin_nested():
            await draw_release(
                asked.session,
                organisation_id=asked.asker.organisation_id,
                series=series,
                period=of.name,
                today=asked.asker.today,
                account_id=asked.asker.account_id,
                profile=form.profile,
            )
    except AlreadyDrawn:
        return {"what": ALREADY}
    except PeriodOpen:
        return {"what": OPEN}
    except ReleaseRefused:
        return {"what": REFUSED}
    return {}


async def _since(asked: Asked) -> date | None:
    return await first_record_on(asked.session, asked.asker.organisation_id, asked.asker.time_zone)


def drawable(releases: list[Release], today: date, since: date | None) -> list[tuple[Series, ReleasePeriod]]:
    """The closed periods of the last years without a release, the newest first; none that ended before there was
    anything to count."""
    if since is None:
        return []
    drawn = {(release.series, release.period) for release in releases}
    parts = {Series.CELLS: ("H1", "H2"), Series.DISTRICTS: ("Q1", "Q2", "Q3", "Q4")}
    every = [
        (series, ReleasePeriod.of(f"{year}-{part}", series))
        for series in Series
        for year in range(today.year - YEARS_BACK, today.year + 1)
        for part in parts[series]
    ]
    closed = [(series, of) for series, of in every if of.closes_on <= today and of.last >= since]
    waiting = [(series, of) for series, of in closed if (series.value, of.name) not in drawn]
    return sorted(waiting, key=lambda choice: choice[1].last, reverse=True)


async def _page(
    request: Request, asked: Asked, fields: dict[str, str], wrong: dict[str, str], drawn: str = ""
) -> Response:
    releases = await list_releases(asked.session, asked.asker.organisation_id)
    return render(
        request,
        "office/releases.html",
        asked.asker,
        422 if wrong else 200,
        releases=releases,
        choices=drawable(releases, asked.asker.today, await _since(asked)),
        profiles=PROFILES,
        fields=fields,
        wrong=wrong,
        drawn=drawn == "yes",
    )
