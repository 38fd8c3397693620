"""Deliveries: what phones sealed, taken once. The row and the record of its delivery are there together, or neither."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from api.asking import Asked, ManagingExact, Reaching, Who, refusal
from api.body import Body, PointIn
from api.delivery_clock import right_time
from api.delivery_key import epoch_of, info_of, open_delivery
from api.delivery_kind import DELIVERY_KINDS
from api.delivery_sent import MOST_MS, NoPlace, Read, Sent, place, site_of, try_to_place, why_refused, with_problem
from api.listing import Items, Listing, page
from api.noun_router import CREATE, READ, noun_router, problems
from api.problem import BAD_REQUEST, CONFLICT, DELIVERY_TAKEN, NOT_FOUND, UNSUPPORTED, Problem
from api.vault import Keys
from geo.account import Role
from geo.erasure import Noun, was_erased
from geo.log import Act, note
from geo.phone_delivery import (
    Dropped,
    PhoneDelivery,
    State,
    find_delivery,
    is_of,
    keep_delivery,
    list_waiting,
    opened,
    queue_up,
    settle,
)

router: APIRouter = noun_router("deliveries")
BYTES = "application/octet-stream"
KeyId = Annotated[UUID, Header(alias="Lantern-Key", description="The key that it is sealed to.")]
Waited = Annotated[
    int | None,
    Header(
        alias="Lantern-Waited",
        ge=0,
        le=MOST_MS,
        description="Milliseconds since it was sealed, by the phone's monotonic clock; none where that began anew.",
    ),
]


class DeliveryOut(BaseModel):
    """What became of a delivery. `noun` and `id` are the row's. After a new `epoch` phones offer again what was
    acknowledged under another."""

    state: State
    noun: str | None
    id: UUID | None
    epoch: UUID


class OwnDelivery(DeliveryOut):
    """`why` is the slug of a problem, or why it was dropped. `problem` and `sent`: of what was refused."""

    why: str | None
    received_at: datetime
    said_at: datetime | None
    mended_at: datetime | None
    problem: dict[str, Any] | None = None
    sent: dict[str, Any] | None = None


class WaitingDelivery(BaseModel):
    """What waits for a manager: `sent` is the body, without notes; `site_id` the site it names, which may not be."""

    id: UUID
    noun: str
    noun_id: UUID
    account_id: UUID
    site_id: UUID | None
    said_at: datetime
    mended_at: datetime | None
    received_at: datetime
    sent: dict[str, Any]


class DeliveriesQuery(Listing):
    state: Literal["with-manager"]


class Placing(Body):
    """Where it belongs; what is left out is as it was sent."""

    site_id: UUID | None = None
    geom: PointIn | None = None


class Dropping(Body):
    reason: Literal["duplicate", "mistake", "no-place"]


async def sealed_bytes(request: Request, asker: Who) -> bytes:
    """The body, read before any transaction begins: it may come slowly."""
    if asker.roles.isdisjoint({Role.MANAGER, Role.STREETWORKER}):
        raise refusal(asker)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != BYTES:
        raise Problem(UNSUPPORTED, f"A delivery comes as {BYTES}.")
    try:
        return await request.body()
    except ClientDisconnect:
        raise Problem(BAD_REQUEST) from None


Sealed = Annotated[bytes, Depends(sealed_bytes, scope="function")]
BINARY = {"requestBody": {"required": True, "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}}


@router.put(
    "/{delivery_id}",
    response_model=DeliveryOut,
    responses=CREATE
    | problems(415)
    | {201: {"model": DeliveryOut}, 202: {"model": DeliveryOut, "description": "It waits for a manager."}},
    openapi_extra=BINARY,
)
async def put(delivery_id: UUID, sealed: Sealed, asked: Reaching, key_id: KeyId, waited: Waited = None) -> JSONResponse:
    """Takes what a phone sealed: 201, and 200 when it comes again. 202: it can no longer be placed by who sent it,
    and a manager will. What is refused with `state` in the problem is kept 30 days for its author to mend."""
    keys = await asked.keys()
    plain = await open_delivery(asked.session, keys, key_id, sealed, info_of(asked.asker, delivery_id))
    digest = hashlib.sha256(plain).digest()
    await queue_up(asked.session, delivery_id)
    known = await find_delivery(asked.session, asked.asker.organisation_id, delivery_id)
    if known is not None:
        return await _again(asked, known, digest, keys)
    read = Read.of(plain)
    values: dict[str, Any] = {"id": delivery_id, "body_hash": digest, "state": State.REFUSED.value}
    problem = read.problem
    if read.sent:
        right = _right(read.sent, waited)
        values |= {"said_at": read.sent.said_at, "mended_at": right}
        try:
            problem = await try_to_place(asked, read.sent, right, keys)
            values["state"] = State.REFUSED.value if problem else State.KEPT.value
        except NoPlace:
            values["state"] = State.WITH_MANAGER.value
    return await _keep(asked, read, values, problem, keys)


async def _keep(asked: Asked, read: Read, values: dict[str, Any], problem: Problem | None, keys: Keys) -> JSONResponse:
    """Writes down what became of it. What tells of something that was erased is not kept, and answers as what waits."""
    sent, state = read.sent, State(values["state"])
    values |= {"organisation_id": asked.asker.organisation_id, "account_id": asked.asker.account_id}
    if sent:
        values |= {"kind": sent.kind, "noun_id": sent.id, "site_id": site_of(sent)}
        values |= {"device_id": sent.device, "sequence": sent.sequence}
    told = {State.REFUSED: with_problem(problem, read.told) if problem else None, State.WITH_MANAGER: read.told}.get(
        state
    )
    if sent and state is not State.KEPT and await _tells_of_erased(asked, sent):
        values |= {"state": State.DROPPED.value, "why": Dropped.ERASED.value}
        state, told, problem = State.WITH_MANAGER, None, None
    elif problem:
        values["why"] = problem.kind.slug
    if not await keep_delivery(asked.session, values, told, keys):
        raise Problem(DELIVERY_TAKEN)
    if state is not State.KEPT:
        note(asked.session, Act.CREATED, "delivery", [values["id"]], {"state": values["state"]})
    if problem:
        return _refused(problem.body())
    assert sent is not None
    return await _answer(asked, state, sent.kind, sent.id, 202 if state is State.WITH_MANAGER else 201)


async def _tells_of_erased(asked: Asked, sent: Sent) -> bool:
    organisation_id, site_id = asked.asker.organisation_id, site_of(sent)
    if sent.kind in set(Noun) and await was_erased(asked.session, organisation_id, Noun(sent.kind), [sent.id]):
        return True
    return bool(site_id and await was_erased(asked.session, organisation_id, Noun.SITE, [site_id]))


async def _again(asked: Asked, known: PhoneDelivery, digest: bytes, keys: Keys) -> JSONResponse:
    """What became of a delivery that comes again. Raises `delivery-taken` where it is another one, or another's."""
    if known.account_id != asked.asker.account_id or not is_of(known, digest, keys):
        raise Problem(DELIVERY_TAKEN)
    state = State(known.state)
    kept = opened(known, keys) if state is State.REFUSED else None
    if kept is not None:
        return _refused(why_refused(kept)[0])
    if known.why == Dropped.ERASED:
        state = State.WITH_MANAGER
    return await _answer(asked, state, known.kind, known.noun_id, 202 if state is State.WITH_MANAGER else 200)


def _right(sent: Sent, waited: int | None) -> datetime | None:
    since = None if sent.since_ms is None else timedelta(milliseconds=sent.since_ms)
    before = None if waited is None else timedelta(milliseconds=waited)
    return right_time(sent.said_at, since, before, datetime.now(UTC))


def _refused(problem: dict[str, Any]) -> JSONResponse:
    """A problem that its author can mend; `state` says that what was sent is kept for that."""
    said = problem | {"state": State.REFUSED.value}
    return JSONResponse(said, problem["status"], media_type="application/problem+json")


async def _answer(asked: Asked, state: State, noun: str | None, row_id: UUID | None, status: int) -> JSONResponse:
    told = DeliveryOut(state=state, noun=noun, id=row_id, epoch=await epoch_of(asked))
    return JSONResponse(told.model_dump(mode="json"), status)


@router.get("/{delivery_id}", responses=READ)
async def read_delivery(delivery_id: UUID, asked: Reaching) -> OwnDelivery:
    """What became of a delivery of your own; of one that was refused also what was in it, to mend it and send it anew
    under another id."""
    keys = await asked.keys()
    found = await find_delivery(asked.session, asked.asker.organisation_id, delivery_id)
    if found is None or found.account_id != asked.asker.account_id:
        raise Problem(NOT_FOUND)
    own = OwnDelivery(
        state=State.WITH_MANAGER if found.why == Dropped.ERASED else State(found.state),
        noun=found.kind,
        id=found.noun_id,
        epoch=await epoch_of(asked),
        why=None if found.why == Dropped.ERASED else found.why,
        received_at=found.received_at,
        said_at=found.said_at,
        mended_at=found.mended_at,
    )
    kept = opened(found, keys) if own.state is State.REFUSED else None
    if kept is not None:
        own.problem, told = why_refused(kept)
        own.sent = json.loads(told)
        note(asked.session, Act.READ, "delivery", [delivery_id])
    return own


@router.get("", response_model=Items[WaitingDelivery])
async def read_deliveries(
    request: Request, asked: ManagingExact, wanted: Annotated[DeliveriesQuery, Query()]
) -> JSONResponse:
    """What phones sent and who sent it can no longer place, by id."""
    keys = await asked.keys()
    rows = await list_waiting(asked.session, asked.asker.organisation_id, wanted.begins_after(), wanted.limit + 1)
    shown = [_waiting(row, keys) for row in rows[: wanted.limit]]
    asked.saw("delivery", [one for row in shown for one in (row.id, row.noun_id, row.site_id) if one])
    return JSONResponse(page(request, wanted, rows, "items", [row.model_dump(mode="json") for row in shown]))


def _waiting(row: PhoneDelivery, keys: Keys) -> WaitingDelivery:
    sent = _sent(row, keys)
    body = {name: value for name, value in sent.body.items() if name not in DELIVERY_KINDS[sent.kind].hidden}
    return WaitingDelivery(
        id=row.id,
        noun=sent.kind,
        noun_id=sent.id,
        account_id=row.account_id,
        site_id=row.site_id,
        said_at=sent.said_at,
        mended_at=row.mended_at,
        received_at=row.received_at,
        sent=body,
    )


def _sent(row: PhoneDelivery, keys: Keys) -> Sent:
    return Sent.model_validate_json(opened(row, keys) or "")


async def _to_settle(asked: Asked, delivery_id: UUID) -> PhoneDelivery:
    """Raises `not-found`, and `conflict` where a manager was faster."""
    await queue_up(asked.session, delivery_id)
    found = await find_delivery(asked.session, asked.asker.organisation_id, delivery_id)
    if found is None or State(found.state) in {State.KEPT, State.REFUSED} or found.why == Dropped.ERASED:
        raise Problem(NOT_FOUND)
    if found.state != State.WITH_MANAGER:
        raise Problem(CONFLICT, "It was settled already.")
    return found


@router.post("/{delivery_id}/placed", responses=CREATE | READ)
async def place_delivery(delivery_id: UUID, body: Placing, asked: ManagingExact) -> DeliveryOut:
    """Makes the row of what waits: at the site or the point given, or else as it was sent. It stays its sender's."""
    keys = await asked.keys()
    found = await _to_settle(asked, delivery_id)
    sent = _sent(found, keys)
    instead = body.model_dump(exclude_unset=True)
    if "account_id" in DELIVERY_KINDS[sent.kind].body.model_fields:
        instead["account_id"] = found.account_id
    await place(asked, sent, found.mended_at, keys, **instead)
    return await _settled(asked, found, State.PLACED, None)


@router.post("/{delivery_id}/dropped", responses=CREATE | READ)
async def drop_delivery(delivery_id: UUID, body: Dropping, asked: ManagingExact) -> DeliveryOut:
    """Makes nothing of what waits. What was in it goes."""
    found = await _to_settle(asked, delivery_id)
    return await _settled(asked, found, State.DROPPED, Dropped(body.reason))


async def _settled(asked: Asked, found: PhoneDelivery, state: State, why: Dropped | None) -> DeliveryOut:
    await settle(asked.session, found, state, why, asked.asker.account_id)
    told = {"state": state.value} | ({"reason": why.value} if why else {})
    note(asked.session, Act.CHANGED, "delivery", [found.id], told)
    return DeliveryOut(state=state, noun=found.kind, id=found.noun_id, epoch=await epoch_of(asked))
