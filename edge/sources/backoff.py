"""How long to wait before a thing that failed is tried again."""

from __future__ import annotations


class Backoff:
    """Waits that grow from failure to failure, up to a most.

    Args:
        least_s: the first wait, seconds, above 0.
        most_s: the longest, seconds.
        factor: by which each is longer than the one before, at least 1.

    Raises:
        ValueError: one of them is out of its range.
    """

    def __init__(self, least_s: float = 0.5, most_s: float = 8.0, factor: float = 2.0) -> None:
        if not 0 < least_s <= most_s or factor < 1:
            raise ValueError("a back-off takes 0 < least_s <= most_s and factor >= 1")
        self._least_s, self._most_s, self._factor = least_s, most_s, factor
        self._next_s = least_s

    def next_s(self) -> float:
        """Return how long to wait after one more failure, seconds."""
        wait_s = self._next_s
        self._next_s = min(self._most_s, wait_s * self._factor)
        return wait_s

    def reset(self) -> None:
        """Begin anew: what failed works again."""
        self._next_s = self._least_s
