"""What may stand in a text that someone types."""

import sys
from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.typed_text import MOST_MARKS, NotText, check_line, check_lines, composed, one_line

KEPT = (
    "Łódź, ul. Ząbkowska 3",
    "’t Zand – kade nr. 5 (achter het hek) €",
    "می‌خواهم",  # Persian, with a joiner that parts
    "क्‍ष",  # Hindi, with one that joins
    "👩🏽‍⚕️ 🏳️‍🌈 👨‍👩‍👧",
    "مركز المدينة",
    "שלום",
    "駅前 公園",
    "Ôn Ế Ǆ",
    "؀١٢٣",
)
UNSEEN = {
    "a bidi override": "\u202e",
    "a bidi embedding": "\u202a",
    "a bidi isolate": "\u2066",
    "the end of an isolate": "\u2069",
    "a mark of direction": "\u200f",
    "a zero width space": "\u200b",
    "a byte order mark": "\ufeff",
    "a word joiner": "\u2060",
    "a soft hyphen": "\xad",
    "NUL": "\0",
    "an escape": "\x1b",
    "a C1 control": "\x9b",
    "a delete": "\x7f",
    "a carriage return": "\r",
    "a line separator": "\u2028",
    "a lone surrogate": "\ud800",
    "private use": "\ue000",
    "a tag": "\U000e0041",
    "no character": "\uffff",
    "a Hangul filler": "\u3164",
    "an empty braille cell": "\u2800",
    "two joiners": "\u200d\u200d",
    "a selector after a joiner": "\u200d\ufe0f",
    "two selectors": "\U000e0101\U000e0102",
}


@pytest.mark.parametrize("text", KEPT)
def test_the_words_of_every_script_are_kept(text: str) -> None:
    assert one_line(text) == normalize("NFC", text)
    assert check_lines(f"{text}\n{text}")


@pytest.mark.parametrize("sign", UNSEEN.values(), ids=UNSEEN.keys())
def test_what_cannot_be_seen_is_refused_wherever_it_stands(sign: str) -> None:
    for text in (f"a{sign}b", f"{sign}b", f"a{sign}"):
        with pytest.raises(NotText, match="cannot be seen"):
            check_line(text)
        with pytest.raises(NotText, match="cannot be seen"):
            check_lines(text)


def test_every_sign_of_the_categories_of_the_unseen_is_refused_but_the_few_that_scripts_need() -> None:
    passed = set()
    for number in range(sys.maxunicode + 1):
        sign = chr(number)
        if category(sign) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
            try:
                passed.add(check_line(f"a{sign}b")[1])
            except NotText:
                continue
    seen = {sign for sign in passed if sign not in "\u200c\u200d"}
    assert passed - seen == {"\u200c", "\u200d"}
    assert len(seen) == 13
    assert all(category(sign) == "Cf" for sign in seen)


def test_a_joiner_stands_after_a_sign_only() -> None:
    for text in ("\u200da", "a \u200db", "a\u200d", "\ufe0fa"):
        with pytest.raises(NotText):
            check_line(text)


def test_marks_are_not_piled_up() -> None:
    assert check_line("e" + "\u0301" * MOST_MARKS)
    with pytest.raises(NotText, match="too many marks"):
        check_line("e" + "\u0301" * (MOST_MARKS + 1))


def test_only_a_text_of_lines_has_lines() -> None:
    assert composed("one\r\ntwo\tthree\xa0four") == "one\ntwo three four"
    assert check_lines("one\ntwo")
    with pytest.raises(NotText):
        check_line("one\ntwo")


@given(st.text(max_size=40))
def test_what_is_kept_stays_as_it_is_and_prints(text: str) -> None:
    try:
        kept = one_line(text)
    except NotText:
        return
    assert one_line(kept) == kept
    assert not any(category(sign) in {"Cc", "Cs", "Co", "Zl", "Zp"} for sign in kept)
