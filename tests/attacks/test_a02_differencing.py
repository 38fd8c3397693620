"""A2. Differencing: tell a city from the same city with one more site, by what its release shows."""

import math

import pytest

from geo.release_draw import draw_values
from geo.release_series import PROFILES, Noise

RELEASES = 20_000
TRUE = 20
KINDS = sorted({noise for profile in PROFILES.values() for noise in profile.values()}, key=str)


def shown_from(count: int, noise: Noise) -> list[int]:
    """What many releases show of a cell; below every number where they show nothing."""
    drawn = draw_values({str(number): count for number in range(RELEASES)}, noise, {})
    return [shown.value if shown else -1 for shown in drawn.values()]


def advantage(without: list[int], with_one_more: list[int]) -> float:
    """Of the best guess there is for this noise: one more site where the number lies above the true one."""
    above = [sum(value > TRUE for value in values) / len(values) for values in (without, with_one_more)]
    return above[1] - above[0]


@pytest.mark.parametrize("noise", KINDS, ids=str)
def test_one_more_site_is_told_no_better_than_epsilon_allows(noise: Noise) -> None:
    found = advantage(shown_from(TRUE, noise), shown_from(TRUE + 1, noise))
    assert found <= math.tanh(noise.epsilon / 2) + 0.02
    if noise.threshold < TRUE:
        assert found >= math.tanh(noise.epsilon / 2) - 0.02, "there is more noise than said: the numbers are worse"


def test_control_without_noise_one_more_site_is_certain() -> None:
    assert advantage([TRUE] * RELEASES, [TRUE + 1] * RELEASES) >= 0.99
