"""Cookies: strict, out of the reach of scripts, and wherever there is TLS bound to it and to this one host."""

from typing import Literal

from fastapi import Request, Response

SESSION = "lantern_session"
THIS_HOST = "__Host-"


def cookie_name(request: Request, name: str) -> str:
    """Over TLS with the prefix that browsers take from this host alone: no neighbour on the same domain plants one."""
    return f"{THIS_HOST}{name}" if over_tls(request) else name


def over_tls(request: Request) -> bool:
    return request.url.scheme == "https"


def read_cookie(request: Request, name: str) -> str:
    """Empty where there is none."""
    return request.cookies.get(cookie_name(request, name), "")


def set_cookie(
    response: Response,
    request: Request,
    name: str,
    value: str,
    seconds: int,
    *,
    samesite: Literal["strict", "lax"] = "strict",
) -> None:
    """Kept for so long. Seconds of 0 take the cookie away. `lax` where someone comes back from another site."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=seconds,
        httponly=True,
        secure=over_tls(request),
        samesite=samesite,
        path="/",
    )


def drop_cookie(response: Response, request: Request, name: str) -> None:
    set_cookie(response, request, name, "", 0)
