"""Asks the advisory services about every package that is pinned, of Python and of the front end. Fails where one has a
known fault, and where a service does not answer: what was not asked about was not audited."""

import subprocess
import sys
from pathlib import Path

import httpx

HERE = Path(__file__).parents[1]
VENV = HERE / ".venv"
TOOLS = VENV / "audit"
PINNED = HERE / "requirements" / "audit.txt"
OSV = "https://api.osv.dev/v1/query"
NPM = VENV / "bin" / "npm"
JINJA = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.10"}
"""It has faults that have been known for years: a service that tells of none would tell of no other."""
MINIMIST = {"minimist": ["0.0.8"]}
"""Likewise."""


def bulk() -> str:
    """Where npm asks for advisories: at the registry that it is set to."""
    asked = [NPM, "config", "get", "registry"]
    said = subprocess.run(asked, cwd=HERE / "web", capture_output=True, text=True, check=True)
    return f"{said.stdout.strip().rstrip('/')}/-/npm/v1/security/advisories/bulk"


def silent() -> list[str]:
    """The services that do not tell what they should know."""
    found = []
    known = (("Python (OSV)", OSV, JINJA, "vulns"), ("the front end (npm)", bulk(), MINIMIST, "minimist"))
    for what, address, asked, answer in known:
        try:
            told = httpx.post(address, json=asked, timeout=20).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            told = None
        if not isinstance(told, dict) or not told.get(answer):
            found.append(what)
    return found


def install() -> None:
    """pip-audit, apart from everything else: it brings thirty packages that Lantern needs for nothing."""
    done = TOOLS / PINNED.name
    if done.exists() and done.read_bytes() == PINNED.read_bytes():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", TOOLS], check=True)
    pip = [TOOLS / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", PINNED]
    subprocess.run(pip, check=True)
    done.write_bytes(PINNED.read_bytes())


def audit() -> bool:
    """Is nothing known against what is pinned? Each tool says what it found; all are run."""
    python = [TOOLS / "bin" / "pip-audit", "--strict", "--disable-pip", "--require-hashes", "-s", "osv", "-r"]
    runs = [([*python, HERE / "requirements" / name], HERE) for name in ("run.txt", "test.txt")]
    runs.append(([NPM, "audit"], HERE / "web"))
    codes = [subprocess.run(run, cwd=folder, check=False).returncode for run, folder in runs]
    return not any(codes)


def main() -> int:
    missing = silent()
    if missing:
        sys.stderr.write(f"Not audited: no answer from the advisory service for {' and '.join(missing)}.\n")
        return 2
    install()
    return 0 if audit() else 1


if __name__ == "__main__":
    sys.exit(main())
