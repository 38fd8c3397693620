"""`lantern organisation`: bring your own city begins here."""

import asyncio
import re
from math import isfinite
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import shapely
import typer
from shapely import Polygon, box
from shapely.geometry import shape
from sqlalchemy.exc import IntegrityError

from api.asker import Asker
from api.command.city_sign_in import set_city_sign_in
from api.command.connection import connected
from api.command.line import line_of
from api.command.refusal import Refusal
from api.database import Database
from api.settings import Settings
from geo.organisation import add_site_types, create_organisation
from geo.reading import open_source
from geo.record import FileError, Record

WIDER = 0.1
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")

app = typer.Typer(no_args_is_help=True, help="Organisations: each is one service, with its own people and places.")
app.command("sign-in")(set_city_sign_in)


@app.command("create")
def create(
    slug: Annotated[str, typer.Option(help="The short name in commands: small letters, digits, hyphens.")],
    name: Annotated[str, typer.Option(help="The name that people read.")],
    bounds: Annotated[
        str,
        typer.Option(
            metavar="FILE|W,S,E,N",
            help="The box outside which no place of yours can lie: four numbers of degrees (west, south, east, north), "
            "or a GeoJSON file (your districts, say), whose box is taken a tenth wider.",
        ),
    ],
    time_zone: Annotated[str, typer.Option(help="As in Europe/Warsaw.")] = "Europe/Brussels",
) -> None:
    """Make an organisation, with the usual site types.

    The bounds catch swapped coordinates: a point outside them is refused everywhere. After this, make accounts with
    `lantern account create` and bring in districts, work areas and old logs with `lantern import`.
    """
    if not SLUG.fullmatch(slug):
        raise Refusal("The slug has small letters, digits and hyphens, at least two, as in --slug gent.")
    name = line_of(name, "name")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refusal("There is no such time zone. It is written as in Europe/Warsaw.") from None
    area = read_bounds(bounds)
    with connected(Settings()) as url:
        asyncio.run(_create(url, slug, name, area, time_zone))
    west, south, east, north = area.bounds
    typer.echo(f"{name} is there, as {slug}: {west:.4f},{south:.4f},{east:.4f},{north:.4f} in {time_zone}.")
    typer.echo(f"Next: lantern account create --organisation {slug} --email … --name … --role manager")


def read_bounds(given: str) -> Polygon:
    """A box from four numbers, or from what lies in a GeoJSON file, a tenth wider on each side; raises Refusal."""
    parts = given.split(",")
    if len(parts) == 4 and not Path(given).exists():
        try:
            west, south, east, north = (float(part) for part in parts)
        except ValueError:
            raise Refusal("--bounds takes four numbers (west,south,east,north) or a GeoJSON file.") from None
        return _box(west, south, east, north)
    if not Path(given).is_file():
        raise Refusal(f"There is no file {given}; --bounds takes a GeoJSON file or four numbers.")
    west, south, east, north = _box_of_file(Path(given))
    wide, high = (east - west) * WIDER, (north - south) * WIDER
    return _box(max(west - wide, -180.0), max(south - high, -90.0), min(east + wide, 180.0), min(north + high, 90.0))


def _box(west: float, south: float, east: float, north: float) -> Polygon:
    whole = all(isfinite(each) for each in (west, south, east, north))
    if not (whole and -180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Refusal("The bounds are no box in degrees: west before east, south before north.")
    return box(west, south, east, north)


def _box_of_file(path: Path) -> tuple[float, float, float, float]:
    try:
        with path.open("rb") as file:
            rows = open_source(file).rows
            shapes = [shape(row.geometry) for row in rows if isinstance(row, Record) and isinstance(row.geometry, dict)]
    except (FileError, ValueError, TypeError, AttributeError, KeyError, shapely.errors.ShapelyError):
        raise Refusal(f"{path.name} is no GeoJSON whose shapes can be read.") from None
    if not shapes:
        raise Refusal(f"{path.name} holds no shapes.")
    west, south, east, north = (float(each) for each in shapely.total_bounds(shapes))
    return west, south, east, north


async def _create(url: str, slug: str, name: str, bounds: Polygon, time_zone: str) -> None:
    database = Database(url)
    try:
        async with database.knocking(organisation_slug=slug) as session:
            made = await create_organisation(session, slug=slug, name=name, bounds=bounds, time_zone=time_zone)
            asker = Asker.command(made.id, slug, time_zone)
        async with database.asking(asker) as session:
            await add_site_types(session, asker.organisation_id)
    except IntegrityError:
        raise Refusal(f"There is an organisation {slug} already.") from None
    finally:
        await database.close()
