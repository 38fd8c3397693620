"""Exports over HTTP: the exact data of one's own organisation, for its managers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from api.asker import Asker
from api.asking import Who, find_asker, get_database, refusal, require_purpose
from api.body import Day
from api.box import BoxIn
from api.database import Database
from api.noun_router import noun_router, problems
from api.problem import EXPORTS_FROZEN, TOO_MANY, Problem
from api.selection import SelectionQuery, period_of
from api.streaming import Streaming
from geo.account import Role
from geo.export import FRAMES, PLACES, Form, exported, note_export
from geo.export_wanted import Wanted, Whose
from geo.law_request_query import holding_requests
from geo.site import Status
from geo.viewport import Box
from geo.visit import Outcome

router: APIRouter = noun_router("export", 429)
TIMEOUT_S = 3600


class Exporting(BaseModel):
    """The parameters of every export. What is no parameter is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Form = Form.GEOJSON
    team: UUID | None = None
    from_: Day | None = Field(None, alias="from", description="The first day.")
    to: Day | None = Field(None, description="The last day.")

    @model_validator(mode="after")
    def in_order(self) -> "Exporting":
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("to lies before from")
        return self

    def wanted(self, box: Box | None) -> Wanted:
        given = self.model_dump(exclude={"format"})
        return Wanted(
            box=box,
            area=given.get("area"),
            team=self.team,
            first_day=self.from_,
            last_day=self.to,
            statuses=[str(status) for status in given.get("status", ())],
            types=given.get("type", ()),
            outcomes=[str(outcome) for outcome in given.get("outcome", ())],
        )


class AreasExport(Exporting):
    area: UUID | None = Field(None, description="A work area.")


Type = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$")]


class SitesExport(AreasExport):
    status: list[Status] = Field([], max_length=5)
    type: list[Type] = Field([], max_length=50, description="Site types.")


class VisitsExport(AreasExport):
    outcome: list[Outcome] = Field([], max_length=5)
    type: list[Type] = Field([], max_length=50, description="Site types.")


def exporter(request: Request, asker: Who) -> Asker:
    """Managers only: what is exported holds exact places."""
    if Role.MANAGER not in asker.roles:
        raise refusal(asker)
    return asker


def exact_exporter(asker: Annotated[Asker, Depends(exporter, scope="function")]) -> Asker:
    """Likewise, with the purpose stated."""
    require_purpose(asker)
    return asker


Exporter = Annotated[Asker, Depends(exporter, scope="function")]
ExactExporter = Annotated[Asker, Depends(exact_exporter, scope="function")]


def whose(asker: Asker) -> Whose:
    return Whose(asker.organisation_id, asker.time_zone, asker.today)


def file_name(asker: Asker, noun: str, suffix: str) -> str:
    """`doggerstad-sites-2026-11-22.geojson`."""
    return f"{asker.organisation_slug}-{noun}-{asker.today.isoformat()}.{suffix}"


async def parts(database: Database, asker: Asker, noun: str, form: Form, wanted: Wanted) -> AsyncGenerator[bytes, None]:
    """The file, in a transaction of its own that lasts as long as the download."""
    async with (
        database.streams,
        database.asking(asker, timeout_s=TIMEOUT_S) as session,
        aclosing(exported(session, noun, form, whose(asker), wanted)) as rows,
    ):
        async for part in rows:
            yield part.text


async def refuse_frozen(session: AsyncSession, asker: Asker, noun: str) -> None:
    """Raises `exports-frozen` for exact places while a request by law holds: the register lets them out."""
    if noun in PLACES and await holding_requests(session, asker.organisation_id):
        raise Problem(EXPORTS_FROZEN, see="/api/v1/law-requests?live=true")


async def download(request: Request, asker: Asker, noun: str, form: Form, wanted: Wanted) -> Response:
    database = get_database(request)
    if database.streams.locked():
        raise Problem(TOO_MANY, "Other downloads are running.", headers={"Retry-After": "20"})
    frame = FRAMES[form]
    async with database.asking(asker) as session:
        await refuse_frozen(session, asker, noun)
        await note_export(session, noun, whose(asker), wanted)
    stream = parts(database, asker, noun, form, wanted)
    name = file_name(asker, noun, frame.suffix)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Streaming(await anext(stream), stream, frame.media_type, headers, lambda: still(request, asker))


async def still(request: Request, asker: Asker) -> bool:
    """Is whoever began a download still signed in, and still all that they were?"""
    now = await find_asker(request)
    return isinstance(now, Asker) and now.roles == asker.roles and now.setting_up == asker.setting_up


class CoverageExport(SelectionQuery):
    format: Form = Form.GEOJSON


@router.get("/sites", response_class=Response, responses=problems(409))
async def export_sites(
    request: Request, asker: ExactExporter, asked: Annotated[SitesExport, Query()], box: BoxIn
) -> Response:
    """Every site with its exact place. `from` and `to` are days on which it was first seen."""
    return await download(request, asker, "sites", asked.format, asked.wanted(box))


@router.get("/visits", response_class=Response, responses=problems(409))
async def export_visits(
    request: Request, asker: ExactExporter, asked: Annotated[VisitsExport, Query()], box: BoxIn
) -> Response:
    """Every visit with its exact place."""
    return await download(request, asker, "visits", asked.format, asked.wanted(box))


@router.get("/areas", response_class=Response)
async def export_areas(
    request: Request, asker: Exporter, asked: Annotated[AreasExport, Query()], box: BoxIn
) -> Response:
    """Work areas that are valid on a day of the period."""
    return await download(request, asker, "areas", asked.format, asked.wanted(box))


@router.get("/coverage", response_class=Response)
async def export_coverage(request: Request, asker: Exporter, asked: Annotated[CoverageExport, Query()]) -> Response:
    """Districts and work areas with their coverage in its three meanings, and the gaps and overlaps between them."""
    period = period_of(asked.from_, asked.to, asker.today)
    wanted = Wanted(
        team=asked.team, first_day=period.first, last_day=period.last, types=[asked.type] if asked.type else []
    )
    return await download(request, asker, "coverage", asked.format, wanted)
