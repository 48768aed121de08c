"""Readings to keep, and moments to keep them at."""

from __future__ import annotations

import numpy as np

from edge.journal.clock import Moment
from edge.reading import Digit, Reading

DAY_S = 86_400
# 24 November 2026, 12:00 UTC.
NOON_US = 1_795_521_600_000_000


def accepted(postcode="04524", region=None):
    digits = tuple(
        Digit(digit, 0.998, ((1.5, 2), (9, 2), (9, 9.25), (1.5, 9))) for digit in postcode
    )
    return Reading("accepted", None, postcode, postcode, 0.99, digits, region, None, 12.5)


def doubtful(guess="67381", reason="low-confidence"):
    digits = tuple(Digit(digit, 0.8, None) for digit in guess)
    return Reading("rejected", "a.jpg", None, guess, 0.328, digits, None, reason, 7.0)


def table(seed=0):
    rows = np.random.default_rng(seed).random((5, 10), np.float32)
    return rows / rows.sum(axis=1, keepdims=True)


def pictures(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (5, 28, 28), np.uint8)


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, wall_us=NOON_US, is_right=True, boot="first", uptime_s=100.0):
        self.moment = Moment(wall_us, is_right, boot, uptime_s)

    def __call__(self):
        return self.moment

    def pass_s(self, seconds):
        before = self.moment
        self.moment = Moment(
            before.wall_us + round(seconds * 1e6),
            before.clock_is_right,
            before.boot_id,
            before.uptime_s + seconds,
        )

    def jump_s(self, seconds, is_right=False):
        before = self.moment
        self.moment = Moment(
            before.wall_us + round(seconds * 1e6), is_right, before.boot_id, before.uptime_s
        )

    def reboot(self, boot, is_right=True):
        self.moment = Moment(self.moment.wall_us, is_right, boot, 10.0)
