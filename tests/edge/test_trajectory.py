from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from edge.doctor.sample import POSTCODE, recording
from edge.errors import ModelError
from edge.strokes import assign, parse_recording
from edge.trajectory import (
    BUNDLED_TRAJECTORY,
    FEATURES,
    POINTS,
    TrajectoryClassifier,
    bundled,
    centred,
    features,
    paths,
    pooled,
)


def stroke(*points):
    return np.array(points, np.float32)


def path(strokes):
    """Return the points along one digit's way."""
    (way,) = paths([strokes])
    return way


@pytest.fixture(scope="module")
def written():
    """Return the strokes of the built-in postcode, of each digit."""
    return assign(parse_recording(recording()))


def test_points_lie_as_far_from_each_other_along_the_way():
    way = path([stroke([0, 0], [0, 3], [1, 3])])
    assert way.shape == (POINTS, 3)
    assert way.dtype == np.float32
    steps = np.hypot(*np.diff(way[:, :2], axis=0).T)
    # All but the one around the corner, which is cut.
    assert np.sort(steps)[1:] == pytest.approx(steps.max(), rel=1e-4)
    assert (way[:, 2] == 1).all()


def test_the_larger_side_is_two_about_the_middle_in_any_unit():
    here = [stroke([10, 10], [40, 90], [10, 90])]
    way = path(here)
    assert way[:, 1].min() == pytest.approx(-1)
    assert way[:, 1].max() == pytest.approx(1)
    assert way[:, 0].min() == pytest.approx(-way[:, 0].max())
    far = [each * 7 + np.float32(300) for each in here]
    np.testing.assert_allclose(path(far), way, atol=1e-4)
    moved = way.copy()
    moved[:, :2] = moved[:, :2] * 0.3 + 0.2
    np.testing.assert_allclose(centred(moved[None])[0], way, atol=1e-5)


def test_between_strokes_the_pen_is_up():
    way = path([stroke([0, 0], [1, 0]), stroke([1, 1], [0, 1])])
    up = way[:, 2] == 0
    assert up.sum() == pytest.approx(POINTS / 3, abs=1)
    # It goes down on the right.
    assert (way[up, 0] == way[:, 0].max()).all()
    turned = path([stroke([1, 1], [0, 1]), stroke([0, 0], [1, 0])])
    assert np.abs(turned - way).max() > 1


def test_each_digit_has_its_own_way_however_many_there_are(written):
    together = paths(written)
    assert together.shape == (5, POINTS, 3)
    for way, strokes in zip(together, written, strict=True):
        np.testing.assert_allclose(way, path(strokes), atol=1e-5)
    dot, line = [stroke([500, 500])], [stroke([0, 0], [0, 9])]
    np.testing.assert_array_equal(paths([dot, line, dot])[1], path(line))


@pytest.mark.parametrize(
    "strokes",
    [
        [stroke([3, 4])],
        [stroke([3, 4], [3, 4])],
        [stroke([3, 4]), stroke([3, 4])],
        [stroke([0, 0]), stroke([5, 5]), stroke([0, 5])],
        [stroke([0, 0], [0, 0], [9, 9], [9, 9])],
    ],
)
def test_dots_and_points_that_repeat_are_paths_too(strokes):
    way = path(strokes)
    assert np.isfinite(way).all()
    assert np.isfinite(features(way[None])).all()
    assert np.abs(way[:, :2]).max() <= 1 + 1e-6


def test_features_are_places_directions_and_the_pen():
    way = path([stroke([0, 0], [4, 0]), stroke([4, 3], [0, 3])])
    (read,) = features(way[None])
    assert read.shape == (FEATURES,)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read[: 2 * POINTS].reshape(-1, 2), way[:, :2])
    directions = read[2 * POINTS : -POINTS].reshape(-1, 2)
    assert np.hypot(*directions.T) == pytest.approx(1, abs=1e-4)
    assert directions[0] == pytest.approx([1, 0])
    assert directions[-1] == pytest.approx([-1, 0])
    assert sorted(set(read[-POINTS:])) == [-1, 1]


def test_of_two_answers_the_likelier_together_wins():
    image, way = np.full((2, 3, 10), 0.01, np.float32)
    image[0, 4], image[0, 9] = 0.45, 0.47
    way[0, 4], way[0, 9] = 0.90, 0.02
    image[1], way[1] = 0.1, 0.1
    image[2, 3] = way[2, 3] = 0.91
    together = pooled(image, way)
    assert together.shape == (3, 10)
    assert together.dtype == np.float32
    assert together.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert together[0].argmax() == 4
    assert together[1] == pytest.approx(0.1)
    assert together[2, 3] > 0.91


def test_who_knows_nothing_leaves_the_order_to_the_other_and_certainty_is_no_veto():
    flat = np.full((1, 10), 0.1, np.float32)
    sure = np.zeros((1, 10), np.float32)
    sure[0, 7] = 1
    for together in (pooled(flat, sure), pooled(sure, flat)):
        assert together.argmax() == 7
        assert (together > 0).all()
    other = np.zeros((1, 10), np.float32)
    other[0, 1] = 1
    assert np.isfinite(pooled(sure, other)).all()
    assert pooled(sure, other)[0, [1, 7]].max() < 0.99


def test_the_bundled_one_reads_digits_by_their_way_alone(written):
    said = bundled().probabilities(written)
    assert said.shape == (5, 10)
    assert said.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert "".join(map(str, said.argmax(axis=1))) == POSTCODE


def test_how_many_are_asked_at_once_changes_nothing(written):
    network = TrajectoryClassifier()
    together = network.probabilities(written)
    for one, row in zip(written, together, strict=True):
        np.testing.assert_allclose(network.probabilities([one])[0], row, atol=1e-5)
    np.testing.assert_allclose(network.probabilities(written), together, atol=1e-6)


def test_threads_may_share_it(written):
    network = TrajectoryClassifier()
    alone = network.probabilities(written)
    with ThreadPoolExecutor(4) as pool:
        for count, said in pool.map(
            lambda k: (k % 5 + 1, network.probabilities(written[: k % 5 + 1])), range(40)
        ):
            np.testing.assert_allclose(said, alone[:count], atol=1e-5)


def test_without_xnnpack_it_says_the_same(written):
    plain, usual = (bundled(xnnpack).probabilities(written) for xnnpack in (False, True))
    np.testing.assert_allclose(plain, usual, atol=1e-4)


def test_the_bundled_one_is_loaded_once():
    assert bundled(True) is bundled(True)


def test_its_card_is_the_files_own():
    card = json.loads(BUNDLED_TRAJECTORY.with_suffix(".json").read_text("utf-8"))
    found = TrajectoryClassifier().card
    assert found.sha256 == card["sha256"]
    assert found.training["errors"]["test"]["pendigits_strokes"]["of"] == 750


def test_a_damaged_file_is_refused(tmp_path):
    file = tmp_path / "trajectory.tflite"
    with pytest.raises(ModelError, match="no such model file"):
        TrajectoryClassifier(file)
    file.write_bytes(BUNDLED_TRAJECTORY.read_bytes()[:-200] + bytes(200))
    card = BUNDLED_TRAJECTORY.with_suffix(".json").read_text("utf-8")
    file.with_suffix(".json").write_text(card)
    with pytest.raises(ModelError, match="SHA-256"):
        TrajectoryClassifier(file)


@pytest.mark.parametrize("other", ["postcode.tflite", "boxes.tflite"])
def test_another_network_is_refused(other):
    with pytest.raises(ModelError, match="not a network that reads pen trajectories"):
        TrajectoryClassifier(BUNDLED_TRAJECTORY.with_name(other))
