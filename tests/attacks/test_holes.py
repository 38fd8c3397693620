"""Classic holes, opened one after another: the ordinary tests must fail for each, and pass without it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.hole import Hole
from tests.attacks.holes import HOLES
from tests.fixtures.process import CHECKOUT

A_FEW = {
    "a worker reaches the whole organisation",
    "holiday cover lasts a day too long",
    "a sealed note opens in another row",
    "another site may write",
}


def told(holes: list[Hole], folder: Path) -> dict[str, dict[str, str]]:
    """What became of each test: by hole (or none), then by test: `passed: `, `failed: why`."""
    file = folder / "told.json"
    tests = sorted({test for hole in holes for test in hole.caught_by})
    names = ",".join(hole.name for hole in holes)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.attacks.hole_plugin",
         "--holes", names, "--told", str(file), *tests],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert file.exists(), run.stdout + run.stderr
    found: dict[str, dict[str, str]] = json.loads(file.read_text())
    return found


def faults(holes: list[Hole], found: dict[str, dict[str, str]]) -> list[str]:
    """Tests that fail by themselves, and those that do not notice a hole."""
    wrong = [
        f"{test} fails without a hole: {was}" for test, was in found["without a hole"].items() if was != "passed: "
    ]
    for hole in holes:
        under = found.get(hole.name, {})
        for test in hole.caught_by:
            outcomes = [was for name, was in under.items() if name == test or name.startswith(f"{test}[")]
            if not any(was.startswith("failed: ") for was in outcomes):
                wrong.append(f"“{hole.name}” is not noticed by {test}: {outcomes}")
    return wrong


def table(holes: list[Hole], found: dict[str, dict[str, str]]) -> str:
    lines = [f"{hole.name}: {test}" for hole in holes for test in sorted(found.get(hole.name, {}))
             if found[hole.name][test].startswith("failed: ")]  # fmt: skip
    return "\n".join(["", *lines, f"{len(holes)} holes"])


def test_a_few_holes_are_noticed(tmp_path: Path) -> None:
    few = [hole for hole in HOLES if hole.name in A_FEW]
    assert len(few) == len(A_FEW)
    assert faults(few, told(few, tmp_path)) == []


@pytest.mark.attack
def test_every_hole_is_noticed(tmp_path: Path) -> None:
    assert len(HOLES) == len({hole.name for hole in HOLES}) >= 30
    found = told(HOLES, tmp_path)
    wrong = faults(HOLES, found)
    print(table(HOLES, found))  # noqa: T201
    assert wrong == [], "\n".join(wrong)


def test_control_a_hole_that_no_test_notices_is_told() -> None:
    hole: Any = Hole("a hole", ("a test",))
    found = {"without a hole": {"a test": "passed: "}, "a hole": {"a test": "passed: "}}
    assert len(faults([hole], found)) == 1
    assert len(faults([hole], found | {"a hole": {"a test": "setup failed: why"}})) == 1
    assert faults([hole], found | {"a hole": {"a test": "failed: why"}}) == []
