from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from edge.detector import BOX_UNIT, OUTPUTS, ROW_UNIT, STRIDE
from edge.errors import OutputError
from tests.train.photographs import write_photos
from train import course
from train.cli import main
from train.detecting import DetectorRecipe, run_detector
from train.detector import Shifts, build, loss, targets
from train.errors import CheckpointError

PLACES = 16
TINY = DetectorRecipe(epochs=2, batch_size=4)


def row(left, top, width=9.0, height=10.0, pitch=10.0):
    """Return the corners of an upright row, `(5, 4, 2)` px."""
    lefts = left + pitch * np.arange(5)
    return np.array(
        [[[x, top], [x + width, top], [x + width, top + height], [x, top + height]] for x in lefts],
        np.float32,
    )


def said_of(corners):
    return [np.asarray(each)[0] for each in targets(corners[None], PLACES)]


def test_the_targets_of_an_upright_row_are_steps_and_sizes():
    # The third box's middle is (29.5, 33.5): at place 7 across and 8 down exactly.
    there, told, box, lying = said_of(row(5.0, 28.5))
    assert there[8, 7].tolist() == [1, 1]
    np.testing.assert_allclose(box[8, 7], [0, 0, 9 / BOX_UNIT, 0, -10 / BOX_UNIT, 0], atol=1e-5)
    np.testing.assert_allclose(
        lying[8, 7], [0, 0, 50 / ROW_UNIT, 0, -10 / BOX_UNIT, 0, 0.9], atol=1e-3
    )
    # Of the other boxes' middles, (9.5, 33.5) and so on, each has its place too.
    assert [int(there[8, x, 0]) for x in (2, 12)] == [1, 1]
    assert there[..., 1].sum() == 1
    # From a place to its right the row's middle is to the left, in strides.
    np.testing.assert_allclose(lying[8, 9, :2], [-2, 0], atol=1e-5)
    # Far from all boxes there is nothing, and that is told.
    assert there[1, 1].tolist() == [0, 0]
    assert told[1, 1].tolist() == [1, 1]
    # Just beside a middle it is neither right nor wrong.
    assert told[8, 8].tolist() == [1, 0]


def test_a_row_upside_down_has_the_same_targets_but_for_rounding():
    corners = row(5.0, 28.5)
    turned = np.roll(corners, 2, axis=1)[::-1].copy()
    (there, told, box, lying), other = said_of(corners), said_of(turned)
    for a, b in ((there, other[0]), (told, other[1]), (lying, other[3])):
        np.testing.assert_allclose(a, b, atol=1e-4)
    # Halfway between two boxes either is the nearest; there nothing is asked.
    asked = there[..., 0] > 0
    np.testing.assert_allclose(box[asked], other[2][asked], atol=1e-4)


def test_a_crop_without_a_row_has_nothing_anywhere_and_nothing_that_is_no_number():
    there, told, box, lying = said_of(np.full((5, 4, 2), np.nan, np.float32))
    assert not there.any()
    assert told.all()
    assert np.isfinite(box).all()
    assert np.isfinite(lying).all()


def test_who_says_the_targets_loses_almost_nothing_and_who_is_sure_of_another_place_a_lot():
    corners = np.stack([row(5.0, 28.5), np.full((5, 4, 2), np.nan, np.float32)])
    wanted = targets(corners, PLACES)
    odds = (np.asarray(wanted.there) * 2 - 1) * 20
    said = np.concatenate(
        [odds[..., :1], np.asarray(wanted.box), odds[..., 1:], np.asarray(wanted.row)], axis=-1
    ).astype(np.float32)
    assert said.shape[-1] == OUTPUTS
    assert float(loss(corners, keras.ops.convert_to_tensor(said))) < 1e-4
    wrong = said.copy()
    wrong[0, 2, 2, 7] = 20
    assert float(loss(corners, keras.ops.convert_to_tensor(wrong))) > 5
    # How a box lies is asked where one is, nowhere else.
    elsewhere, there = said.copy(), said.copy()
    elsewhere[0, 1, 1, 1:7] += 1
    there[0, 8, 7, 1:7] += 1
    assert float(loss(corners, keras.ops.convert_to_tensor(elsewhere))) < 1e-4
    assert float(loss(corners, keras.ops.convert_to_tensor(there))) > 1


@pytest.mark.parametrize(("side", "dilation"), [(5, 1), (3, 8)])
def test_shifts_are_a_depthwise_convolution(side, dilation):
    rng = np.random.default_rng(0)
    pictures = rng.normal(size=(2, 20, 20, 3)).astype(np.float32)
    kernel = rng.normal(size=(side, side, 3, 1)).astype(np.float32)
    shifts = Shifts(side, dilation, "zeros")
    depthwise = keras.layers.DepthwiseConv2D(
        side, padding="same", dilation_rate=dilation, use_bias=False
    )
    for layer in (shifts, depthwise):
        layer.build(pictures.shape)
        layer.set_weights([kernel])
    np.testing.assert_allclose(
        np.asarray(shifts(pictures)), np.asarray(depthwise(pictures)), atol=1e-5
    )


def test_the_network_is_the_same_in_both_ways_and_takes_any_size():
    plain, shifted = build(seed=4), build(64, seed=4, shifts=True)
    assert plain.count_params() == shifted.count_params() == 18_419
    for a, b in zip(plain.get_weights(), shifted.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    pictures = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3)).astype(np.float32)
    said = np.asarray(plain(pictures, training=False))
    assert said.shape == (1, 64 // STRIDE, 64 // STRIDE, OUTPUTS)
    np.testing.assert_allclose(np.asarray(shifted(pictures, training=False)), said, atol=1e-4)
    assert plain(np.zeros((1, 96, 136, 3), np.float32)).shape == (1, 24, 34, OUTPUTS)
    assert (build(seed=5).get_weights()[0] != plain.get_weights()[0]).any()


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Return folders to learn from and to measure on."""
    folder = tmp_path_factory.mktemp("photos")
    return write_photos(folder / "learnt"), write_photos(folder / "kept", count=2)


@pytest.fixture(scope="module")
def finished(photos, tmp_path_factory):
    """Return the folder of a finished run; not to be written to."""
    out = tmp_path_factory.mktemp("finished") / "boxes"
    run_detector([photos[0]], [photos[1]], out, TINY, jobs=2)
    return out


def test_a_run_leaves_a_network_that_has_learnt_and_a_report(finished):
    assert sorted(path.name for path in finished.iterdir()) == ["boxes.keras", "report.json"]
    report = json.loads((finished / "report.json").read_text())
    assert report["weights"] == 18_419
    assert report["data"]["train"]["crops"] == 18
    assert report["data"]["validation"]["photos"] == 2
    assert report["recipe"]["epochs"] == 2
    assert [each["epoch"] for each in report["epochs"]] == [1, 2]
    assert report["epochs"][-1]["loss"] < report["epochs"][0]["loss"]
    assert np.isfinite([each["validation_loss"] for each in report["epochs"]]).all()
    network = keras.saving.load_model(finished / "boxes.keras", compile=False)
    assert network.input_shape == (None, None, None, 3)


def test_a_killed_run_goes_on_and_comes_to_the_same(photos, finished, tmp_path, monkeypatch):
    out = tmp_path / "boxes"
    saves = []
    save = course.Checkpoint.save

    def killed(self, progressed):
        save(self, progressed)
        saves.append(len(progressed.history))
        if len(saves) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(course.Checkpoint, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        run_detector([photos[0]], [photos[1]], out, TINY, jobs=2)
    assert [path.name for path in out.iterdir()] == ["checkpoint.npz"]
    with pytest.raises(CheckpointError, match="the state of another run"):
        run_detector([photos[0]], [photos[1]], out, DetectorRecipe(epochs=4, batch_size=4))
    run_detector([photos[0]], [photos[1]], out, TINY, jobs=1)
    assert saves == [1, 2]
    one, two = (keras.saving.load_model(each / "boxes.keras", compile=False)
                for each in (finished, out))  # fmt: skip
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_finished_run_is_not_done_again_nor_overwritten_by_another(photos, finished, capsys):
    before = (finished / "report.json").read_bytes(), (finished / "boxes.keras").read_bytes()
    run_detector([photos[0]], [photos[1]], finished, TINY)
    with pytest.raises(OutputError, match="holds another run"):
        run_detector([photos[0]], [photos[1]], finished, DetectorRecipe(epochs=1, batch_size=4))
    command = ["detector", str(photos[0]), "--validation", str(photos[1]), "--out", str(finished)]
    assert main([*command, "--epochs", "1", "--jobs", "1"]) == 1
    said = capsys.readouterr().err
    assert "holds another run" in said
    assert said.count("\n") == 1
    after = (finished / "report.json").read_bytes(), (finished / "boxes.keras").read_bytes()
    assert before == after


def test_the_command_line_tells_of_missing_photos_in_one_line(photos, tmp_path, capsys):
    out = ["--out", str(tmp_path / "boxes"), "--jobs", "1"]
    nowhere = str(tmp_path / "nowhere")
    for learnt, kept in ((nowhere, str(photos[1])), (str(photos[0]), nowhere)):
        assert main(["detector", learnt, "--validation", kept, *out]) == 1
        said = capsys.readouterr().err
        assert said.startswith("train: ")
        assert "labels.csv: no such file" in said
        assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "--validation"),
        (["--validation", "v", "--epochs", "0"], "epochs must be at least 1"),
        (["--validation", "v", "--seed", "-1"], "seed must be 0 or more"),
        (["--validation", "v", "--jobs", "0"], "--jobs: at least 1"),
    ],
)
def test_wrong_usage_is_told_of_and_leaves_with_2(wrong, said, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["detector", "photos", *wrong])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [{"epochs": 0}, {"batch_size": 0}, {"learning_rate": 0}, {"warmup": 0}, {"least": 2},
     {"weight_decay": -1}, {"seed": -1}],
)  # fmt: skip
def test_a_recipe_takes_no_number_outside_its_range(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DetectorRecipe(**wrong)
