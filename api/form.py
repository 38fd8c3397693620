"""Forms as browsers send them: fields and files, in UTF-8 and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData

from api.problem import UNSUPPORTED, Problem


@asynccontextmanager
async def form_of(request: Request, *, max_files: int, max_fields: int) -> AsyncIterator[FormData]:
    """The form in a request; its files are gone afterwards. Raises `unsupported` for any other coding of its texts.

    Whoever sends a form may name any codec that Python has: some fail, some make texts that cannot be written again.
    """
    _, parameters = parse_options_header(request.headers.get("content-type", ""))
    if parameters.get(b"charset", b"utf-8").lower() not in {b"utf-8", b"utf8"}:
        raise Problem(UNSUPPORTED, "Send the form in UTF-8.")
    async with request.form(max_files=max_files, max_fields=max_fields) as form:
        yield form
