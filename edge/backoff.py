"""How long to wait before a thing that failed is tried again: longer each time."""

from __future__ import annotations

import random


class Backoff:
    """Waits that grow from failure to failure, up to a most.

    Args:
        least_s: the first wait, seconds, above 0.
        most_s: the longest, seconds.
        factor: by which each is longer than the one before, at least 1.
        jitter: the share of each wait, 0 to 1, that chance may take away: after a server's
            restart a hundred kiosks must not come back in the same second ("equal jitter", a
            half, in M. Brooker, Exponential Backoff And Jitter, AWS, 2015).
        dice: where chance comes from.

    Raises:
        ValueError: one of them is out of its range.
    """

    def __init__(
        self,
        least_s: float = 0.5,
        most_s: float = 8.0,
        factor: float = 2.0,
        jitter: float = 0.0,
        dice: random.Random | None = None,
    ) -> None:
        if not 0 < least_s <= most_s or factor < 1 or not 0 <= jitter <= 1:
            raise ValueError(
                "a back-off takes 0 < least_s <= most_s, factor >= 1 and jitter from 0 to 1"
            )
        self._least_s, self._most_s, self._factor = least_s, most_s, factor
        self._jitter, self._dice = jitter, dice or random.Random()
        self._next_s = least_s

    def next_s(self) -> float:
        """Return how long to wait after one more failure, seconds."""
        wait_s = self._next_s
        self._next_s = min(self._most_s, wait_s * self._factor)
        return wait_s * self._dice.uniform(1 - self._jitter, 1)

    def reset(self) -> None:
        """Begin anew: what failed works again."""
        self._next_s = self._least_s
