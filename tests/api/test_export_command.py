"""`lantern export` and `lantern release`, as a person at a terminal uses them."""

import csv
import json
import stat
from pathlib import Path

import pytest

from tests.fixtures.command import Terminal
from tests.fixtures.town import SmallTown


@pytest.fixture
def settings(anyio_backend: str, town: SmallTown, database_url: str) -> dict[str, str]:
    return {"database_url": database_url}


DOGGERSTAD = ("--organisation", "doggerstad")
WHY = ("--purpose", "handover to the new team")


def test_a_file_is_written_whole_and_only_for_its_owner(
    terminal: Terminal, settings: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "sites.geojson"
    run = terminal.run("export", "sites", "-o", str(path), *DOGGERSTAD, *WHY, "--status", "active", **settings)
    assert run.returncode == 0, run.stderr
    assert "Wrote 3 sites." in run.stderr
    assert json.loads(path.read_text())["numberReturned"] == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_standard_output_holds_the_file_and_nothing_else(terminal: Terminal, settings: dict[str, str]) -> None:
    run = terminal.run(
        "export", "visits", "-o", "-", *DOGGERSTAD, *WHY, "--format", "csv", "--area", "north area", **settings
    )
    assert run.returncode == 0, run.stderr
    rows = list(csv.DictReader(run.stdout.splitlines()))
    assert [(row["worker"], row["number_returned"]) for row in rows] == [("Alice", "1")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("export", "sites", "-o", "-", "--organisation", "nowhere", *WHY), "no organisation of that name"),
        (("export", "sites", "-o", "-", *DOGGERSTAD, *WHY, "--team", "Nobody"), "no team of that name"),
        (("export", "areas", "-o", "-", *DOGGERSTAD, "--status", "active"), "--status does not go with areas"),
        (("export", "sites", "-o", "-", *DOGGERSTAD, "--bbox", "1,2,3"), "--bbox must be four numbers"),
        (("export", "sites", "-o", "/nowhere/at/all", *DOGGERSTAD, *WHY), "Cannot write"),
        (("export", "sites", "-o", "-", *DOGGERSTAD), "Say why exact places are needed"),
        (("export", "visits", "-o", "-", *DOGGERSTAD, "--purpose", " x "), "Say why exact places are needed"),
        (("release", "draw", *DOGGERSTAD, "--series", "cells", "--period", "2026-Q1"), "cells have half years"),
        (("release", "draw", *DOGGERSTAD, "--series", "cells", "--period", "2099-H1"), "takes late records"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    terminal: Terminal, settings: dict[str, str], words: tuple[str, ...], told: str
) -> None:
    run = terminal.run(*words, **settings)
    assert run.returncode == 1
    assert told in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_a_release_is_drawn_once_and_listed(terminal: Terminal, settings: dict[str, str], half: str) -> None:
    draw = ("release", "draw", *DOGGERSTAD, "--series", "cells", "--period", half)
    first = terminal.run(*draw, **settings)
    assert first.returncode == 0, first.stderr
    digest = first.stdout.split("SHA-256 ")[1].strip()
    second = terminal.run(*draw, **settings)
    assert second.returncode == 1
    assert "never a second one" in second.stderr
    listed = terminal.run("release", "list", *DOGGERSTAD, **settings)
    assert half in listed.stdout
    assert digest[:16] in listed.stdout
