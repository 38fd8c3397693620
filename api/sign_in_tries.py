"""How often sign-in may fail: bounds guessing, and the work that guessing makes for everyone else."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.problem import TOO_MANY, Problem

WINDOW_S = 600.0
MOST_FOR_AN_ADDRESS = 10  # of one account, from one client: others cannot lock its owner out
MOST_FROM_A_CLIENT = 100  # a whole office may sit behind one
MOST_AT_ONCE = 40
MOST_REMEMBERED = 20_000

Key = tuple[str, str]


class SignInTries:
    """The failed tries of the last minutes, and how many are being checked now; of this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[Key, tuple[float, int]] = OrderedDict()
        self._now = 0

    @contextmanager
    def one(self, client: str, email: str) -> Iterator[None]:
        """One try. Raises `too-many` before anything is done; a Problem inside is a failure."""
        spent = self._count((client, "")) >= MOST_FROM_A_CLIENT or self._count((client, email)) >= MOST_FOR_AN_ADDRESS
        if spent or self._now >= MOST_AT_ONCE:
            raise Problem(TOO_MANY, headers={"Retry-After": str(int(WINDOW_S)) if spent else "10"})
        self._now += 1
        try:
            yield
        except Problem:
            self._fail((client, ""))
            self._fail((client, email))
            raise
        else:
            self._failed.pop((client, email), None)
        finally:
            self._now -= 1

    def _fail(self, key: Key) -> None:
        count = self._count(key)
        self._failed[key] = (self._failed[key][0] if count else self._clock(), count + 1)
        if len(self._failed) > MOST_REMEMBERED:
            self._failed.popitem(last=False)

    def _count(self, key: Key) -> int:
        since, count = self._failed.get(key, (0.0, 0))
        return count if count and self._clock() - since < WINDOW_S else 0
