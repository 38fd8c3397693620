"""The laws of the house, checked on the files themselves."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import problem

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
SOURCES = ("*.py", "*.sql", "*.ts", "*.js", "*.mjs", "*.css", "*.html")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "misc"}


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=False)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    if not paths:
        pytest.skip("needs a git checkout")
    return [path for path in paths if path.is_file()]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def test_no_source_file_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tracked(*SOURCES)}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_function_is_long() -> None:
    paths = [path for path in tracked("*.py") if "versions" not in path.parts]
    long = {
        f"{path.relative_to(ROOT)}:{name}": lines
        for path in paths
        for name, lines in functions(path)
        if lines > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_file_is_named_by_its_noun() -> None:
    paths = tracked(*SOURCES)
    assert [path for path in paths if NAMES_THAT_SAY_NOTHING & {path.stem, *path.relative_to(ROOT).parts}] == []


def test_no_file_names_a_registry_or_a_place_of_one_machine() -> None:
    suspicious = re.compile(r"--(extra-)?index-url|\"resolved\":|registry\.npmjs|pypi\.org|/home/[a-z]+/|/root/|/work/")
    texts = {path: path.read_text(encoding="utf-8") for path in tracked() if path.suffix not in {".png", ".svg", ".mo"}}
    assert [path for path, text in texts.items() if path != Path(__file__) and suspicious.search(text)] == []


def test_no_file_was_left_half_merged() -> None:
    mark = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
    assert mark.search("{% if a %}\n" + "<" * 7 + " HEAD\n")
    texts = {path: path.read_text(encoding="utf-8") for path in tracked() if path.suffix not in {".png", ".svg", ".mo"}}
    assert [path for path, text in texts.items() if mark.search(text)] == []


def test_settings_are_set_in_the_form_that_reaches_the_workers_of_a_cluster() -> None:
    called = re.compile(r"(?<!`)\bset_config\(['\"]")
    assert called.search("SELECT set_config('lantern.scope', 'areas', true)")
    paths = [path for path in tracked("*.py", "*.sql") if path != Path(__file__)]
    assert [path for path in paths if called.search(path.read_text(encoding="utf-8"))] == []


def test_every_problem_is_documented() -> None:
    documented = (ROOT / "docs/reference/problems.md").read_text(encoding="utf-8")
    kinds = [kind for kind in vars(problem).values() if isinstance(kind, problem.Kind)]
    assert len(kinds) > 10
    assert [kind.slug for kind in kinds if f"| `{kind.slug}` | {kind.status} |" not in documented] == []


def test_every_dependency_has_a_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    names = {re.split(r"[\[<>=; ]", line)[0] for line in wanted}
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {name for name in names if name not in said and not name.startswith("types-")} == set()


def test_no_two_fixtures_that_every_test_gets_share_a_name() -> None:
    names = [
        node.name
        for path in tracked("tests/fixtures/*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any("pytest.fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    assert {name for name in names if names.count(name) > 1} == set()
