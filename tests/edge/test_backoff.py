from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.backoff import Backoff


def test_waits_double_up_to_the_longest():
    backoff = Backoff(0.5, 3.0)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1, 2, 3, 3]


def test_what_works_again_begins_anew():
    backoff = Backoff(0.5, 8.0)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 0.5


@pytest.mark.parametrize("wrong", [(0, 1, 2), (2, 1, 2), (1, 2, 0.5), (-1, 2, 2), (1, 2, 2, 1.5)])
def test_waits_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="back-off"):
        Backoff(*wrong)


@given(st.integers(0, 2**32), st.floats(0.01, 10), st.floats(10, 1000), st.integers(1, 200))
def test_with_jitter_waits_are_shorter_by_a_half_at_most(seed, first, most, count):
    backoff = Backoff(first, most, jitter=0.5, dice=random.Random(seed))
    for failure in range(count):
        longest = min(most, first * 2.0 ** min(failure, 100))
        assert 0.49 * longest <= backoff.next_s() <= 1.01 * longest


def test_two_kiosks_do_not_come_back_at_the_same_moment():
    dice = [random.Random(seed) for seed in range(50)]
    waits = {round(Backoff(jitter=0.5, dice=each).next_s(), 3) for each in dice}
    assert len(waits) > 40
