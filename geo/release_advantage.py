"""How much better than a coin someone guesses whether one more site exists, who knows every other site and holds every
release in which it would have been counted: 0 is a coin, 1 is certain."""

import math
from collections import defaultdict
from collections.abc import Iterable


def advantage(epsilons: Iterable[float]) -> float:
    """The best there is against unhidden values, for one ε a release: the total variation distance of all of them.

    One more site shifts one count by one. Under geometric noise on both sides (Ghosh, Roughgarden, Sundararajan 2012)
    each release then weighs for it or against it by e^ε, the former with probability e^ε / (1 + e^ε).
    """
    weights = {0.0: 1.0}
    for epsilon in epsilons:
        speaks_for = math.exp(epsilon) / (1 + math.exp(epsilon))
        after: dict[float, float] = defaultdict(float)
        for weight, chance in weights.items():
            after[round(weight + epsilon, 9)] += chance * speaks_for
            after[round(weight - epsilon, 9)] += chance * (1 - speaks_for)
        weights = after
    return sum(chance * max(0.0, 1 - math.exp(-weight)) for weight, chance in weights.items())
