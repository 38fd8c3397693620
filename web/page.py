"""A page: a template, in the reader's language and colours, with everything typed escaped."""

import hashlib
import json
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.address import names_place
from api.asker import Asker
from api.cookie import read_cookie
from web import i18n, words
from web.navigation import nearest, ways

HERE = Path(__file__).parent
STATIC = HERE / "static"
THEMES = ("light", "dark")


def render(
    request: Request, template: str, asker: Asker | None = None, status: int = 200, **context: Any
) -> HTMLResponse:
    """The page that `template` (under web/templates) makes of the context.

    Every template also knows: `asker`, `here` (path and query), `locale`, `theme`, `ways`, `nearest`, `static(name)`,
    `data(value)` for a block of JSON, and the filters date, time, moment, number, percent, person, degrees.
    """
    language = language_of(request, asker)
    theme = read_cookie(request, "theme")
    page = environment(language, asker.time_zone if asker else "UTC").get_template(template)
    query, path, offered = request.url.query, request.url.path, ways(asker)
    return HTMLResponse(
        page.render(
            asker=asker,
            ways=offered,
            nearest=nearest(offered, path),
            path=path,
            here=own_path(f"{path}?{query}", own_path(path)) if query and request.method == "GET" else own_path(path),
            theme=theme if theme in THEMES else None,
            **context,
        ),
        status,
        headers={"Content-Language": language, "Vary": "Cookie, Accept-Language", "Cache-Control": "no-store"},
    )


def language_of(request: Request, asker: Asker | None) -> str:
    """The language chosen on this device, else that of the account, else what the browser accepts."""
    return i18n.choose(
        read_cookie(request, "language"),
        asker.locale if asker and asker.locale != "en" else None,
        accepted=request.headers.get("accept-language"),
    )


@lru_cache(maxsize=64)
def speaker(language: str, time_zone: str) -> i18n.Speaker:
    """The words, dates and numbers of one language in one time zone."""
    return i18n.Speaker(language, time_zone)


def speaker_of(request: Request, asker: Asker | None) -> i18n.Speaker:
    """Who speaks to this reader."""
    return speaker(language_of(request, asker), asker.time_zone if asker else "UTC")


@lru_cache(maxsize=64)
def environment(language: str, time_zone: str) -> Environment:
    """The templates in one language and one time zone."""
    words_of = speaker(language, time_zone)
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The new style would take whatever `_()` is given for HTML of ours: also the label that a city gave a site type.
    made.install_gettext_translations(words_of.catalogue, newstyle=False)  # type: ignore[attr-defined]
    made.filters.update(
        date=words_of.date,
        time=words_of.time,
        moment=words_of.moment,
        number=words_of.number,
        percent=words_of.percent,
        apart=apart,
        degrees=lambda value: f"{value:.5f}",
        isolated=isolated,
        person=lambda name: words_of.text(name) if name == words.FORMER else name,
    )
    made.globals.update(locale=language, languages=i18n.languages(), static=static, data=data)
    made.globals.update(outcomes=words.OUTCOMES, bands=words.BANDS, statuses=words.STATUSES, roles=words.ROLES)
    return made


def apart(typed: str) -> Markup:
    """A text of someone's in the midst of ours: the direction of its letters does not turn what stands beside it."""
    return Markup("<bdi>{}</bdi>").format(typed)


def isolated(typed: str) -> str:
    """Likewise where there can be no element."""
    return f"\u2068{typed}\u2069"


def data(value: Any) -> Markup:
    """JSON for a data block in the page. Escaped so that no text in it can end the block."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - every sign that HTML reads was replaced above


def static(name: str) -> str:
    """The address of a file of web/static, with a mark of its content, so that it may be kept for ever."""
    path = STATIC / name
    return f"/static/{name}?v={_mark(path, path.stat().st_mtime_ns)}"


@cache
def _mark(path: Path, changed_at: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def with_next(path: str, wish: str) -> str:
    """The address of a page that leads on to where someone wanted to go."""
    return path if wish == "/" else f"{path}?{urlencode({'next': wish})}"


def own_path(wish: str | None, otherwise: str = "/") -> str:
    """A path of this server to go on to. Anything that could lead elsewhere becomes `otherwise`."""
    if not wish or len(wish) > 1000 or not wish.startswith("/") or wish.startswith("//"):
        return otherwise
    if any(sign in wish for sign in "\\\r\n\t") or not wish.isprintable():
        return otherwise
    parts = urlsplit(wish)
    return otherwise if parts.scheme or parts.netloc or names_place(wish) else wish
