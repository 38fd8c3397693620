"""A8. Nought against seven: tell hidden numbers apart by anything that the file gives away."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

import pytest

from geo.grid import cell_code
from geo.release import Release
from geo.release_draw import draw_values
from geo.release_file import METHOD, UNIT, Shown, release_file
from geo.release_geography import Shapes
from geo.release_series import PROFILES, Profile, Series

CELL = 3870_003150
NOISE = PROFILES[Profile.STANDARD]


def hidden(series: Series, code: str, count: int) -> Mapping[str, Shown | None]:
    """Draws until the number is hidden, as it is in most draws."""
    while True:
        drawn = draw_values({code: count}, NOISE[series], {})
        if drawn[code] is None:
            return drawn


def file_of(series: Series, values: Mapping[str, Shown | None]) -> bytes:
    release = Release(
        organisation_id=UUID(int=1), id=UUID(int=2), series=series.value, geography_version=1, period="2026-H1",
        first_day=date(2026, 1, 1), last_day=date(2026, 6, 30), profile="standard", unit=UNIT, method=METHOD,
        epsilon=NOISE[series].epsilon, threshold=NOISE[series].threshold, drawn_at=datetime(2026, 8, 1, tzinfo=UTC),
    )  # fmt: skip
    return release_file(release, Shapes(1, {CELL: "N"}, {"N": "North"}), values)


@pytest.mark.parametrize("series", Series)
def test_a_hidden_nought_and_a_hidden_seven_make_the_same_bytes_and_so_the_same_length_and_etag(
    series: Series,
) -> None:
    code = cell_code(CELL, 1000) if series is Series.CELLS else "N"
    files = {file_of(series, hidden(series, code, count)) for count in (0, 1, 7) for _ in range(50)}
    assert len(files) == 1
    properties = json.loads(files.pop())["features"][0]["properties"]
    assert {name: properties[name] for name in ("shown", "value", "low", "high")} == {
        "shown": False,
        "value": None,
        "low": None,
        "high": None,
    }


def test_the_order_of_hidden_numbers_is_that_of_their_codes() -> None:
    counts = {f"code-{number:03}": number % 8 for number in range(100)}
    drawn = draw_values(counts, NOISE[Series.CELLS], {})
    assert list(drawn) == list(counts)


def test_control_a_file_that_hides_by_the_true_count_gives_it_away() -> None:
    """The value below the threshold rounded to 'none' or 'few', as many maps do: length and digest differ."""
    told = [json.dumps({"value": "none" if count == 0 else "few"}) for count in (0, 7)]
    assert len({sha256(text.encode()).digest() for text in told}) == 2
