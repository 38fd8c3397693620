"""The catalogue of every text that people read: `python -m web.catalogue` writes web/locale/lantern.pot.

How a translation is begun from it stands in docs/how-to/translate.md.
"""

from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from data.site_types import site_types
from web.i18n import LOCALE

ROOT = Path(__file__).parents[1]
TEMPLATE = LOCALE / "lantern.pot"
TEMPLATES = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
# The texts of maps are spoken by `say` and `voice.text`, the titles of problems are the third part of their kind.
PYTHON = {"N_": None, "say": None, "text": None, "Kind": (3,)}
MARKUP = {"_": None, "ngettext": (1, 2)}
SOURCES: list[tuple[str, list[tuple[str, str]], dict[str, Any]]] = [
    ("api", [("problem.py", "python")], {"Kind": (3,)}),
    ("geo", [("*map*.py", "python")], PYTHON),
    ("geo/panels", [("**.html", "jinja2")], MARKUP),
    ("web", [("**.py", "python")], PYTHON),
    ("web/templates", [("**.html", "jinja2")], MARKUP),
    ("web/scripts/phone", [("**.ts", "javascript"), ("**.tsx", "javascript")], MARKUP),
]


def gather() -> Catalog:
    """Every text, with the files it stands in."""
    catalogue = Catalog(project="Lantern", copyright_holder="the Lantern project", charset="utf-8", fuzzy=False)
    for folder, methods, keywords in SOURCES:
        found = extract_from_dir(ROOT / folder, methods, {"**.html": TEMPLATES}, keywords, comment_tags=())
        for path, _, message, _, _ in found:
            if message:
                catalogue.add(message, locations=[(f"{folder}/{path}", None)])  # type: ignore[list-item]
    for kind in site_types():
        catalogue.add(kind.label, locations=[("data/site_types.csv", None)])  # type: ignore[list-item]
    return catalogue


def as_text() -> str:
    """The file, without a date: it changes only when a text does."""
    written = BytesIO()
    write_po(written, gather(), width=120, sort_output=True, include_lineno=False, omit_header=True)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    return header + written.getvalue().decode("utf-8")


if __name__ == "__main__":
    TEMPLATE.write_text(as_text(), encoding="utf-8")
