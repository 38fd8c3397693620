"""The site types that an organisation begins with, from `site_types.csv`, which a city may edit.

Each counts as something else elsewhere: ETHOS and ETHOS Light (FEANTSA), HUD's place not meant for habitation, the
Polish national count, CHAIN. They disagree, so a site keeps its own type and each category is derived from it. An empty
category means that the standard says nothing of it.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

GROUPS = frozenset({"open", "building", "transit", "vacant", "allotment", "camp", "mobile", "daytime"})
INDOOR_GROUPS = frozenset({"building", "transit", "vacant", "allotment"})
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class SiteType:
    """`revisit_days` is the interval that a new site of this type begins with; the last five are categories."""

    slug: str
    label: str
    group: str
    revisit_days: int
    ethos: str
    ethos_light: str
    hud: str
    polish_count: str
    chain: str

    @property
    def indoor(self) -> bool:
        return self.group in INDOOR_GROUPS


@cache
def site_types() -> tuple[SiteType, ...]:
    """The site types that Lantern ships, in the order of the file."""
    path = Path(__file__).with_name("site_types.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        return read_site_types(lines)


def read_site_types(lines: Iterable[str]) -> tuple[SiteType, ...]:
    """Site types from CSV with a header; ValueError says which line is wrong and why, without quoting it."""
    reader = csv.DictReader(lines)
    wanted = [field.name for field in fields(SiteType)]
    if reader.fieldnames is None or set(reader.fieldnames) != set(wanted):
        raise ValueError(f"The columns must be: {', '.join(wanted)}.")
    found: dict[str, SiteType] = {}
    for row in reader:
        site_type = _site_type(row, reader.line_num)
        if site_type.slug in found:
            raise ValueError(f"Line {reader.line_num}: this slug is there already.")
        found[site_type.slug] = site_type
    return tuple(found.values())


def _site_type(row: dict[str, str | None], line: int) -> SiteType:
    cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
    if None in row or any(cell is None for cell in row.values()):
        raise ValueError(f"Line {line}: the number of columns differs from the header's.")
    if not _SLUG.fullmatch(cells["slug"]):
        raise ValueError(f"Line {line}: a slug is lower-case letters, digits and hyphens.")
    if not cells["label"]:
        raise ValueError(f"Line {line}: the label is missing.")
    if cells["group"] not in GROUPS:
        raise ValueError(f"Line {line}: the group must be one of {', '.join(sorted(GROUPS))}.")
    days = cells.pop("revisit_days")
    if not days.isascii() or not days.isdigit() or not 1 <= int(days[:9]) <= 366:
        raise ValueError(f"Line {line}: revisit_days must be a whole number from 1 to 366.")
    return SiteType(revisit_days=int(days), **cells)
