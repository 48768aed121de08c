from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.digits import normalise
from edge.recognizer import Recognizer
from edge.strokes import assign, draw, parse_recording
from tests.train.synthetic import handwriting, write_handwriting
from train.drawing import Drawing, _draw_residue, _ink, _Residue, _trace, as_written, bank, varied
from train.strokes import StrokeDigit, load_strokes

PLAIN = Drawing(residues=0, blurred=0)


def digit(*strokes, label=1):
    return StrokeDigit(label, "anna", tuple(np.array(stroke, np.float32) for stroke in strokes))


def seeded(drawing, digits, seed=0):
    return varied(digits, drawing, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return load_strokes(write_handwriting(tmp_path_factory.mktemp("d") / "w.json.gz")).digits


def test_a_digit_as_written_is_what_the_kiosk_makes_of_a_touch_recording(written):
    five = handwriting()[3:8]
    boxes = [[300 * place, 40, 250, 300] for place in range(5)]
    moved = [
        [[[x + box[0] + 20, y + box[1] + 50] for x, y in stroke] for stroke in one["strokes"]]
        for one, box in zip(five, boxes, strict=True)
    ]
    recording = {"boxes": boxes, "strokes": [stroke for one in moved for stroke in one]}
    checked = parse_recording(recording)
    kiosk = [
        normalise(draw(strokes, float(box[3])))
        for strokes, box in zip(assign(checked), checked.boxes, strict=True)
    ]
    images = as_written([digit(*one) for one in moved])
    assert images.dtype == np.uint8
    assert np.array_equal(images, kiosk)
    # Nor does it matter where on the screen a digit is, but for rounding.
    assert np.abs(images.astype(int) - as_written(written[3:8])).mean() < 1


def test_the_recognizer_classifies_the_very_images_that_are_as_written(monkeypatch):
    boxes = [[300 * place, 0, 250, 300] for place in range(5)]
    ways = [
        [[[300 * i + 60, 40], [300 * i + 160, 60 + 40 * i], [300 * i + 80, 240]]] for i in range(5)
    ]
    seen = []
    recognizer = Recognizer()
    probabilities = recognizer.classifier.probabilities
    monkeypatch.setattr(
        recognizer.classifier,
        "probabilities",
        lambda images: seen.append(images) or probabilities(images),
    )
    recognizer.read_strokes({"boxes": boxes, "strokes": [way for one in ways for way in one]})
    assert np.array_equal(seen[0], as_written([digit(*one) for one in ways]))


def test_no_digit_is_too_small_to_be_drawn_as_written(written):
    tiny = [StrokeDigit(d.label, d.writer, tuple(s / 4096 for s in d.strokes)) for d in written]
    assert np.array_equal(as_written(tiny), as_written(written))


DEGENERATE = {
    "a point": digit([[5, 5]]),
    "a touch that stayed": digit([[9, 9], [9, 9], [9, 9]]),
    "two points apart": digit([[0, 0]], [[10, 40]]),
    "upright": digit([[3, 0], [3, 80]]),
    "level": digit([[0, 7], [80, 7]]),
    "far away": digit([[1e6, -1e6], [1e6, -1e6 + 50]]),
    "almost a point": digit([[0, 0], [1e-40, 0]]),
    "as wide as can be": digit([[-1e6, -1e6], [1e6, 1e6]]),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_digits_without_width_or_height_are_drawn(name):
    digits = [DEGENERATE[name]] * 20
    for images in (as_written(digits), seeded(Drawing(), digits)):
        assert images.shape == (20, 28, 28)
        assert (images.max(axis=(1, 2)) > 150).all()


def test_a_straight_digit_stays_a_line_and_a_point_becomes_a_dot():
    upright, level, point = (DEGENERATE[name] for name in ("upright", "level", "a point"))
    for images in (as_written([upright, level, point]), seeded(PLAIN, [upright, level, point])):
        heights, widths = ((images > 127).any(axis=axis).sum(axis=1) for axis in (2, 1))
        assert heights[0] >= 19
        assert widths[0] <= 5
        assert widths[1] >= 19
        assert heights[1] <= 5
        assert abs(heights[2] - widths[2]) <= 1


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 2), min_size=1, max_size=4),
        min_size=1,
        max_size=3,
    )
)
def test_any_strokes_give_some_ink(strokes):
    one = [digit(*strokes)]
    assert as_written(one).any()
    assert seeded(Drawing(residues=0.5, blurred=0.5), one).any()


def test_digits_are_upright_and_not_mirrored():
    seven = [digit([[0, 0], [60, 0], [20, 100]], label=7)] * 30
    for images in (as_written(seven), seeded(Drawing(), seven)):
        ink = images.astype(float).mean(axis=0)
        by_row = ink.sum(axis=1)
        middle = ink @ np.arange(28) / by_row.clip(1)
        # The bar of a 7 is on top, its foot farther left than its knee.
        assert by_row.argmax() < 10
        assert middle[20:23].mean() < middle[10:13].mean() - 2


def test_a_wider_pen_leaves_more_ink_and_all_widths_between_occur(written):
    digits = [written[3]] * 60
    thin, thick = (
        seeded(replace(PLAIN, pen=(pen, pen)), digits).sum(axis=(1, 2), dtype=float)
        for pen in (0.10, 0.20)
    )
    between = seeded(replace(PLAIN, pen=(0.10, 0.20)), digits).sum(axis=(1, 2), dtype=float)
    assert thin.std() == thick.std() == 0
    assert thick[0] > 1.5 * thin[0]
    assert between.min() == pytest.approx(thin[0], rel=0.05)
    assert between.max() == pytest.approx(thick[0], rel=0.05)
    assert len(set(between)) > 50


def test_residues_lie_beside_their_share_of_the_digits(written):
    digits = [written[3]] * 600
    without, some, always = (
        seeded(replace(PLAIN, residues=share), digits) for share in (0, 0.3, 1)
    )
    visible = (without != always).any(axis=(1, 2))
    has = (some == always).all(axis=(1, 2))
    assert visible.mean() > 0.5
    # Each digit of the middle share is drawn either way and in no third one.
    assert (has | (some == without).all(axis=(1, 2))).all()
    assert has[visible].mean() == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize(
    ("side", "rows", "columns"),
    [(0, (45, 64), (19, 21)), (1, (19, 21), (52, 71)), (2, (45, 64), (98, 100)),
     (3, (78, 80), (52, 71))],
)  # fmt: skip
def test_a_residue_lies_along_its_side_of_the_ink(side, rows, columns):
    # Ink of 60 by 40 px, 30 px from all edges; the piece begins after a third or so.
    image = np.zeros((100, 120), np.uint8)
    _draw_residue(image, _Residue(side, 10, 0.37, 20, 3, 200), border=30)
    assert image.max() == 200
    found = [np.flatnonzero(image.any(axis=axis)) for axis in (1, 0)]
    assert [(line[0], line[-1]) for line in found] == [rows, columns]
    assert np.count_nonzero(image) == 60


def test_a_residue_never_pales_the_digit(written):
    trace = _trace(written[8])
    plain = _ink(trace, 0.1, room=16)
    for side in range(4):
        both = _ink(trace, 0.1, room=16, residue=_Residue(side, -4, 0.0, 60, 4, 90))
        assert (both != plain).any()
        assert (both[plain == 255] == 255).all()


def test_blurred_digits_have_soft_edges_and_dark_strokes(written):
    sharp, blurred = (seeded(replace(Drawing(residues=0), blurred=b), written) for b in (0, 1))

    def grey(images):
        return ((images > 40) & (images < 215)).sum() / (images >= 215).sum()

    assert grey(blurred) > 1.3 * grey(sharp)
    assert blurred.max(axis=(1, 2)).min() > 200


def test_the_blurred_are_their_share(written):
    digits = [written[3]] * 400
    sharp, some = (seeded(replace(PLAIN, blurred=share), digits) for share in (0, 0.25))
    assert (sharp != some).any(axis=(1, 2)).mean() == pytest.approx(0.25, abs=0.06)


def test_the_same_generator_state_draws_the_same_images_and_inputs_are_left_alone(written):
    before = [stroke.copy() for one in written for stroke in one.strokes]
    first, again, other = (seeded(Drawing(), written, seed) for seed in (3, 3, 4))
    assert first.shape == (len(written), 28, 28)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).mean() > 0.95
    as_written(written)
    after = [stroke for one in written for stroke in one.strokes]
    assert all(map(np.array_equal, before, after))


def test_a_copy_in_the_bank_depends_neither_on_the_others_nor_on_the_workers(written, monkeypatch):
    few = bank(written, Drawing(), copies=2, seed=7, workers=1)
    with monkeypatch.context() as patched:
        patched.setattr("train.drawing._WORTH_PROCESSES", 0)
        many = bank(written, Drawing(), copies=5, seed=7, workers=3)
    assert many.shape == (5, len(written), 28, 28)
    assert many.dtype == np.uint8
    assert np.array_equal(many[:2], few)
    assert np.array_equal(many, bank(written, Drawing(), copies=5, seed=7))
    assert np.array_equal(many[4], varied(written, Drawing(), np.random.default_rng([7, 4])))


def test_copies_and_seeds_differ_in_the_bank(written):
    images = bank(written, Drawing(), copies=3, seed=0)
    assert (images[0] != images[1]).any(axis=(1, 2)).mean() > 0.95
    assert (images[1] != images[2]).any(axis=(1, 2)).mean() > 0.95
    assert not np.array_equal(images, bank(written, Drawing(), copies=3, seed=1))


def test_no_digits_and_no_copies_are_empty_arrays(written):
    assert as_written([]).shape == seeded(Drawing(), []).shape == (0, 28, 28)
    assert bank(written, Drawing(), copies=0, seed=0).shape == (0, len(written), 28, 28)
    assert bank([], Drawing(), copies=2, seed=0).shape == (2, 0, 28, 28)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pen", (0.01, 0.1)),
        ("pen", (0.2, 0.1)),
        ("pen", (0.1, 0.6)),
        ("pen", (0.1, float("nan"))),
        ("residues", -0.1),
        ("residues", 1.1),
        ("blurred", float("nan")),
        ("blurred", 2),
        ("blur", (0.1, 5)),
        ("blur", (5, 1)),
        ("blur", (1, float("inf"))),
    ],
)
def test_a_drawing_outside_its_range_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        Drawing(**{field: value})


@pytest.mark.parametrize("name", ["pendigits", "unipen"])
def test_real_digits_come_out_like_those_of_mnist(shared_data, name):
    digits = load_strokes(shared_data(f"{name}_strokes.json.gz")).digits[:300]
    for images in (as_written(digits), seeded(Drawing(), digits)):
        # MNIST has 19.1 % of its pixels above 0 and a mean of 33.
        assert images.mean() == pytest.approx(33, rel=0.3)
        assert (images > 127).any(axis=(1, 2)).all()
