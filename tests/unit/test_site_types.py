"""The site types of `data/site_types.csv`."""

import re
from pathlib import Path

import pytest

from data.site_types import GROUPS, read_site_types, site_types

HEADER = "slug,label,group,revisit_days,ethos,ethos_light,hud,polish_count,chain"
TENT = "tent,Tent,camp,14,11.3,5,116,miejsca niemieszkalne,counts"
OF_THE_DESIGN = {
    "street", "park", "doorway", "bridge", "stairwell", "basement", "bin-shed", "heating-duct", "station",
    "public-transport", "hospital-waiting-room", "lobby", "vacant-building", "squat", "allotment-hut", "tent",
    "vehicle", "boat", "daytime-place", "on-the-move",
}  # fmt: skip


def test_every_type_of_the_design_is_there_once() -> None:
    slugs = [site_type.slug for site_type in site_types()]
    assert set(slugs) >= OF_THE_DESIGN
    assert len(slugs) == len(set(slugs))


def test_every_type_has_a_label_a_group_and_an_interval() -> None:
    for site_type in site_types():
        assert site_type.label
        assert site_type.group in GROUPS
        assert 1 <= site_type.revisit_days <= 366


def test_the_crosswalk_says_what_the_standards_say() -> None:
    by_slug = {site_type.slug: site_type for site_type in site_types()}
    assert by_slug["allotment-hut"].polish_count == "domki i altany działkowe"
    assert by_slug["vacant-building"].polish_count == "pustostany"
    assert by_slug["station"].polish_count == "miejsca niemieszkalne (dworce)"
    assert by_slug["squat"].chain == "excluded"
    assert by_slug["doorway"].ethos == "1.1"
    assert by_slug["boat"].ethos == "11.1"
    assert {site_type.hud for site_type in site_types()} == {"116"}
    assert all(re.fullmatch(r"\d+\.\d(/\d+\.\d)?", site_type.ethos) for site_type in site_types())


def test_a_citys_own_list_is_read() -> None:
    (tent,) = read_site_types([HEADER, TENT])
    assert (tent.slug, tent.revisit_days, tent.indoor) == ("tent", 14, False)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["slug,label", "tent,Tent"], "columns must be"),
        ([], "columns must be"),
        ([HEADER, TENT, TENT], "Line 3: this slug is there already"),
        ([HEADER, TENT.replace("tent,", "Tent,", 1)], "Line 2: a slug is"),
        ([HEADER, TENT.replace("Tent", " ")], "Line 2: the label is missing"),
        ([HEADER, TENT.replace("camp", "camps")], "Line 2: the group must be"),
        ([HEADER, TENT.replace("14", "0")], "Line 2: revisit_days"),
        ([HEADER, TENT.replace("14", "١٤")], "Line 2: revisit_days"),
        ([HEADER, TENT.replace("14", "9" * 5000)], "Line 2: revisit_days"),
        ([HEADER, TENT + ",more"], "Line 2: the number of columns"),
        ([HEADER, "tent,Tent,camp"], "Line 2: the number of columns"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_the_reason(lines: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_site_types(lines)


def test_the_reference_names_every_column_and_group() -> None:
    said = (Path(__file__).parents[2] / "docs/reference/site-types.md").read_text(encoding="utf-8")
    assert [name for name in HEADER.split(",") if f"`{name}`" not in said] == []
    assert [group for group in GROUPS if group not in said] == []
