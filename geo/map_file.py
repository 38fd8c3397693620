"""A map in one file that stands alone: scripts and styles within it, allowed by their hashes, and nothing else."""

import base64
import hashlib
import re
import zlib
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from geo.folium_map import Drawn
from geo.voice import Voice

ADDRESS = re.compile(r"url\(\s*[\"']?(?!data:)([^)\"']+)[\"']?\s*\)")
MAPPING = re.compile(r"(?m)^(//# sourceMappingURL=.*|/\*# sourceMappingURL=.*\*/)\s*$")


class BuildMissing(FileNotFoundError):
    """The front end is not built: run `make run` once, or `npm run build` in web/."""


def map_file(drawn: Drawn, panel: Markup, title: str, static: Path, voice: Voice) -> str:
    """The HTML of a file. `static` is the folder of web/static, from which scripts and styles are read."""
    styles = [_style(static / name) for name in (*drawn.styles, "lantern.css")]
    scripts = [_script(_read(static / name)) for name in drawn.scripts] + [drawn.script]
    policy = (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src {' '.join(map(_hash, scripts))}; style-src {' '.join(map(_hash, styles))}"
    )
    environment = Environment(
        loader=PackageLoader("geo", "panels"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("file.html").render(
        language=voice.language,
        title=title,
        policy=policy,
        styles=[Markup(style) for style in styles],  # noqa: S704 - our own files
        scripts=[Markup(script) for script in scripts],  # noqa: S704
        drawn=drawn,
        panel=panel,
    )


def packed_basemap(collections: Mapping[str, str]) -> dict[str, list[dict[str, str]]]:
    """GeoJSON texts by layer, deflated and in base64, for a file that may not ask for them."""
    return {"layers": [{"layer": layer, "packed": _pack(text)} for layer, text in collections.items()]}


def _pack(text: str) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode("ascii")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BuildMissing(f"{path.name} is missing: the front end is not built") from None


def _script(text: str) -> str:
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise ValueError("a script that holds the end of a script cannot stand in HTML")
    return MAPPING.sub("", text)


def _style(path: Path) -> str:
    """A style sheet with its pictures in it."""

    def inline(found: re.Match[str]) -> str:
        picture = path.parent / found[1]
        if not picture.is_file():
            return "none"
        kind = {".svg": "image/svg+xml", ".png": "image/png"}[picture.suffix]
        return f"url(data:{kind};base64,{base64.b64encode(picture.read_bytes()).decode('ascii')})"

    return MAPPING.sub("", ADDRESS.sub(inline, _read(path)))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
