"""A command brings along what it needs, and no more."""

import subprocess
import sys

import pytest
import typer

from api.command import app
from api.command.subcommand import PLACES
from tests.fixtures.command import CHECKOUT

LISTED = "from api.command import app; import sys; app(standalone_mode=False); print(*sys.modules)"


@pytest.mark.parametrize("words", [("import", "observations"), ("account", "create"), ("migrate",)])
def test_a_command_that_draws_and_serves_nothing_loads_no_map_library(words: tuple[str, ...]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LISTED, *words, "--help"], cwd=CHECKOUT, text=True, capture_output=True, check=True
    )
    assert not {"folium", "pandas", "uvicorn"} & set(run.stdout.splitlines()[-1].split())


def test_every_command_is_where_the_list_says() -> None:
    group = typer.main.get_group(app)
    assert [command.name for command in group.commands.values()] == list(PLACES)
