"""What is answered to a delivery that comes again from someone who does not reach the row any more."""

from typing import Any
from uuid import UUID

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.asking import Asked
from api.problem import NOT_FOUND, Problem
from geo.receipt import find_receipt


class Received(BaseModel):
    """It was taken once, as this version, and a phone may forget it. What has become of it is not for who asks."""

    id: UUID
    version: int


AGAIN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The same delivery again: the row, or of a row that you do not reach any more its id and the "
        "version that was made.",
        "content": {"application/geo+json": {}, "application/json": {"schema": Received.model_json_schema()}},
    }
}


async def received(asked: Asked, noun: str, row_id: UUID) -> JSONResponse:
    """Raises `not-found` where who asks delivered no such row."""
    receipt = await find_receipt(asked.session, asked.asker.organisation_id, noun, row_id)
    if receipt is None:
        raise Problem(NOT_FOUND)
    return JSONResponse(Received(id=row_id, version=receipt.version).model_dump(mode="json"))
