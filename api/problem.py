"""The catalogue of problems (RFC 9457): stable slugs, and answers that echo neither input nor database text."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api.key_file import KeyRefused
from geo.geometry import GeometryError
from geo.refusal import Refusal

log = logging.getLogger("lantern")


@dataclass(frozen=True)
class Kind:
    """One kind of problem. The slug never changes and is never translated."""

    slug: str
    status: int
    title: str


BAD_REQUEST = Kind("bad-request", 400, "The request cannot be read.")
NOT_SIGNED_IN = Kind("not-signed-in", 401, "Sign in first.")
SIGN_IN_FAILED = Kind("sign-in-failed", 401, "The address or the password is wrong.")
CODE_REQUIRED = Kind("code-required", 401, "Give the code of your authenticator too.")
CITY_SIGN_IN_REQUIRED = Kind("city-sign-in-required", 401, "Sign in with the account of your city.")
FORBIDDEN = Kind("forbidden", 403, "Your role does not allow this.")
CROSS_SITE = Kind("cross-site", 403, "The request came from another site.")
PASSWORD_CHANGE_REQUIRED = Kind("password-change-required", 403, "Choose a password of your own first.")
SECOND_FACTOR_REQUIRED = Kind("second-factor-required", 403, "Set up your second factor first.")
RELEASES_ONLY = Kind("releases-only", 403, "Exact data is not for planning. Releases are.")
PURPOSE_REQUIRED = Kind("purpose-required", 403, "Say first why you need exact places.")
SESSION_REQUIRED = Kind("session-required", 403, "An access token does not open this. Sign in in a browser.")
NOT_FOUND = Kind("not-found", 404, "There is nothing here.")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "This cannot be done here.")
NOT_ACCEPTABLE = Kind("not-acceptable", 406, "This form is not offered.")
TOO_SLOW = Kind("too-slow", 408, "The request came in too slowly. Send it again.")
CONFLICT = Kind("conflict", 409, "This does not fit with what is there.")
ID_TAKEN = Kind("id-taken", 409, "This id already stands for something else.")
DELIVERY_TAKEN = Kind("delivery-taken", 409, "Something else was delivered under this id.")
RELEASE_EXISTS = Kind("release-exists", 409, "This period was released. There is never a second draw.")
RELEASE_REFUSED = Kind("release-refused", 409, "This release cannot be drawn.")
EXPORTS_FROZEN = Kind("exports-frozen", 409, "A request by law holds. Until it is over no exact export goes out.")
HELD_BY_LAW = Kind("held-by-law", 409, "A request by law holds this. It stays for now.")
FILE_DAMAGED = Kind("file-damaged", 409, "The file is not the one that was frozen. It is not handed out.")
STALE_VERSION = Kind("stale-version", 412, "Someone changed this since you read it. Read it again.")
TOO_LARGE = Kind("too-large", 413, "This is more than is taken at once.")
UNSUPPORTED = Kind("unsupported", 415, "This kind of content is not taken here.")
INVALID_INPUT = Kind("invalid-input", 422, "Something in the request is wrong.")
DELIVERY_KEY_UNKNOWN = Kind("delivery-key-unknown", 422, "The key that this is sealed to is not here any more.")
DELIVERY_UNREADABLE = Kind("delivery-unreadable", 422, "This does not open.")
INVALID_GEOMETRY = Kind("invalid-geometry", 422, "The shape is wrong.")
UNREADABLE_FILE = Kind("unreadable-file", 422, "The file cannot be read.")
IMPORT_REFUSED = Kind("import-refused", 422, "Rows of the file were refused.")
VERSION_REQUIRED = Kind("version-required", 428, "State the version you saw, in If-Match.")
TOO_MANY = Kind("too-many", 429, "Too many tries. Wait a little.")
INTERNAL = Kind("internal", 500, "Something broke on our side. It was noted.")
KEY_MISSING = Kind("key-missing", 503, "The key that notes are sealed by is missing here. Tell whoever runs Lantern.")
PROVIDER_SILENT = Kind("provider-silent", 503, "Your city's sign-in does not answer.")
UNAVAILABLE = Kind("unavailable", 503, "The database does not answer. Try again soon.")

# Pydantic's own words for these would quote the value, or hold what a parser said of it.
OWN_WORDS = {
    "extra_forbidden": "is not a field here",
    "uuid_parsing": "Input should be a valid UUID",
    "date_parsing": "Input should be a date, as in 2026-11-22",
    "date_from_datetime_parsing": "Input should be a date, as in 2026-11-22",
    "datetime_parsing": "Input should be a moment, as in 2026-11-22T20:15:00+01:00",
    "datetime_from_date_parsing": "Input should be a moment, as in 2026-11-22T20:15:00+01:00",
    "time_parsing": "Input should be a time",
    "url_parsing": "Input should be a URL",
    "union_tag_invalid": "Input is of no known kind",
}
PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}$")

BY_STATUS = {
    kind.status: kind
    for kind in (BAD_REQUEST, NOT_SIGNED_IN, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_SLOW, TOO_LARGE, UNSUPPORTED)
}
INSUFFICIENT_PRIVILEGE, INTEGRITY, UNIQUE, DATA = "42501", "23", "23505", "22"
QUERY_CANCELED = "57014"


class Problem(Exception):
    """Raised anywhere under a request. `errors` say what is wrong and where, never with the value itself. `noted`: the
    log has heard of it."""

    def __init__(
        self,
        kind: Kind,
        detail: str | None = None,
        *,
        errors: list[dict[str, str]] | None = None,
        see: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.see = see
        self.headers = headers
        self.noted = False

    def body(self) -> dict[str, Any]:
        """The members of RFC 9457, with `errors` and `see` where they help."""
        members = {
            "type": f"/problems/{self.kind.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "errors": self.errors,
            "see": self.see,
        }
        return {name: value for name, value in members.items() if value is not None}


def response(problem: Problem) -> JSONResponse:
    return JSONResponse(
        problem.body(), problem.kind.status, headers=problem.headers, media_type="application/problem+json"
    )


def of_validation(error: RequestValidationError) -> Problem:
    """What Pydantic found, without the input it found it in."""
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return Problem(BAD_REQUEST, "The body is not JSON.")
    return Problem(
        INVALID_INPUT,
        errors=[
            {"where": ".".join(_named(part) for part in found["loc"]), "what": _harmless(found)}
            for found in error.errors()[:50]
        ],
    )


def _named(part: str | int) -> str:
    # An unknown key stands here as it came in: shown where it is a plain word, so that a slip of the pen is found.
    return str(part) if isinstance(part, int) or PLAIN_WORD.match(part) else "?"


def _harmless(found: dict[str, Any]) -> str:
    return OWN_WORDS.get(found["type"]) or str(found["msg"])[:300]


def of_database(error: DBAPIError) -> Problem:
    """What the database refused, in our words: its own text may hold a person's data."""
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == INSUFFICIENT_PRIVILEGE:
        return Problem(FORBIDDEN, "This lies outside what you may change.")
    if state == UNIQUE and str(getattr(getattr(error.orig, "diag", None), "constraint_name", "")).endswith("_pkey"):
        return Problem(ID_TAKEN)
    if state.startswith(INTEGRITY):
        return Problem(CONFLICT, "Something named here does not exist, or exists already.")
    if state.startswith(DATA):
        return Problem(INVALID_INPUT, "A value cannot be stored.")
    return Problem(UNAVAILABLE, "It took too long." if state == QUERY_CANCELED else None)


def of_http(error: HTTPException) -> Problem:
    kind = BY_STATUS.get(error.status_code)
    if kind is None:
        status = HTTPStatus(error.status_code)
        kind = Kind(status.phrase.lower().replace(" ", "-"), error.status_code, status.phrase)
    return Problem(kind, headers=dict(error.headers or {}) or None)


def of_any(error: Exception) -> Problem:
    """The problem that any exception under a request stands for."""
    match error:
        case Problem():
            found = error
        case GeometryError():
            found = Problem(INVALID_GEOMETRY, errors=[{"where": error.where, "what": error.what}])
        case Refusal():
            found = Problem(INVALID_INPUT, errors=[{"where": f"body.{error.where}", "what": error.what}])
        case RequestValidationError():
            found = of_validation(error)
        case HTTPException():
            found = of_http(error)
        case DBAPIError():
            found = of_database(error)
        case KeyRefused():
            log.error("%s", error)
            found = Problem(KEY_MISSING)
        case PoolTimeout():
            found = Problem(UNAVAILABLE, headers={"Retry-After": "5"})
        case _:
            found = Problem(INTERNAL)
    return found


HANDLED = (
    Problem,
    KeyRefused,
    GeometryError,
    Refusal,
    RequestValidationError,
    HTTPException,
    DBAPIError,
    PoolTimeout,
    Exception,
)


def install(app: FastAPI, told: Callable[[Request, Problem], None]) -> None:
    """Answers every exception with a problem, after `told` was told of it."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        found = of_any(error)
        told(request, found)
        return response(found)

    for kind in HANDLED:
        app.add_exception_handler(kind, answer)
