"""What remains at risk after releases, in the numbers that the docs give."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from geo.release_advantage import advantage
from geo.release_series import PROFILES, Profile, Series

DOCS = Path(__file__).parents[2] / "docs" / "why"


def releases(profile: Profile, half_years: int) -> list[float]:
    """The ε of each: cells each half year, districts each quarter."""
    each = {series: noise.epsilon for series, noise in PROFILES[profile].items()}
    cells = [each[Series.CELLS]] * half_years if Series.CELLS in each else []
    return cells + [each[Series.DISTRICTS]] * 2 * half_years


@pytest.mark.parametrize(
    ("profile", "half_years", "told"),
    [
        (Profile.STANDARD, 1, 0.46),
        (Profile.STANDARD, 2, 0.60),
        (Profile.STANDARD, 4, 0.77),
        (Profile.CAREFUL, 4, 0.46),
        (Profile.STRICT, 4, 0.27),
    ],
)
def test_a_profile_leaves_what_the_docs_say(profile: Profile, half_years: int, told: float) -> None:
    assert round(advantage(releases(profile, half_years)), 2) == told
    assert f"{told:.2f}" in (DOCS / "protection.md").read_text(encoding="utf-8")


def test_one_release_leaves_what_its_epsilon_allows() -> None:
    assert advantage([1.0]) == pytest.approx(math.tanh(0.5))
    assert advantage([]) == 0


@pytest.mark.parametrize("epsilons", [[1.0, 0.5, 0.5], [0.5, 0.25]])
def test_it_is_the_distance_of_the_noise_itself(epsilons: Sequence[float]) -> None:
    """Summed over every pair (or triple) of values that a true count and one more can give, without likelihoods."""
    without, with_it = np.ones(1), np.ones(1)
    for epsilon in epsilons:
        values, ratio = np.arange(-60, 61), math.exp(-epsilon)
        noise = (1 - ratio) / (1 + ratio)
        without = np.multiply.outer(without, noise * ratio ** np.abs(values)).ravel()
        with_it = np.multiply.outer(with_it, noise * ratio ** np.abs(values - 1)).ravel()
    assert np.abs(without - with_it).sum() / 2 == pytest.approx(advantage(epsilons), abs=1e-4)
