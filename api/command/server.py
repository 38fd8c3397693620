"""The web server inside `lantern up`."""

import asyncio
import http.client
import importlib
import socket
from collections.abc import Awaitable, Callable

import uvicorn

from api.command.refusal import Refusal
from api.fault import LOGGING
from api.settings import Settings

GRACE = 10  # seconds for answers that are on their way when Lantern stops
APP = "web.app"  # named, not imported: the web stands above the API


class Server(uvicorn.Server):
    """Serves on one open socket, and calls `ready` when the application really answers there."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, ready: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._listener = listener
        self._ready = ready
        self.health: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if not self.started:
            return
        self.health = await asyncio.to_thread(_health, *self._listener.getsockname()[:2])
        if self.health == http.client.OK:
            await self._ready()
        else:
            self.should_exit = True


def serve(settings: Settings, listener: socket.socket, ready: Callable[[], Awaitable[None]]) -> None:
    """Serves until a signal ends it. Raises Refusal when the application does not start or is not healthy."""
    app = importlib.import_module(APP).create_app(settings)
    # No access log: addresses may hold what somebody searched for.
    config = uvicorn.Config(
        app,
        http="h11",  # unlike httptools it takes no more than 64 KiB of headers
        access_log=False,
        log_config=LOGGING,
        log_level="error",  # what strangers send wrongly is not worth a line each
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = Server(config, listener, ready)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
    if server.health != http.client.OK:
        raise Refusal(f"The server did not start as it should (/healthz: {server.health}); the reason stands above.")


def _health(host: str, port: int) -> int:
    """The status of /healthz, asked of this machine whatever address the server listens on."""
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(asked, port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    finally:
        connection.close()
