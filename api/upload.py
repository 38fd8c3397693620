"""Files in over HTTP, for managers: the same reading, the same account, as `lantern import`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from enum import StrEnum
from tempfile import TemporaryFile
from typing import Annotated, BinaryIO, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from api.asker import Asker
from api.asking import Who, get_database, get_vault, refusal, who
from api.body import Day
from api.database import Database
from api.form import form_of
from api.noun_router import noun_router, problems
from api.problem import CONFLICT, IMPORT_REFUSED, INVALID_INPUT, UNREADABLE_FILE, UNSUPPORTED, Problem
from api.vault import Vault
from geo.account import Role
from geo.import_order import Order, Reckoning
from geo.importing import ImportRunning, import_file
from geo.record import Encoding, FileError
from geo.seal import Seal

router: APIRouter = noun_router("imports")
TIMEOUT_S = 3600
FORM = "multipart/form-data"
TAKEN = ("text/", "application/geo+json", "application/json", "application/octet-stream", "application/vnd.geo+json")


class Uploaded(NamedTuple):
    """A file that came in, and the name that it had where it came from (empty for a body)."""

    file: BinaryIO
    name: str


class Noun(StrEnum):
    DISTRICTS = "districts"
    AREAS = "areas"
    SITES = "sites"
    OBSERVATIONS = "observations"


def _pair(text: str) -> str:
    left, _, right = text.partition("=")
    if not (left.strip() and right.strip()):
        raise ValueError("two names with = between them")
    return text


Pair = Annotated[str, Field(max_length=300), AfterValidator(_pair)]


class Importing(BaseModel):
    """The options of an import, in the query or as fields of the form."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    dry_run: bool = Field(False, description="Do all the work, write nothing.")
    keep_going: bool = Field(False, description="Keep the good rows even where others are refused.")
    encoding: Encoding = Encoding.UTF_8
    column: list[Pair] = Field([], max_length=50, description="Which column of the file is which: ours=theirs.")
    kind: list[Pair] = Field([], max_length=200, description="Which site type a kind in the file is: kind=type.")
    distance_m: float = Field(25.0, ge=1, le=500, description="How near rows of one kind lie that are one site.")
    valid_from: Day | None = Field(None, description="The first day of work areas that the file gives none.")

    def order(self, asker: Asker, seal: Seal, file_name: str) -> Order:
        valid_from: date | None = self.valid_from
        return Order(
            asker.organisation_id,
            asker.today,
            seal,
            account_id=asker.account_id,
            columns=_pairs(self.column),
            kinds=_pairs(self.kind),
            encoding=self.encoding,
            distance_m=self.distance_m,
            valid_from=valid_from,
            dry_run=self.dry_run,
            keep_going=self.keep_going,
            file_name=file_name,
        )


def _pairs(given: list[str]) -> dict[str, str]:
    split = (one.partition("=") for one in given)
    return {left.strip(): right.strip() for left, _, right in split}


def importer(asker: Who) -> Asker:
    """Managers only."""
    if Role.MANAGER not in asker.roles:
        raise refusal(asker)
    return asker


async def still_importer(request: Request) -> Asker:
    """Who asks once the file is there, which may have taken long: the session may have ended."""
    return importer(await who(request))


@router.post("/{noun}", responses=problems(400, 409, 408, 413, 415))
async def import_over_http(
    request: Request,
    noun: Noun,
    _: Annotated[Asker, Depends(importer, scope="function")],
    options: Annotated[Importing, Query()],
) -> Response:
    """The file is the body, or the field `file` of a form whose other fields are the options.

    Answers with the account of rows read, kept, changed, already there and refused. Where a row is refused and
    `keep_going` is not set, nothing is written and the account comes with the problem `import-refused`.
    """
    async with uploaded(request, options) as (file, chosen):
        asker = await still_importer(request)
        reckoning = await bring_in(get_database(request), asker, noun, file, chosen, vault=get_vault(request))
    return answer(reckoning, chosen)


@asynccontextmanager
async def uploaded(request: Request, options: Importing) -> AsyncIterator[tuple[Uploaded, Importing]]:
    """The uploaded file on disk, without a name there and readable by this process alone, gone afterwards."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        async with form_of(request, max_files=1, max_fields=300) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Problem(INVALID_INPUT, errors=[{"where": "body.file", "what": "the file is missing"}])
            fields = {name: form.getlist(name) for name in form if name != "file"}
            yield Uploaded(file.file, file.filename or ""), with_fields(fields)
        return
    if not kind.startswith(TAKEN):
        raise Problem(UNSUPPORTED, "Send GeoJSON, GeoJSONSeq or CSV, as the body or as the field file of a form.")
    with TemporaryFile() as spooled:
        async for chunk in request.stream():
            spooled.write(chunk)
        spooled.seek(0)
        yield Uploaded(spooled, ""), options


def with_fields(fields: dict[str, list[str | UploadFile]]) -> Importing:
    """The options from a form; an empty field is as good as none."""
    given = {name: [value for value in values if value != ""] for name, values in fields.items()}
    several = {name for name, field in Importing.model_fields.items() if "list" in str(field.annotation)}
    plain = {name: values if name in several else values[-1] for name, values in given.items() if values}
    try:
        return Importing.model_validate(plain)
    except ValidationError as wrong:
        errors = [
            {"where": ".".join(map(str, ("body", *found["loc"])))[:100], "what": str(found["msg"])[:300]}
            for found in wrong.errors(include_input=False)[:50]
        ]
        raise Problem(INVALID_INPUT, errors=errors) from None


async def bring_in(
    database: Database, asker: Asker, noun: str, uploaded: Uploaded, options: Importing, *, vault: Vault
) -> Reckoning:
    """One import in a transaction of its own, opened when the file is there; raises Problem."""
    try:
        async with database.asking(asker, TIMEOUT_S) as session:
            keys = await vault.keys(session, asker.organisation_id)
            return await import_file(session, noun, uploaded.file, options.order(asker, keys, uploaded.name))
    except FileError as error:
        raise Problem(UNREADABLE_FILE, error.what) from None
    except ImportRunning:
        raise Problem(CONFLICT, "Another import is running.", headers={"Retry-After": "20"}) from None


def answer(reckoning: Reckoning, options: Importing) -> Response:
    if not reckoning.refused or options.keep_going:
        return JSONResponse(reckoning.as_json())
    body = Problem(IMPORT_REFUSED, "Nothing was written.").body() | {"account": reckoning.as_json()}
    return JSONResponse(body, IMPORT_REFUSED.status, media_type="application/problem+json")
