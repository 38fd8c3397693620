"""The OWASP list in docs/reference/asvs.md: whole, in order, and nothing met without a place where that is seen."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "asvs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| ([a-z ]+) \| (.+) \|$", re.MULTILINE)
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.[a-z]+|[A-Z]+\.md|pyproject\.toml)`")
STATUSES = ("met", "not met", "does not apply")
LEVELS = {
    1: "1:22 2:111112222 3:11222222222 4:222 5:12",
    2: "1:122 2:112 3:1222 4:2",
    3: "2:11 3:1222 4:112222 5:11122 7:22",
    4: "1:122 2:2 3:22 4:1222",
    5: "1:2 2:112 3:11 4:222",
    6: "1:122 2:111111112222 3:1122 4:1122 5:22222 6:222 8:2222",
    7: "1:222 2:1111 3:22 4:11222 5:22 6:22",
    8: "1:12 2:112 3:1 4:2",
    9: "1:111 2:1222",
    10: "1:22 2:22 3:2222 4:11111222222 5:22222 6:22 7:222",
    11: "1:22 2:222 3:112 4:1222 5:2 6:2",
    12: "1:122 2:11 3:2222",
    13: "1:2 2:22222 3:22 4:12222",
    14: "1:22 2:1222 3:122",
    15: "1:122 2:122 3:1222222",
    16: "1:2 2:22222 3:2222 4:222 5:222",
    17: "1:2 2:2222 3:22",
}
"""ASVS 5.0.0, by chapter: each section with the level of its first, second, third … requirement. Those of level 3 come
after all others in a section, and are left out."""


class Requirement(NamedTuple):
    name: str
    level: str
    asked: str
    status: str
    where: str


LIST = [Requirement(*found) for found in ROW.findall(PAGE)]


def test_each_requirement_of_levels_1_and_2_stands_there_once_and_in_order() -> None:
    wanted = [
        (f"{chapter}.{section.partition(':')[0]}.{number}", level)
        for chapter, sections in LEVELS.items()
        for section in sections.split()
        for number, level in enumerate(section.partition(":")[2], 1)
    ]
    assert len(wanted) == 253
    assert [(one.name, one.level) for one in LIST] == wanted
    assert len(re.findall(r"^\| \d", PAGE, re.MULTILINE)) == len(LIST)


def test_each_is_met_or_not_met_or_does_not_apply() -> None:
    assert {one.status for one in LIST} <= set(STATUSES)


def test_what_is_met_names_a_file_and_every_file_that_is_named_is_there() -> None:
    assert [one.name for one in LIST if one.status == "met" and not FILE.search(one.where)] == []
    named = {(one.name, name) for one in LIST for name in FILE.findall(one.where)}
    assert sorted(one for one in named if not (ROOT / one[1]).is_file()) == []


def test_what_is_not_met_says_what_is_missing() -> None:
    assert [one.name for one in LIST if one.status == "not met" and len(one.where.split()) < 3] == []


def test_the_sums_are_right() -> None:
    for line, levels in (("level 1", "1"), ("level 1 and 2", "12")):
        of = Counter(one.status for one in LIST if one.level in levels)
        assert f"| {line} | {' | '.join(str(of[status]) for status in STATUSES)} |" in PAGE
