"""A planner's home: the releases, on a map and as files, and how to read them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.asking import Asked, Who, get_database
from api.problem import NOT_FOUND, Problem
from api.release import Planning
from geo.folium_map import basemap_data
from geo.map_choice import Choices, load_choices
from geo.release import Release, list_releases, release_body
from geo.release_map import ReleaseMap, release_map
from geo.release_series import PROFILES, Noise, Profile, Series
from geo.viewport import Bounds
from web.page import render, speaker_of

router = APIRouter(prefix="/planner", include_in_schema=False)
NOWHERE: Bounds = (0.0, 0.0, 1.0, 1.0)


async def public_choices(request: Request, asker: Who) -> Choices:
    """The name, bounds and basemap of the city: no places. The role of a planner reads releases alone."""
    async with get_database(request).asking_own(asker) as session:
        return await load_choices(session, asker.organisation_id)


# Stands before `asked` in a signature: a request that held one connection and waited for another would, with its like,
# hold up everyone.
Public = Annotated[Choices, Depends(public_choices, scope="function")]


@router.get("")
async def planner_home(request: Request, choices: Public, asked: Planning, release: UUID | None = None) -> Response:
    asker = asked.asker
    releases = await list_releases(asked.session, asker.organisation_id)
    shown = next((each for each in releases if each.id == release), None) if release else next(iter(releases), None)
    if release and shown is None:
        raise Problem(NOT_FOUND)
    context: dict[str, Any] = {
        "organisation": choices.organisation,
        "releases": releases,
        "shown": shown,
        "radius": radius(shown) if shown else 0,
        "map": await _draw(request, asked, shown, choices) if shown else None,
    }
    return render(request, "planner/home.html", asker, **context)


async def _draw(request: Request, asked: Asked, release: Release, choices: Choices) -> ReleaseMap:
    found = await release_body(asked.session, asked.asker.organisation_id, release.id)
    assert found
    voice = speaker_of(request, asked.asker)
    return release_map(found[0], voice, basemap_data(choices.basemap), choices.bounds)


def radius(release: Release) -> int:
    """How far the true count may lie from a shown one, in at least 95 of 100 draws."""
    return Noise(release.epsilon, release.threshold).radius


@router.get("/map.js")
async def map_script(request: Request, asked: Planning) -> Response:
    """What Folium wrote to draw the map: the same for every release, with no number in it."""
    script = release_map(None, speaker_of(request, asked.asker), basemap_data(()), NOWHERE).drawn.script
    return Response(script, media_type="text/javascript")


@router.get("/how-to-read")
async def how_to_read(request: Request, asked: Planning) -> Response:
    standard = PROFILES[Profile.STANDARD]
    return render(
        request,
        "planner/how_to_read.html",
        asked.asker,
        cells=standard[Series.CELLS],
        districts=standard[Series.DISTRICTS],
    )
