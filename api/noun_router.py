"""What the routes of every noun share: the ways to sign in, and the problems they answer with."""

from typing import Any

from fastapi import APIRouter, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel

from api import cookie, problem

BEARER = HTTPBearer(scheme_name="access token", description="A personal access token.", auto_error=False)
SESSION = APIKeyCookie(
    name=cookie.SESSION,
    scheme_name="session",
    description=f"The cookie of sign-in. Over TLS its name begins with `{cookie.THIS_HOST}`.",
    auto_error=False,
)

MEANINGS = {
    400: "The body cannot be read.",
    401: "Nobody is signed in.",
    403: "The role does not allow it, or it lies outside what you may change, or `type` says what is needed first.",
    404: "There is nothing here that you may see.",
    408: "The body came too slowly.",
    409: "The id is taken, or it does not fit with what is there.",
    412: "Someone changed it since; read it again.",
    413: "The body is too large.",
    415: "This kind of content is not taken here.",
    422: "Something in the request is wrong: `errors` says what and where.",
    429: "Too many tries; `Retry-After` says how long to wait.",
    428: "The version is missing: state it in If-Match.",
    503: "The database does not answer.",
}


class FoundWrong(BaseModel):
    where: str
    what: str


class ProblemOut(BaseModel):
    """A problem (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[FoundWrong] | None = None
    see: str | None = None


def _schema(status: int) -> dict[str, Any]:
    """Of the problems with a status: which of the catalogue they are stands in it."""
    schema = ProblemOut.model_json_schema()
    wrong = schema.pop("$defs")["FoundWrong"]
    schema["properties"]["errors"]["anyOf"][0]["items"] = wrong
    kinds = [kind for kind in vars(problem).values() if isinstance(kind, problem.Kind) and kind.status == status]
    schema["properties"]["type"]["enum"] = [f"/problems/{kind.slug}" for kind in kinds]
    return schema


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that are problems, for the OpenAPI document."""
    return {
        status: {
            "description": MEANINGS[status],
            "content": {"application/problem+json": {"schema": _schema(status)}},
        }
        for status in statuses
    }


def noun_router(path: str, *more: int) -> APIRouter:
    """A router under `/api/v1` for one noun, in the plural with hyphens. `more`: problems that all its routes have."""
    return APIRouter(
        prefix=f"/api/v1/{path}",
        tags=[path.replace("-", " ")],
        dependencies=[Security(BEARER), Security(SESSION)],
        responses=problems(401, 403, 408, 413, 422, 503, *more),
    )


READ = problems(404)
CREATE = problems(400, 409)
CHANGE = problems(400, 404, 409, 412, 428)
