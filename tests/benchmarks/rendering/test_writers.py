from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from benchmarks.rendering.writers import gathered, load_writers, smooth_line
from tests.benchmarks.hands import made_digits, made_writers


def rng(seed=0):
    return np.random.default_rng(seed)


def test_one_envelope_is_written_by_one_hand():
    owners = {}
    for digit in made_digits():
        for stroke in digit.strokes:
            owners[smooth_line(stroke).tobytes()] = digit.writer
    seen = set()
    for seed in range(30):
        glyphs = made_writers().write(rng(seed))
        if glyphs[0].image is None:
            writers = {owners[line.tobytes()] for glyph in glyphs for line in glyph.strokes}
            assert len(writers) == 1
            seen |= writers
    assert len(seen) > 1


def test_a_label_is_what_is_written():
    by_strokes = {smooth_line(d.strokes[0]).tobytes(): d.label for d in made_digits()}
    writers = made_writers()
    kinds = set()
    for seed in range(30):
        for glyph in writers.write(rng(seed)):
            if glyph.image is None:
                assert by_strokes[glyph.strokes[0].tobytes()] == glyph.label
            else:
                same = (writers.images == glyph.image).all(axis=(1, 2))
                assert glyph.label in writers.labels[same]
            kinds.add(glyph.image is None)
    assert kinds == {True, False}


def test_all_digits_are_written():
    labels = {glyph.label for seed in range(40) for glyph in made_writers().write(rng(seed))}
    assert labels == set(range(10))


def test_images_of_one_envelope_lean_alike():
    slanted, upright = np.zeros((2, 28, 28), np.uint8)
    for y in range(4, 24):
        upright[y, 13:15] = 255
        slanted[y, 22 - y // 2 : 24 - y // 2] = 255
    images = np.concatenate([np.stack([image] * 30) for image in (upright, slanted)])
    writers = gathered([], images, np.ones(60, np.uint8))
    seen = set()
    for seed in range(10):
        shapes = {glyph.image.tobytes() for glyph in writers.write(rng(seed))}
        assert len(shapes) == 1
        seen |= shapes
    assert len(seen) == 2


def test_a_curve_goes_through_the_points_of_its_stroke():
    stroke = np.array([[0, 0], [10, 5], [10, 5], [20, 0]], np.float32)
    line = smooth_line(stroke)
    assert len(line) > 8
    for point in stroke:
        assert np.abs(line - point).sum(axis=1).min() < 1e-6


def test_a_dot_is_a_line_of_no_length():
    assert smooth_line(np.array([[3, 4]], np.float32)).tolist() == [[3, 4], [3, 4]]
    assert smooth_line(np.array([[3, 4]] * 3, np.float32)).tolist() == [[3, 4], [3, 4]]


@pytest.fixture
def folder(tmp_path):
    """Write data of twelve writers and sixty images."""
    for name in ("pendigits", "unipen"):
        written = [
            {"writer": w, "label": k, "strokes": [[[w, 0], [w + 9, 9 + k]]]}
            for w in range(12)
            for k in range(10)
        ]
        # A part of a digit: far wider than high.
        written.append({"writer": 0, "label": 1, "strokes": [[[0, 0], [100, 1]]]})
        with gzip.open(tmp_path / f"{name}_strokes.json.gz", "wt") as file:
            json.dump(written, file)
    images = np.zeros((6000, 28, 28), np.uint8)
    images[:, 5:20, 13] = 255
    images[:, 0, 0] = np.arange(6000) % 251
    labels = (np.arange(6000) % 10).astype(np.uint8)
    few = {"x_test": images[:40], "y_test": labels[:40]}
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels, **few)
    return tmp_path


def test_validation_and_test_share_no_writer(folder):
    sides = {}
    for side in ("validation", "test"):
        writers = load_writers(side, folder)
        sides[side] = {d.writer for mine in writers.tablets[0] for d in mine}
    assert sides["validation"]
    assert sides["test"]
    assert not sides["validation"] & sides["test"]


def test_test_digits_are_mnists_own(folder):
    assert len(load_writers("test", folder).labels) == 40
    assert len(load_writers("validation", folder).labels) == 5000


def test_parts_of_digits_are_left_out(folder):
    widths = [
        np.ptp(np.concatenate(d.strokes), axis=0)
        for side in ("validation", "test")
        for mine in load_writers(side, folder).tablets[0]
        for d in mine
    ]
    assert all(width <= 2 * height for width, height in widths)
