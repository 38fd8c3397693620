"""Numbers as a reader sees them."""

import pytest

from geo.voice import PlainVoice, Voice
from web.i18n import Speaker


@pytest.mark.parametrize("voice", [PlainVoice(), Speaker("en", "UTC")])
def test_numbers_below_each_other_have_the_same_decimals(voice: Voice) -> None:
    assert [voice.number(size, 3) for size in (0.5, 1234.25, 2.0, 0.1234)] == ["0.500", "1,234.250", "2.000", "0.123"]
    assert [voice.number(count) for count in (7, 1234, None)] == ["7", "1,234", "–"]


def test_every_language_writes_decimals_in_its_own_way() -> None:
    assert [Speaker(language, "UTC").number(1234.5, 2) for language in ("nl", "fr")] == ["1.234,50", "1\u202f234,50"]
