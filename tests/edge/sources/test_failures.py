from __future__ import annotations

import numpy as np
import pytest

from edge.errors import SourceUriError
from edge.sources.failures import KINDS, Failure, failing, parse_failures


def test_failures_have_a_time_and_last_for_a_while():
    found = parse_failures("replay:x", "hang@5s,unplug@9-12.5s,black@0.5")
    assert found == (
        Failure("hang", 5, 7),
        Failure("unplug", 9, 12.5),
        Failure("black", 0.5, 2.5),
    )


def test_only_one_fails_at_a_time():
    both = parse_failures("replay:x", "hang@1s-3s,unplug@2s-4s")
    found = [failing(both, time_s) for time_s in (0.9, 1, 2.9, 3, 4)]
    kinds = [each and each.kind for each in found]
    assert kinds == [None, "hang", "hang", "unplug", None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hang", "kind@5s"),
        ("hang@", "kind@5s"),
        ("hang@-1s", "kind@5s"),
        ("hang@5s-", "kind@5s"),
        ("hang@5s-5s", "ends before it begins"),
        ("hang@1e9s", "kind@5s"),
        ("nothing@5s", "there is hang, unplug, busy"),
        ("blak@5s", "did you mean black?"),
    ],
)
def test_a_wrong_failure_is_one_sentence(text, words):
    with pytest.raises(SourceUriError) as caught:
        parse_failures("replay:x", text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_frame_is_another_and_the_frame_stays_whole(kind):
    frame = np.full((40, 60, 3), 200, np.uint8)
    spoilt = Failure(kind, 0, 1).spoil(frame, 1)
    assert (frame == 200).all()
    assert (spoilt.shape, spoilt.dtype) == (frame.shape, frame.dtype)
    if kind == "black":
        assert spoilt.max() == 0
    elif kind == "half":
        assert (spoilt[:20] == 200).all()
        assert (spoilt[20:] == 128).all()
    elif kind == "garbage":
        assert spoilt.std() > 60
    else:
        assert spoilt is frame
