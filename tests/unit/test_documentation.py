"""What the docs say of the command line and the settings is what is there."""

import re
import subprocess
import sys
from pathlib import Path

from api.settings import Settings

CHECKOUT = Path(__file__).parents[2]
PAPERS = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
FILE = re.compile(r"`((?:api|data|docs|geo|migrations|setup|tests|web)/[\w./-]+\.[a-z]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def test_the_reference_of_the_command_line_is_the_help_of_the_commands() -> None:
    """When it differs: `make docs`."""
    written = subprocess.run(
        [sys.executable, "-m", "typer", "api.command", "utils", "docs", "--name", "lantern"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (CHECKOUT / "docs" / "reference" / "command-line.md").read_text().strip() == written.stdout.strip()


def test_every_setting_is_explained() -> None:
    explained = (CHECKOUT / "docs" / "start.md").read_text()
    for name in Settings.model_fields:
        assert f"`LANTERN_{name.upper()}`" in explained


def test_every_file_that_the_docs_name_is_there() -> None:
    """A page that says what shows a claim names it; when the file moves, the page moves with it."""
    named = {(paper.name, name) for paper in PAPERS for name in FILE.findall(paper.read_text(encoding="utf-8"))}
    assert len(named) > 20
    examples = {"web/locale/nl/messages.po"}
    made_up = {(paper, name) for paper, name in named if "shelter" in name or name in examples}
    assert sorted(one for one in named - made_up if not (CHECKOUT / one[1]).exists()) == []


def test_every_link_between_the_docs_leads_somewhere() -> None:
    links = [(paper, link) for paper in PAPERS for link in LINK.findall(paper.read_text(encoding="utf-8"))]
    assert len(links) > 30
    assert [(paper.name, link) for paper, link in links if not (paper.parent / link).exists()] == []
