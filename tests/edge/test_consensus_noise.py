"""Several noisy frames of a postcode together read more than the best of them alone."""

from __future__ import annotations

import cv2
import numpy as np

from edge.consensus import Consensus
from edge.decode import Box, decode
from edge.digits import extract

STEP_S = 0.04


def noisy_frames(rng, count, hand, noise):
    """Draw a digit, and what a classifier says of it in several noisy frames.

    Its logits are the digit's own, by its hand, and each frame's noise.
    """
    true = int(rng.integers(10))
    logits = rng.normal(0, hand, 10)
    logits[true] += 6
    frames = logits + rng.normal(0, noise, (count, 10))
    # Noise in logits is doubt: they are the less to be believed, the more of it there is.
    powers = np.exp(frames / (1 + noise**2 / 6))
    return true, (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def frames_of_digits(digits):
    """Return a postcode and the frames of it, of digits and the frames of each."""
    frames = [tuple(Box(rows[k]) for _, rows in digits) for k in range(5)]
    return "".join(str(true) for true, _ in digits), frames


def compare(postcodes):
    """Return what frames say alone, the surest of five, and together: (confidence, right)."""
    alone, together = [], []
    for truth, frames in postcodes:
        best = max((decode(frame) for frame in frames), key=lambda reading: reading.confidence)
        alone.append((best.confidence, best.guess == truth))
        consensus = Consensus(1.0)
        for number, frame in enumerate(frames):
            consensus.add(frame, 1.0, number * STEP_S)
        together.append((consensus.current.confidence, consensus.current.guess == truth))
    return alone, together


def read_at(results, error):
    """Return how many are read where at most this share of them is wrong."""
    ranked = sorted(results, reverse=True)
    wrong = np.cumsum([not right for _, right in ranked])
    few = np.flatnonzero(wrong <= error * np.arange(1, len(ranked) + 1))
    return int(few[-1]) + 1 if len(few) else 0


def test_five_noisy_frames_read_more_than_the_best_of_them_at_the_same_error():
    rng = np.random.default_rng(7)
    alone, together = compare(
        frames_of_digits([noisy_frames(rng, 5, hand=1.0, noise=1.8) for _ in range(5)])
        for _ in range(1500)
    )
    assert sum(right for _, right in together) > sum(right for _, right in alone)
    assert read_at(together, 0.01) > 1.1 * read_at(alone, 0.01) > 150


def seen(digit, rng):
    """Return a picture of a digit in its box, as a bad camera sees it this time."""
    side, turn = 44, np.deg2rad(rng.normal(0, 3))
    size = side / 40 * (1 + rng.normal(0, 0.04))
    matrix = size * np.array(
        [[np.cos(turn), rng.normal(0, 0.05) - np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    shift = side / 2 + rng.normal(0, 1, 2) - matrix @ np.array([14, 14])
    ink = cv2.warpAffine(digit, np.column_stack([matrix, shift]), (side, side))
    paper = cv2.GaussianBlur(235 - ink / 255 * 120, (0, 0), 0.3 + abs(rng.normal(0, 1.2)))
    noisy = np.clip(paper + rng.normal(0, 8, paper.shape), 0, 255).astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)


def test_five_noisy_frames_of_real_digits_read_more_than_the_best_of_them(recognizer, shared_data):
    with np.load(shared_data("mnist.npz"), allow_pickle=False) as mnist:
        images, labels = mnist["x_test"], mnist["y_test"]
    rng = np.random.default_rng(3)

    def postcode():
        chosen = rng.integers(len(labels), size=5)
        frames = []
        for _ in range(5):
            digits = [extract(seen(images[k], rng)) for k in chosen]
            rows = recognizer.classifier.probabilities(np.stack(digits))
            frames.append(tuple(map(Box, rows)))
        return "".join(map(str, labels[chosen])), frames

    alone, together = compare(postcode() for _ in range(500))
    assert sum(right for _, right in together) >= sum(right for _, right in alone)
    assert read_at(together, 0.01) > read_at(alone, 0.01) > 25

    # At the kiosk's own threshold the frames keep to the error that it is made for.
    def accepted(results):
        return [right for confidence, right in results if confidence >= recognizer.threshold]

    assert len(accepted(together)) > 0.5 * len(together)
    assert accepted(together).count(False) <= 0.015 * len(together)
    assert accepted(together).count(False) <= accepted(alone).count(False)
