"""What the docs say of the command line and the settings is what is there."""

import subprocess
import sys
from pathlib import Path

from api.settings import Settings

CHECKOUT = Path(__file__).parents[2]


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
