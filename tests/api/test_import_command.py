"""Bring your own city, at the terminal."""

import json
from pathlib import Path

import pytest

from api.command.organisation import read_bounds
from api.command.refusal import Refusal
from tests.fixtures.command import Terminal

PASSWORD = "a long enough password"
CREATE = ("organisation", "create", "--slug", "doggerstad", "--name", "Doggerstad", "--time-zone", "Europe/London")
LOG = "observed_on,kind,people,lon,lat\n2024-03-05,tent,2,2.31,54.77\n2024-03-06,tent,-2,2.31,54.77\n"


class City:
    """Types `lantern …` against this test's database."""

    def __init__(self, terminal: Terminal, database_url: str, home: Path) -> None:
        self._terminal = terminal
        self._settings = {"database_url": database_url, "home": home}
        self.folder = home

    def type(self, *words: str, fails: bool = False) -> str:
        """What the command printed, on either stream."""
        done = self._terminal.run(*words, **self._settings)
        assert (done.returncode != 0) == fails, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def file(self, content: str) -> str:
        path = self.folder / "file.txt"
        path.write_text(content)
        return str(path)


@pytest.fixture
def city(terminal: Terminal, database_url: str, tmp_path: Path) -> City:
    return City(terminal, database_url, tmp_path)


def test_a_city_is_made_gets_its_first_manager_and_brings_files_in(city: City) -> None:
    assert "doggerstad" in city.type(*CREATE, "--bounds", "2.0,54.5,2.6,55.0")
    mara = ("--organisation", "doggerstad", "--email", "Mara@doggerstad.example")
    city.type(
        "account", "create", *mara, "--name", "Mara", "--role", "manager", "--role", "steward", "--password", PASSWORD
    )
    assert "mara@doggerstad.example  Mara  manager, steward" in city.type("account", "list", "-o", "doggerstad")
    city.type("account", "password", *mara, "--password", "another long password")
    city.type("account", "roles", *mara, "--role", "manager")
    city.type("account", "leave", *mara, "--on", "2026-11-30")
    assert "mara@doggerstad.example  Mara  manager  2026-11-30" in city.type("account", "list", "-o", "doggerstad")
    assert "2026-11-30" in city.type("account", "leave", *mara, "--on", "30 November", fails=True)
    city.type("account", "leave", *mara, "--back")
    said = city.type("import", "observations", city.file(LOG), "-o", "doggerstad", "--keep-going")
    assert "line 3: its number of people" in said
    assert [line.split() for line in said.splitlines() if "rows read" in line or line.startswith("kept")] == [
        ["rows", "read", "2"],
        ["kept", "1"],
    ]


def test_a_refused_row_without_keep_going_ends_with_status_1_and_nothing_written(city: City) -> None:
    city.type(*CREATE, "--bounds", "2.0,54.5,2.6,55.0")
    said = city.type("import", "observations", city.file(LOG), "-o", "doggerstad", fails=True)
    assert "Nothing was written: rows were refused" in said


def test_bounds_are_taken_from_a_file_a_tenth_wider(tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": [[[2.0, 54.0], [3.0, 54.0], [3.0, 55.0], [2.0, 55.0], [2.0, 54.0]]]}
    file = tmp_path / "square.geojson"
    file.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": square}))
    assert read_bounds(str(file)).bounds == pytest.approx((1.9, 53.9, 3.1, 55.1))


@pytest.mark.parametrize("bounds", ["3,54,2,55", "2,nan,3,55", "2,54,3", "a,b,c,d", "2,54,3,95", "absent.geojson"])
def test_bounds_that_are_no_box_are_refused(bounds: str) -> None:
    with pytest.raises(Refusal):
        read_bounds(bounds)


def test_what_is_not_there_is_said_in_one_line(city: City) -> None:
    assert "no organisation" in city.type("import", "sites", city.file(LOG), "-o", "atlantis", fails=True)
    city.type(*CREATE, "--bounds", "2.0,54.5,2.6,55.0")
    assert "already" in city.type(*CREATE, "--bounds", "2.0,54.5,2.6,55.0", fails=True)
    assert "The file has: wijk" in city.type(
        "import", "districts", city.file("wijk\nx\n"), "-o", "doggerstad", "--column", "name=naam", fails=True
    )
    mara = ("-o", "doggerstad", "--email", "mara@doggerstad.example")
    assert "no account" in city.type("account", "password", *mara, "--password", PASSWORD, fails=True)
    short = ("account", "create", *mara, "--name", "Mara", "--role", "manager", "--password", "short")
    assert "A password has 12 to 256 characters." in city.type(*short, fails=True)
    assert "The address is written as in" in city.type(*short[:4], "--email", "mara", *short[6:], fails=True)
    for common in ("iloveyou1234", "Doggerstad 2026", "mara@doggerstad"):
        assert "too easy to guess" in city.type(*short[:-1], common, fails=True)
