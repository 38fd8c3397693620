"""`make audit` says what it could not ask about, and never takes silence for safety."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

SCRIPT = Path(__file__).parents[2] / "setup" / "audit.py"
NOTHING_THERE = {"https_proxy": "http://127.0.0.1:9", "no_proxy": ""}


def audit() -> Any:
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_where_no_service_is_reached_it_says_so_in_one_line_and_fails() -> None:
    env = os.environ | NOTHING_THERE | {name.upper(): value for name, value in NOTHING_THERE.items()}
    ran = subprocess.run([sys.executable, SCRIPT], env=env, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    silent = "Python (OSV) and the front end (npm)"
    assert ran.stderr == f"Not audited: no answer from the advisory service for {silent}.\n"


def test_a_service_that_does_not_know_of_an_old_fault_counts_as_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    one = audit()
    told: dict[str, Any] = {one.OSV: {"vulns": [{"id": "old"}]}, one.bulk(): {"minimist": [{"id": 1}]}}

    def post(address: str, **_: Any) -> httpx.Response:
        return httpx.Response(200, json=told[address], request=httpx.Request("POST", address))

    monkeypatch.setattr(one.httpx, "post", post)
    assert one.silent() == []
    told[one.bulk()] = {}
    assert one.silent() == ["the front end (npm)"]
    told[one.OSV] = {"vulns": []}
    assert len(one.silent()) == 2


def test_a_fault_that_any_tool_finds_fails_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    one, codes, ran = audit(), iter((0, 1, 0)), list[list[str]]()

    def run(command: list[Any], **_: Any) -> Any:
        ran.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, next(codes))

    monkeypatch.setattr(one.subprocess, "run", run)
    assert not one.audit()
    assert [Path(command[-1]).name for command in ran[:2]] == ["run.txt", "test.txt"]
    assert ran[2][1] == "audit"
