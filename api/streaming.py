"""Answers that are sent while they are made, and that break off in sight of the client when something goes wrong."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

EVERY_S = 1.0
PATIENCE_S = 30.0


class Streaming(Response):
    """Sends what a generator yields; `first` is what it has yielded already, so that early faults are still problems.

    When the client goes away, or takes nothing for PATIENCE_S seconds, or `may_go_on`, asked every second, says no, the
    generator is closed at its next step, never cancelled in the middle of one: its connection goes back whole. That,
    like an exception, leaves the answer without its end, which HTTP shows to the client.
    """

    def __init__(
        self,
        first: bytes,
        rest: AsyncGenerator[bytes, None],
        media_type: str,
        headers: Mapping[str, str],
        may_go_on: Callable[[], Awaitable[bool]],
    ) -> None:
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.first, self.rest, self.may_go_on = first, rest, may_go_on
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stop = asyncio.Event()
        gone, ended = asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(_ended(stop, self.may_go_on))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.first, "more_body": True})
            async for part in self.rest:
                if gone.done() or ended.done():
                    return
                if not await _taken(send({"type": "http.response.body", "body": part, "more_body": True})):
                    return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            stop.set()
            await asyncio.gather(ended, return_exceptions=True)
            await self.rest.aclose()


async def _taken(sending: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await sending
    except TimeoutError:
        return False
    return True


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(stop: asyncio.Event, may_go_on: Callable[[], Awaitable[bool]]) -> None:
    """Ends when it may not go on, by its exception when that cannot be found out, and when it is told to."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY_S):
                await stop.wait()
                return
        if not await may_go_on():
            return
