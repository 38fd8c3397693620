"""The site types that an organisation begins with, and the categories that each counts in.

`site_types.csv` is the file a city edits: one line a type, with its revisit interval in days and its place in ETHOS,
ETHOS Light, HUD's codes, the Polish national count and UK CHAIN. An empty field means that the category has no word
for it.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class SiteTypeLine:
    """One line of `site_types.csv`."""

    slug: str
    label: str
    revisit_days: int
    ethos: str
    ethos_light: str
    hud: str
    polish_count: str
    chain: str


@cache
def site_types() -> tuple[SiteTypeLine, ...]:
    """All lines of `site_types.csv`, in its order."""
    with (files("data") / "site_types.csv").open(encoding="utf-8") as lines:
        return tuple(
            SiteTypeLine(**{**line, "revisit_days": int(line["revisit_days"])})  # type: ignore[arg-type]
            for line in csv.DictReader(lines)
        )
