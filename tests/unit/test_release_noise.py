"""The noise of releases is what the documents say, and there at all."""

import math
from collections import Counter
from datetime import date

import pytest

from geo.release_draw import draw_values, noisy
from geo.release_series import PROFILES, Noise, Profile, ReleasePeriod, Series, latest_closed

DRAWS = 40_000


@pytest.mark.parametrize("epsilon", [1.0, 0.5, 0.25])
def test_the_noise_is_geometric_on_both_sides(epsilon: float) -> None:
    """Chi-square over the values within 4 scales; 99.99 % of honest draws stay under the bound."""
    drawn = Counter(noisy([0] * DRAWS, epsilon))
    ratio = math.exp(-epsilon)
    reach = range(-int(4 / epsilon), int(4 / epsilon) + 1)
    expected = {k: DRAWS * (1 - ratio) / (1 + ratio) * ratio ** abs(k) for k in reach}
    chi_square = sum((drawn[k] - expected[k]) ** 2 / expected[k] for k in reach)
    freedom = len(reach) - 1
    assert chi_square < freedom + 4 * math.sqrt(2 * freedom) + 10


def test_no_noise_would_be_noticed() -> None:
    drawn = noisy([20] * 1000, 1.0)
    assert 0.3 < sum(value == 20 for value in drawn) / 1000 < 0.6
    assert noisy([20] * 1000, 1.0) != drawn


@pytest.mark.parametrize(("epsilon", "radius"), [(1.0, 3), (0.5, 6), (0.25, 12)])
def test_the_interval_holds_the_true_count_in_95_of_100_draws_and_is_no_wider_than_it_must(
    epsilon: float, radius: int
) -> None:
    noise = Noise(epsilon, 8)
    assert noise.radius == radius
    drawn = noisy([0] * DRAWS, epsilon)
    assert sum(abs(value) <= radius for value in drawn) / DRAWS > 0.945
    assert sum(abs(value) <= radius - 1 for value in drawn) / DRAWS < 0.955


def test_numbers_are_shown_as_often_as_the_documents_say() -> None:
    noise = PROFILES[Profile.STANDARD][Series.CELLS]
    for count, expected in ((0, 0.0002), (5, 0.037), (8, 0.73), (10, 0.95)):
        drawn = draw_values({str(number): count for number in range(DRAWS)}, noise, {})
        share = sum(shown is not None for shown in drawn.values()) / DRAWS
        assert share == pytest.approx(expected, abs=0.015 if count else 0.0005)


@pytest.mark.parametrize(
    ("name", "series", "first", "last", "closes"),
    [
        ("2026-H1", Series.CELLS, date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 31)),
        ("2026-H2", Series.CELLS, date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 31)),
        ("2024-Q1", Series.DISTRICTS, date(2024, 1, 1), date(2024, 3, 31), date(2024, 5, 1)),
        ("2026-Q4", Series.DISTRICTS, date(2026, 10, 1), date(2026, 12, 31), date(2027, 1, 31)),
    ],
)
def test_a_period_has_its_days_and_closes_thirty_days_late(
    name: str, series: Series, first: date, last: date, closes: date
) -> None:
    period = ReleasePeriod.of(name, series)
    assert (period.first, period.last, period.closes_on) == (first, last, closes)
    assert latest_closed(series, closes).name == name
    assert latest_closed(series, date.fromordinal(closes.toordinal() - 1)).name != name
