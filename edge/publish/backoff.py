"""How long to wait before trying again: longer each time, and not all kiosks at once."""

from __future__ import annotations

import random


class Backoff:
    """Doubles the wait after each failure, and shortens it by up to a half at random.

    After a broker's restart a hundred kiosks must not come back in the same second
    ("equal jitter" in M. Brooker, Exponential Backoff And Jitter, AWS, 2015).

    Args:
        first_s: the first wait, seconds.
        most_s: no wait is longer, seconds.
        dice: where chance comes from.
    """

    def __init__(
        self, first_s: float = 1.0, most_s: float = 300.0, dice: random.Random | None = None
    ) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._dice = dice or random.Random()
        self._failures = 0

    def next_s(self) -> float:
        """Return the wait after one more failure, seconds."""
        # Beyond, a float no longer holds the power.
        longest = min(self._most_s, self._first_s * 2.0 ** min(self._failures, 64))
        self._failures += 1
        return longest * self._dice.uniform(0.5, 1)

    def reset(self) -> None:
        """Begin with the first wait again: something went well."""
        self._failures = 0
