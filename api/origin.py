"""Where browsers find Lantern, as far as it knows itself: never from what a request says."""

from typing import cast

from fastapi import Request

from api.settings import Settings


def own_origin(request: Request) -> str | None:
    """The origin of the settings; without one, while only this machine reaches the server, the one of its two names
    for itself by which it was asked. None where Lantern does not know."""
    settings = cast(Settings, request.app.state.settings)
    if settings.origin is not None or not settings.on_loopback:
        return settings.origin
    name = "localhost" if request.url.hostname == "localhost" else "127.0.0.1"
    return f"http://{name}:{own_port(request)}"


def own_port(request: Request) -> int:
    """The port on which the request came in."""
    settings = cast(Settings, request.app.state.settings)
    _, port = request.scope.get("server") or ("", None)
    return port or settings.port
