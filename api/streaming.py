"""Answers that are sent while they are made, and that break off in sight of the client when something goes wrong."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Streaming(Response):
    """Sends what a generator yields; `first` is what it has yielded already, so that early faults are still problems.

    When the client goes away the generator is closed at its next step, never cancelled in the middle of one: its
    connection goes back whole. An exception leaves the answer without its end, which HTTP shows to the client.
    """

    def __init__(
        self, first: bytes, rest: AsyncGenerator[bytes, None], media_type: str, headers: Mapping[str, str]
    ) -> None:
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.first, self.rest = first, rest
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.first, "more_body": True})
            async for part in self.rest:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            await self.rest.aclose()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
