from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.consensus import Consensus, Settings
from edge.decode import Box, decode
from edge.directory import Directory

STEP = 0.04
EVERYTHING = Directory(np.ones((10,) * 5, bool), {"0": "there"})


def quad(place):
    return ((place, 0.0), (place + 1.0, 0.0), (place + 1.0, 1.0), (place, 1.0))


def boxes(postcode, confidence=0.99, place=0.0):
    """Return five boxes, each as sure as this of its digit; a blank is a blank box."""
    written = []
    for digit in postcode:
        row = np.full(10, (1 - confidence) / 9, np.float32)
        if digit != " ":
            row[int(digit)] = confidence
        written.append(Box(None if digit == " " else row, quad(place)))
    return tuple(written)


def split(postcode, box, second, share):
    """Return boxes of which one gives another digit this share of what it is sure of."""
    written = list(boxes(postcode, 0.9999))
    row = np.full(10, 1e-4, np.float32)
    row[int(postcode[box])], row[second] = 1 - share, share
    written[box] = Box(row / row.sum(), quad(0.0))
    return tuple(written)


def show(consensus, frames, step=STEP, start=0.0, found=1.0):
    """Add frames, one after another, and return everything that was reported."""
    reported = []
    for k, frame in enumerate(frames):
        reported += consensus.add(frame, found, start + k * step)
    return reported


def readings(frames, step=STEP, threshold=0.95, **settings):
    consensus = Consensus(threshold, settings=Settings(**settings))
    reported = show(consensus, frames, step)
    return [*reported, *consensus.finish()]


def test_one_frame_says_what_decode_says():
    written = boxes("04524", 0.93)
    consensus = Consensus(0.5)
    assert consensus.add(written, 0.9, 0.0) == ()
    (reading,), wanted = consensus.finish(), decode(written, 0.5, found=0.9)
    assert (reading.status, reading.guess) == (wanted.status, wanted.guess)
    assert reading.confidence == pytest.approx(wanted.confidence, rel=1e-5)
    for ours, theirs in zip(reading.digits, wanted.digits, strict=True):
        assert ours.confidence == pytest.approx(theirs.confidence, rel=1e-5)
        assert ours.box == theirs.box


def test_an_envelope_is_reported_once_and_as_soon_as_it_is_certain():
    consensus = Consensus(0.95)
    doubtful, clear = boxes("04524", 0.94), boxes("04524", 0.9999)
    assert show(consensus, [doubtful] * 3) == []
    assert consensus.current.confidence < 0.95
    reported = [show(consensus, [clear], start=1 + k) for k in range(9)]
    assert [len(readings) for readings in reported].count(1) == 1
    (reading,) = next(filter(None, reported))
    assert (reading.status, reading.postcode) == ("accepted", "04524")
    assert 0.95 <= reading.confidence < consensus.current.confidence
    assert consensus.finish() == ()


def test_one_frame_or_two_are_not_enough_while_the_envelope_is_in_view():
    consensus = Consensus(0.95)
    clear = boxes("04524", 0.9999)
    assert show(consensus, [clear, clear]) == []
    assert consensus.current.status == "accepted"
    assert len(show(consensus, [clear], start=1)) == 1
    assert [reading.postcode for reading in readings([clear])] == ["04524"]


def test_a_digit_that_is_second_everywhere_wins_against_votes():
    # 4 and 9 are first in turn, 7 is second in all: no vote would choose it.
    consensus = Consensus(0.999)
    for k, first in enumerate((4, 9, 4, 9)):
        row = np.full(10, 1e-4, np.float32)
        row[first], row[7] = 0.55, 0.45
        row[13 - first] = 1e-4
        frame = (*boxes("0452"), Box(row / row.sum()))
        consensus.add(frame, 1.0, k * STEP)
    assert consensus.current.guess == "04527"


def test_frames_that_say_the_same_again_tell_nothing_new():
    consensus = Consensus(1.0)
    show(consensus, [split("04524", 4, 9, 0.3)])
    alone = consensus.current.digits[4].confidence
    show(consensus, [split("04524", 4, 9, 0.3)] * 99, start=1)
    assert consensus.current.digits[4].confidence == pytest.approx(alone, rel=1e-6)


def test_frames_that_differ_are_worth_as_many_as_they_differ():
    shares = [0.2, 0.35, 0.15, 0.4, 0.3]
    frames = [split("04524", 4, 9, share) for share in shares]

    def odds(hand, times=1):
        consensus = Consensus(1.0, settings=Settings(hand=hand))
        show(consensus, frames * times)
        confidence = consensus.current.digits[4].confidence
        return confidence / (1 - confidence)

    # Only the last box differs from frame to frame, so its variance counts for a fifth.
    logs = np.array([np.log((1 - share) / share) for share in shares])
    differ = logs.var(ddof=1) / 5
    correlation = 0.2 / (0.2 + differ)
    worth = 5 / (1 + 4 * correlation)
    assert odds(0.2) == pytest.approx(np.exp(worth * logs.mean()), rel=1e-3)
    # However many there are, they are worth no more than 1 / ρ.
    assert odds(0.2, times=50) < np.exp(logs.mean() * (1 + differ / 0.2))
    assert odds(0.0) > odds(0.2) > odds(10.0) > np.exp(logs.mean())


def test_how_much_frames_differ_goes_by_their_weights():
    def confidence(*weights):
        consensus = Consensus(1.0, settings=Settings(hand=0.5))
        for number, (share, weight) in enumerate(zip((0.2, 0.4, 0.1), weights, strict=False)):
            consensus.add(split("04524", 4, 9, share), weight, number * STEP)
        return consensus.current.digits[4].confidence

    assert confidence(0.6, 0.6, 0.6) == pytest.approx(confidence(0.3, 0.3, 0.3), rel=1e-5)
    # A frame that counts for next to nothing makes no difference.
    assert confidence(0.6, 0.6, 1e-9) == pytest.approx(confidence(0.6, 0.6), rel=1e-5)


def test_frames_weigh_by_how_well_their_boxes_were_found():
    def guess(weight):
        consensus = Consensus(1.0)
        consensus.add(split("04524", 4, 9, 0.3), 1.0, 0.0)
        consensus.add(split("04524", 4, 9, 0.8), weight, STEP)
        return consensus.current

    assert guess(1.0).guess == "04529"
    assert guess(0.2).guess == "04524"
    assert guess(0.2).confidence < guess(1.0).digits[4].confidence


def test_a_box_that_is_blank_in_most_frames_is_blank():
    consensus = Consensus(0.9)
    show(consensus, [boxes("04 24"), boxes("04524"), boxes("04 24")])
    assert consensus.current.reason == "blank-box"
    show(consensus, [boxes("04524")] * 2, start=1)
    assert consensus.current.guess == "04524"
    # It is as much in doubt as it was blank.
    assert consensus.current.confidence < 0.6


def test_the_boxes_are_where_the_last_frame_saw_them():
    consensus = Consensus(0.95)
    show(consensus, [boxes("04524", 0.98), boxes("04524", 0.98, place=7.0)])
    assert {digit.box for digit in consensus.current.digits} == {quad(7.0)}


def test_a_directory_has_its_say():
    only = np.zeros((10,) * 5, bool)
    only[0, 4, 5, 2, 9] = True
    consensus = Consensus(0.9, Directory(only, {"04": "there"}))
    (reading,) = show(consensus, [split("04524", 4, 9, 0.4)] * 3)
    assert (reading.postcode, reading.region) == ("04529", "there")


def test_two_envelopes_with_a_pause_between_them_are_two():
    pause = [None] * 30
    frames = [boxes("04524", 0.999)] * 9 + pause + [boxes("67381", 0.999)] * 9
    assert [reading.postcode for reading in readings(frames)] == ["04524", "67381"]


def test_the_same_postcode_on_the_next_envelope_is_read_again():
    frames = [boxes("04524", 0.999)] * 9 + [None] * 30
    assert [reading.postcode for reading in readings(frames * 2)] == ["04524", "04524"]


def test_boxes_that_are_lost_for_a_moment_are_those_of_the_same_envelope():
    frames = [boxes("04524", 0.999)] * 9 + [None] * 10
    assert [reading.postcode for reading in readings(frames * 3)] == ["04524"]


def test_an_envelope_that_takes_the_place_of_another_is_noticed():
    frames = [boxes("04524", 0.999)] * 9 + [boxes("67381", 0.999)] * 9
    assert [reading.postcode for reading in readings(frames)] == ["04524", "67381"]


def test_a_misread_frame_is_no_other_envelope():
    good, bad = boxes("04524", 0.999), boxes("71846", 0.999)
    frames = [good] * 9 + [bad] + [good] * 9 + [bad] * 2 + [good] * 9
    assert [reading.postcode for reading in readings(frames)] == ["04524"]


def test_boxes_seen_for_a_moment_are_no_envelope():
    frames = [*[None] * 9, boxes("04524", 0.5), *[None] * 40, *[boxes("67381", 0.999)] * 9]
    assert [reading.guess for reading in readings(frames)] == ["67381"]


def test_what_was_never_certain_is_reported_when_it_has_left():
    consensus = Consensus(0.95)
    assert show(consensus, [boxes("04524", 0.9)] * 9 + [None] * 24) == []
    (reading,) = show(consensus, [None] * 10, start=33 * STEP)
    assert (reading.status, reading.guess, reading.reason) == (
        "rejected",
        "04524",
        "low-confidence",
    )
    assert consensus.current is None
    assert consensus.finish() == ()


def test_what_was_never_certain_is_reported_at_the_end():
    (reading,) = readings([boxes("04524", 0.9)] * 9)
    assert (reading.status, reading.guess) == ("rejected", "04524")


def test_of_a_single_frame_what_it_shows_is_reported():
    (reading,) = readings([boxes("04524", 0.9)])
    assert (reading.status, reading.guess) == ("rejected", "04524")


def test_where_no_boxes_were_ever_found_nothing_is_reported():
    assert readings([None] * 50) == []
    assert readings([()] * 50) == []
    assert readings([]) == []


@pytest.mark.parametrize("confidence", [0.999, 0.9])
def test_a_frame_a_second_shows_an_envelope_each(confidence):
    codes = ["04524", "67381", "13579", "04524"]
    got = readings([boxes(code, confidence) for code in codes], step=1.0)
    assert [reading.guess for reading in got] == codes


def test_another_number_of_boxes_is_another_envelope():
    frames = [boxes("04524", 0.999)] * 9 + [boxes("045", 0.999)] * 9
    assert [reading.postcode for reading in readings(frames)] == ["04524", "045"]


def test_it_can_be_used_again_after_the_end():
    consensus = Consensus(0.95)
    for _ in range(2):
        (reading,) = show(consensus, [boxes("04524", 0.999)] * 3)
        assert reading.postcode == "04524"
        assert consensus.finish() == ()


def test_time_that_goes_back_is_a_mistake_of_the_caller():
    consensus = Consensus(0.95)
    consensus.add(None, 0.0, 1.0)
    with pytest.raises(ValueError, match=r"from 1\.0 to 0\.5"):
        consensus.add(None, 0.0, 0.5)


@pytest.mark.parametrize(
    "wrong",
    [{"hand": -0.1}, {"likeness": 1.1}, {"floor": 0.0}, {"floor": 0.5}, {"leaves_s": -1}],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        replace(Settings(), **wrong)


@st.composite
def films(draw):
    """Draw frames of any kind, and when they were taken."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    frames, time_s = [], 0.0
    for _ in range(draw(st.integers(0, 30))):
        time_s += draw(st.sampled_from([0.0, 0.04, 0.3, 2.0]))
        if draw(st.booleans()):
            digits = rng.integers(0, 10, 5) if draw(st.booleans()) else [0, 4, 5, 2, 4]
            digits = "".join(" " if rng.random() < 0.05 else str(d) for d in digits)
            frame = boxes(digits, float(rng.choice([0.1, 0.6, 0.999, 1.0])))
        else:
            frame = None
        frames.append((frame, float(rng.choice([0.0, 0.3, 1.0])), time_s))
    return frames


@given(films(), st.floats(0, 1))
def test_whatever_is_shown_readings_keep_their_promises(frames, threshold):
    consensus = Consensus(threshold, EVERYTHING)
    reported = []
    for frame in frames:
        reported += consensus.add(*frame)
    reported += consensus.finish()
    seen = sum(frame is not None and found > 0 for frame, found, _ in frames)
    assert len(reported) <= seen
    assert seen or not reported
    for reading in reported:
        assert reading.status in {"accepted", "rejected"}
        assert 0 <= reading.confidence <= 1 + 1e-6
        assert (reading.status == "accepted") == (reading.postcode is not None)
        if reading.status == "accepted":
            assert reading.confidence >= threshold
            assert reading.region == EVERYTHING.region(reading.postcode)


def test_a_row_of_which_all_boxes_are_blank_is_an_envelope_too():
    blank = tuple(Box(None, quad(0.0)) for _ in range(5))
    (reading,) = readings([blank] * 10)
    assert (reading.status, reading.reason) == ("rejected", "blank-box")


def test_what_is_reported_is_told_with_its_boxes_and_their_clearest_images():
    def frame(confidence, level):
        image = np.full((28, 28), level, np.uint8)
        return tuple(box._replace(digit=image) for box in boxes("04524", confidence))

    consensus = Consensus(0.95)
    frames = [frame(0.98, 1), frame(0.9999, 2), frame(0.98, 3)]
    reports = [r for k, each in enumerate(frames) for r in consensus.take(each, 1.0, k * STEP)]
    ((reading, seen),) = reports
    assert reading.postcode == "04524"
    assert [int(box.probabilities.argmax()) for box in seen] == [0, 4, 5, 2, 4]
    for box, digit in zip(seen, reading.digits, strict=True):
        assert float(box.probabilities.max()) == pytest.approx(digit.confidence)
        assert (box.digit == 2).all()


def test_a_blank_box_has_no_image():
    consensus = Consensus(0.95)
    for k in range(10):
        consensus.take(boxes("04 24"), 1.0, k * STEP)
    ((_, seen),) = consensus.take_rest()
    assert (seen[2].probabilities, seen[2].digit) == (None, None)


def test_an_envelope_is_reported_until_another_seems_to_be_there():
    consensus = Consensus(0.95)
    assert not consensus.is_reported
    show(consensus, [boxes("04524")] * 2)
    assert not consensus.is_reported
    show(consensus, [boxes("04524")], start=1.0)
    assert consensus.is_reported
    show(consensus, [boxes("67381")], start=1.1)
    assert not consensus.is_reported


def inked(postcode, pattern):
    """Return boxes whose images are all the same pattern."""
    image = np.zeros((28, 28), np.uint8)
    image[pattern] = 255
    return tuple(box._replace(digit=image) for box in boxes(postcode, 0.9999))


LYING, STANDING = np.s_[12:16, 4:24], np.s_[4:24, 12:16]


def anew(frames, found_anew):
    """Show frames, some of them found anew, and return the postcodes reported."""
    consensus = Consensus(0.95)
    reported = [
        report.reading.postcode
        for k, frame in enumerate(frames)
        for report in consensus.take(frame, 1.0, k * STEP, k in found_anew)
    ]
    return reported, [report.reading.postcode for report in consensus.take_rest()]


def test_the_same_postcode_in_other_ink_is_another_envelope_where_the_row_was_found_anew():
    frames = [inked("04524", LYING)] * 10 + [inked("04524", STANDING)] * 15
    assert anew(frames, {0, 10}) == (["04524", "04524"], [])


def test_one_digit_that_differs_is_another_envelope_in_other_ink():
    frames = [inked("04524", LYING)] * 10 + [inked("04624", STANDING)] * 15
    assert anew(frames, {0, 10}) == (["04524", "04624"], [])
    # Not where the row was never lost: then it was misread.
    assert anew(frames, {0})[0] == ["04524"]


def test_the_same_ink_found_anew_is_the_same_envelope():
    frames = [inked("04524", LYING)] * 30
    assert anew(frames, {0, 5, 10, 20}) == (["04524"], [])


def test_other_ink_for_a_moment_is_nothing():
    frames = [inked("04524", LYING)] * 10 + [inked("04524", STANDING)] * 2
    frames += [inked("04524", LYING)] * 10
    assert anew(frames, {0, 10, 12}) == (["04524"], [])


def test_an_envelope_that_was_unread_is_reported_when_another_takes_its_place():
    unread = tuple(box._replace(digit=b.digit) for box, b in zip(
        boxes("04524", 0.6), inked("04524", LYING), strict=True))  # fmt: skip
    frames = [unread] * 15 + [inked("04524", STANDING)] * 15
    assert anew(frames, {0, 15}) == ([None, "04524"], [])
