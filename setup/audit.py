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
NPM = "https://registry.npmjs.org/-/npm/v1/security/advisories/bulk"
KNOWN = (
    ("Python", OSV, {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.10"}, "vulns"),
    ("the front end", NPM, {"minimist": ["0.0.8"]}, "minimist"),
)
"""A fault that has been known for years: a service that does not tell of it would tell of no other."""


def silent() -> list[str]:
    """The services that do not tell what they should know."""
    found = []
    for what, address, asked, answer in KNOWN:
        try:
            told = httpx.post(address, json=asked, timeout=20).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            told = None
        if not isinstance(told, dict) or not told.get(answer):
            found.append(f"{what} ({httpx.URL(address).host})")
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
    runs.append(([VENV / "bin" / "npm", "audit", "--registry", NPM.partition("/-/")[0]], HERE / "web"))
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
