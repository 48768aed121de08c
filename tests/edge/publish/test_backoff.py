from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from edge.publish.backoff import Backoff


@given(st.integers(0, 2**32), st.floats(0.01, 10), st.floats(10, 1000), st.integers(1, 200))
def test_waits_double_up_to_a_bound_and_differ_by_a_half_at_most(seed, first, most, count):
    backoff = Backoff(first, most, random.Random(seed))
    for failure in range(count):
        longest = min(most, first * 2.0 ** min(failure, 100))
        assert longest / 2 <= backoff.next_s() <= longest


def test_two_kiosks_do_not_come_back_at_the_same_moment():
    waits = {round(Backoff(dice=random.Random(seed)).next_s(), 3) for seed in range(50)}
    assert len(waits) > 40


def test_after_a_success_waits_are_short_again():
    backoff = Backoff(1, 300)
    for _ in range(10):
        backoff.next_s()
    assert backoff.next_s() > 100
    backoff.reset()
    assert backoff.next_s() <= 1
