from __future__ import annotations

import numpy as np

from tests.edge.drawing import recording, row


def test_what_the_model_saw_and_said_is_there_box_by_box(recognizer):
    seen = recognizer.observe(row("0452 ")[0])
    assert (seen.digits.shape, seen.digits.dtype) == ((5, 28, 28), np.uint8)
    assert (seen.probabilities.shape, seen.probabilities.dtype) == ((5, 10), np.float32)
    # Said of these very images, and nothing of the blank one.
    said = recognizer.classifier.probabilities(seen.digits[:4])
    assert np.allclose(seen.probabilities[:4], said, atol=1e-6)
    assert not seen.digits[4].any()
    assert not seen.probabilities[4].any()


def test_a_photo_upside_down_shows_its_digits_the_right_way_up(recognizer):
    image, _ = row("04524")
    upright, turned = recognizer.observe(image), recognizer.observe(image[::-1, ::-1].copy())
    assert upright.probabilities.argmax(axis=1).tolist() == [0, 4, 5, 2, 4]
    assert turned.probabilities.argmax(axis=1).tolist() == [0, 4, 5, 2, 4]
    assert np.abs(upright.digits.astype(int) - turned.digits).mean() < 20


def test_without_boxes_there_is_nothing(recognizer):
    seen = recognizer.observe(np.full((200, 300, 3), 250, np.uint8))
    assert seen.digits.shape == (0, 28, 28)
    assert seen.probabilities.shape == (0, 10)


def test_deciding_on_what_was_seen_of_strokes_is_reading_them(recognizer):
    written = recording("04524")
    decided = recognizer.decide(recognizer.observe_strokes(written))
    read = recognizer.read_strokes(written)
    assert (decided.postcode, decided.digits) == (read.postcode, read.digits)
