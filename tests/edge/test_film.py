from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from edge.decode import Box
from edge.errors import ImageError
from edge.film import read_frames
from edge.observation import Observation
from tests.edge.drawing import row, turned


class Fake:
    """A recogniser whose frames are numbered pictures, each of which shows what it is told."""

    threshold = 0.95
    directory = None

    def __init__(self, shown):
        self.shown = shown
        self.seen = []

    def observe(self, frame):
        number = int(frame[0, 0, 0])
        self.seen.append(number)
        digits = self.shown[number]
        if digits is None:
            return Observation((), found=0.0, reason="no-boxes")
        if digits == "broken":
            raise ImageError("the frame is broken")
        corner = float(number)
        quads = [((corner + k, 0.0),) * 4 for k in range(5)]
        rows = np.full((5, 10), 1e-4 / 9, np.float32)
        rows[np.arange(5), list(map(int, digits))] = 1 - 1e-4
        return Observation(tuple(map(Box, rows, quads)))

    def film(self, step=0.04):
        for number in range(len(self.shown)):
            yield number * step, np.full((4, 4, 3), number, np.uint8)


def test_each_envelope_is_read_once_and_at_its_frame():
    fake = Fake(["04524"] * 5 + [None] * 30 + ["67381"] * 5)
    results = list(read_frames(fake, fake.film()))
    assert [reading.postcode for reading, _ in results] == ["04524", "67381"]
    assert fake.seen == list(range(40))
    for reading, frame in results:
        assert reading.digits[0].box[0][0] == frame[0, 0, 0]


def test_a_reading_is_there_before_the_film_ends():
    fake = Fake(["04524"] * 20)
    reading, _ = next(read_frames(fake, fake.film()))
    assert reading.postcode == "04524"
    assert len(fake.seen) < 20


def test_what_is_reported_at_the_end_has_the_frame_it_was_last_seen_in():
    fake = Fake(["04524"] * 2 + [None] * 3)
    ((reading, frame),) = read_frames(fake, fake.film())
    assert reading.postcode == "04524"
    assert frame[0, 0, 0] == 1


@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_film_that_shows_no_envelope_has_no_boxes(count):
    fake = Fake([None] * count)
    ((reading, frame),) = read_frames(fake, fake.film())
    assert (reading.status, reading.reason, frame) == ("no-boxes", "no-boxes", None)


def test_a_film_that_breaks_off_is_read_to_there():
    fake = Fake(["04524"] * 5 + ["broken"] + ["67381"] * 5)
    results = [reading for reading, _ in read_frames(fake, fake.film())]
    assert [(r.status, r.postcode) for r in results] == [("accepted", "04524"), ("error", None)]
    assert results[1].reason == "the frame is broken"


def test_times_that_go_back_are_no_error():
    fake = Fake(["04524"] * 5)
    frames = [(1.0 - time_s, frame) for time_s, frame in fake.film()]
    assert [reading.postcode for reading, _ in read_frames(fake, frames)] == ["04524"]


def test_the_frames_of_a_real_envelope_are_read_together(recognizer):
    # A hand-held camera: each frame from elsewhere, dark and noisy.
    rng = np.random.default_rng(0)
    still, corners = row("04524", size=(560, 300), at=(80, 110))

    def film():
        for k in range(6):
            frame, _ = turned(still, corners, float(rng.normal(0, 4)))
            frame = cv2.GaussianBlur(frame, (0, 0), 0.5 + abs(rng.normal(0, 0.8))) * 0.7
            noisy = frame + rng.normal(0, 6, frame.shape)
            yield k / 25, np.clip(noisy, 0, 255).astype(np.uint8)

    ((reading, frame),) = read_frames(recognizer, film())
    assert (reading.status, reading.postcode) == ("accepted", "04524")
    places = np.array([digit.box for digit in reading.digits]).mean(axis=1)
    assert all(a[0] < b[0] for a, b in pairwise(places))
    assert (places < frame.shape[1::-1]).all()
