"""How far the work has come, on standard error, for people who watch."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from edge.reading import Reading

# Seconds between two looks of the bar.
_EVERY = 0.5


class Progress:
    """A bar with the inputs that are done, their rate, the time left and how they went.

    It is drawn where standard error is a terminal and tqdm is installed, and nowhere else.

    Args:
        listing: lists the inputs once more, to count them; None where that can't be done
            or would take too long. Documents count as one, until they are opened.
        counts: statuses of what was done before.
        stream: None is standard error.
        is_shown: False where something else is printed there.
    """

    def __init__(
        self,
        listing: Callable[[], Iterable[object]] | None,
        counts: Mapping[str, int],
        stream: TextIO | None = None,
        is_shown: bool = True,
    ) -> None:
        stream = sys.stderr if stream is None else stream
        self._counts = Counter(counts)
        self._bar: Any = None
        if not is_shown or stream is None or not stream.isatty():
            return
        try:
            from tqdm import tqdm  # type: ignore[import-untyped]
        except ImportError:
            return
        self._bar = tqdm(
            file=stream,
            unit="",
            initial=self._counts.total(),
            mininterval=_EVERY,
            dynamic_ncols=True,
            smoothing=0.05,
        )
        if listing is not None:
            threading.Thread(target=self._count, args=(listing,), name="count", daemon=True).start()

    def add(self, reading: Reading) -> None:
        """Note a reading."""
        self._counts[reading.status] += 1
        if self._bar is not None:
            # Written out only when the bar is drawn the next time.
            self._bar.set_postfix_str(self._words(), refresh=False)
            if self._bar.total is not None and self._bar.n >= self._bar.total:
                # Pages and envelopes in videos were not counted.
                self._bar.total = self._bar.n + 1
            self._bar.update()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _words(self) -> str:
        counts = self._counts
        words = [f"accepted {counts['accepted']}", f"rejected {counts['rejected']}"]
        if counts["no-boxes"]:
            words.append(f"no boxes {counts['no-boxes']}")
        return ", ".join([*words, f"errors {counts['error']}"])

    def _count(self, listing: Callable[[], Iterable[object]]) -> None:
        # What can't be listed is told by those who read.
        with contextlib.suppress(Exception):
            total = sum(1 for _ in listing())
            self._bar.total = max(total, self._bar.n)
