"""What is refused before any handler sees it: writes from other sites, and bodies over their limit."""

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import BAD_REQUEST, CROSS_SITE, TOO_LARGE, Problem, response
from api.turned_away import turned_away_of

SAFE = {"GET", "HEAD", "OPTIONS"}
BODY_LIMIT = 1024 * 1024  # holds a shape of the most points there may be, written out in full
UPLOAD_LIMIT = 512 * 1024 * 1024
PATIENCE_S, SLOWEST_BYTES_S, SLOWEST_UPLOAD_BYTES_S = 20.0, 8192, 1024
UPLOADS = ("/api/v1/imports/", "/import")
DELIVERY_LIMIT = 64 * 1024
DELIVERIES = "/api/v1/deliveries"


class OwnSiteOnly:
    """Refuses writes that a browser sends for another site.

    Browsers state it in `Sec-Fetch-Site`, older ones in `Origin`; a client that sends neither is no browser and carries
    no cookie that it was not given on purpose.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE and not _own(Headers(scope=scope)):
            turned_away_of(Request(scope)).stranger("cross-site")
            await response(Problem(CROSS_SITE))(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _own(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _limits(path: str) -> tuple[int, int]:
    """The most bytes of a body, and the fewest of a second, for a path."""
    if path.startswith(UPLOADS):
        return UPLOAD_LIMIT, SLOWEST_UPLOAD_BYTES_S
    return DELIVERY_LIMIT if path.startswith(DELIVERIES) else BODY_LIMIT, SLOWEST_BYTES_S


class LimitedBody:
    """Refuses a body over its limit, by its announced length or while it comes in, one that comes too slowly, and one
    whose length is said in two ways."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, slowest = _limits(scope["path"])
        headers = Headers(scope=scope)
        if {"content-length", "transfer-encoding"} <= set(headers):  # a proxy may end it elsewhere than we do
            await response(Problem(BAD_REQUEST, headers={"Connection": "close"}))(scope, receive, send)
            return
        announced = headers.get("content-length", "0")
        if not announced.isdigit() or int(announced) > limit:
            await response(Problem(TOO_LARGE))(scope, receive, send)
            return
        received, more, began = 0, True, asyncio.get_running_loop().time()

        async def counted() -> Message:
            nonlocal received, more
            # Once all is here, what is waited for is the client's leaving.
            allowed = began + PATIENCE_S + received / slowest if more else None
            try:
                async with asyncio.timeout_at(allowed):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, headers={"Connection": "close"}) from None
            received += len(message.get("body", b""))
            more = message.get("more_body", False)
            if received > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


async def whole_body(request: Request) -> None:
    """For every route, before it is settled who asks and a transaction is opened: a body that is still on its way must
    neither hold a connection to the database nor count for a session that was ended meanwhile. Uploads are too big for
    memory: their handlers settle again who asks, once the file is there."""
    if request.url.path.startswith(UPLOADS):
        return
    try:
        await request.body()
    except ClientDisconnect:
        raise HTTPException(400) from None
