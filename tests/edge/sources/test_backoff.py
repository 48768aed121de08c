from __future__ import annotations

import pytest

from edge.sources.backoff import Backoff


def test_waits_double_up_to_the_longest():
    backoff = Backoff(0.5, 3.0)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1, 2, 3, 3]


def test_what_works_again_begins_anew():
    backoff = Backoff(0.5, 8.0)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 0.5


@pytest.mark.parametrize("wrong", [(0, 1, 2), (2, 1, 2), (1, 2, 0.5), (-1, 2, 2)])
def test_waits_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="back-off"):
        Backoff(*wrong)
