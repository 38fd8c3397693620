"""The app for the phone: one page without data, its words, its manifest, and the worker that keeps them."""

import hashlib
import json
from functools import cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.problem import NOT_FOUND, Problem
from web import i18n
from web.page import STATIC, language_of, render, static

router = APIRouter(prefix="/phone", include_in_schema=False)
PAGE = "/phone/app"
NAME = "Lantern"
SOURCES = ("web/scripts/phone/", "web/words.py", "data/")
ICONS = (180, 192, 512)
FILES = ("lantern.css", "phone.css", "built/phone/app.js", "lantern.svg", *(f"icon-{size}.png" for size in ICONS))
KEPT = {"Cache-Control": "public, no-cache"}


@router.get("/app")
async def phone_app(request: Request) -> Response:
    """The same for everyone, signed in or not: what it shows it fetches by itself."""
    return _page(request)


@router.get("/worker.js")
async def phone_worker(request: Request) -> Response:
    """The service worker, with the list of what it keeps before it: another build, other bytes."""
    files = [*(static(name) for name in FILES), _words_at(language_of(request, None)), "/phone/app.webmanifest"]
    mark = hashlib.sha256(bytes(_page(request).body) + json.dumps(files).encode())
    shell = {"version": mark.hexdigest()[:16], "page": PAGE, "files": files}
    script = (STATIC / "built" / "phone" / "worker.js").read_text(encoding="utf-8")
    return Response(f"const SHELL = {json.dumps(shell)};\n{script}", media_type="text/javascript", headers=KEPT)


@router.get("/app.webmanifest")
async def phone_manifest() -> Response:
    png = [{"src": static(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"} for size in ICONS]
    manifest = {
        "id": PAGE,
        "name": NAME,
        "short_name": NAME,
        "start_url": PAGE,
        "scope": PAGE,
        "display": "standalone",
        "background_color": "#0e1114",
        "theme_color": "#0f4266",
        "icons": [
            {"src": static("lantern.svg"), "sizes": "any", "type": "image/svg+xml"},
            *png,
            png[-1] | {"purpose": "maskable"},
        ],
    }
    return Response(json.dumps(manifest), media_type="application/manifest+json", headers=KEPT)


@router.get("/words/{language}.json")
async def phone_words(language: str) -> Response:
    """The app's texts in a language: by the English text, one translation, or a list of them by number."""
    if language not in i18n.languages():
        raise Problem(NOT_FOUND)
    return Response(words_of(language), media_type="application/json", headers=KEPT)


def _page(request: Request) -> Response:
    return render(request, "phone/app.html", words=_words_at(language_of(request, None)))


def _words_at(language: str) -> str:
    return f"/phone/words/{language}.json?v={hashlib.sha256(words_of(language).encode()).hexdigest()[:12]}"


def words_of(language: str) -> str:
    """The JSON of `phone_words`."""
    source = i18n.LOCALE / language / "messages.po"
    return _read_words(source, source.stat().st_mtime_ns) if source.is_file() else "{}"


@cache
def _read_words(source: Path, changed_at: int) -> str:
    with source.open("rb") as file:
        messages = [message for message in read_po(file) if message.id and not message.fuzzy]
    found = dict(map(_translation, filter(_is_shown, messages)))
    return json.dumps({text: said for text, said in found.items() if all(said)}, ensure_ascii=False, sort_keys=True)


def _is_shown(message: Message) -> bool:
    return any(place.startswith(SOURCES) for place, _ in message.locations)


def _translation(message: Message) -> tuple[str, str | list[str]]:
    if isinstance(message.id, str):
        return message.id, str(message.string)
    return message.id[0], list(message.string or ())
