"""The steps by which data goes out by law, or not, and the file: drawn when the second person agrees, for the two."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from api.asker import Asker
from api.asking import Asked, Who, in_person, refusal
from api.database import Database
from api.export import file_name, whose
from api.problem import CONFLICT, FILE_DAMAGED, FORBIDDEN, NOT_FOUND, TOO_LARGE, Problem
from api.vault import Vault
from geo import law_request_query
from geo.account import Role
from geo.export import FRAMES, Form
from geo.law_file import MOST_ROWS, Damaged, TooMuch, drawn, freeze, open_file
from geo.law_request import UNDECIDED, LawRequest, State
from geo.law_request_query import find_law_request, sealed_refusal
from geo.log import Act, note

TOLD_TOO_MUCH = f"More than {MOST_ROWS} rows or 1 MB. Refuse it, and register what is asked for more narrowly."
NOTHING = "It covers nothing. Refuse it, and register anew what is meant."
DECIDED = "It was decided already, or waited too long."
PERSONS = {Role.MANAGER, Role.STEWARD}


def second_person(asker: Who) -> Asker:
    """Managers and stewards, before any transaction is opened: to agree has one of its own."""
    if asker.roles.isdisjoint(PERSONS):
        raise refusal(asker)
    return in_person(asker)


SecondPerson = Annotated[Asker, Depends(second_person, scope="function")]


async def propose(database: Database, asker: Asker, request_id: UUID) -> None:
    """A steward proposes release, and what that covers is written down, in one transaction.

    Raises `not-found`, `conflict`, also where it covers nothing, and `too-large`.
    """
    async with database.releasing(asker, request_id) as session:
        asked = await find_law_request(session, asker.organisation_id, request_id, lock=True)
        if asked is None:
            raise Problem(NOT_FOUND)
        if asker.account_id is None:
            raise Problem(FORBIDDEN)
        if asked.state not in UNDECIDED:
            raise Problem(CONFLICT, DECIDED)
        if asked.proposed_by and await law_request_query.proposer_stays(session, asked):
            raise Problem(CONFLICT, "Release is proposed already.")
        try:
            await law_request_query.propose(session, asked, asker.account_id)
        except TooMuch:
            raise Problem(TOO_LARGE, TOLD_TOO_MUCH) from None
        except law_request_query.CoversNothing:
            raise Problem(CONFLICT, NOTHING) from None


async def refuse(database: Database, vault: Vault, asker: Asker, request_id: UUID, reason: str) -> None:
    """Raises `not-found`, and `conflict` where it is decided."""
    async with database.releasing(asker, request_id) as session:
        asked = await find_law_request(session, asker.organisation_id, request_id, lock=True)
        if asked is None:
            raise Problem(NOT_FOUND)
        if asker.account_id is None:
            raise Problem(FORBIDDEN)
        if asked.state not in UNDECIDED:
            raise Problem(CONFLICT, DECIDED)
        keys = await vault.keys(session, asker.organisation_id)
        await law_request_query.refuse(session, asked, asker.account_id, sealed_refusal(keys, request_id, reason))


async def agree(database: Database, vault: Vault, asker: Asker, request_id: UUID) -> None:
    """The second person agrees, and what is asked for is frozen, in one transaction.

    Raises `not-found`, `forbidden` for who proposed it, `conflict`, `too-large`.
    """
    async with database.releasing(asker, request_id) as session:
        asked = await find_law_request(session, asker.organisation_id, request_id, lock=True)
        if asked is None:
            raise Problem(NOT_FOUND)
        by = asker.account_id
        if by is None or by == asked.proposed_by:
            raise Problem(FORBIDDEN, "A second person agrees: not the one who proposed it.")
        if asked.state is not State.PROPOSED:
            raise Problem(CONFLICT, "Release is not proposed, or it was decided already, or waited too long.")
        if asked.covers_nothing:
            raise Problem(CONFLICT, NOTHING)
        if not await law_request_query.proposer_stays(session, asked):
            raise Problem(CONFLICT, "Who proposed it has left, or is no steward any more. A steward proposes it anew.")
        keys = await vault.keys(session, asker.organisation_id)
        await law_request_query.agree(session, asked, by)
        try:
            frozen = await drawn(session, whose(asker), asked)
        except TooMuch:
            raise Problem(TOO_LARGE, TOLD_TOO_MUCH) from None
        await freeze(session, asked, frozen, keys)
        await law_request_query.release(session, asked, frozen)


async def download(asked: Asked, request: LawRequest, purpose: str) -> Response:
    """The file, byte for byte as it was frozen. Raises `not-found` for all but the two persons, and when it is gone."""
    try:
        body = await open_file(asked.session, request, await asked.keys())
    except Damaged:
        raise Problem(FILE_DAMAGED) from None
    if body is None:
        raise Problem(NOT_FOUND)
    detail = {"sha256": request.file_hash.hex() if request.file_hash else None}
    note(asked.session, Act.LAW_DOWNLOADED, "law_request", [request.id], detail, why=purpose)
    frame = FRAMES[Form.GEOJSON]
    name = file_name(asked.asker, f"request-{request.id}", frame.suffix)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=frame.media_type, headers=headers)
