from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from tests.train.folders import SMALL, report_of
from tests.train.synthetic import GENTLY, draw_digits
from train.batches import Lessons
from train.cli import main
from train.data import Examples
from train.errors import DataError
from train.fit import fit
from train.network import build, scores
from train.quantize import RoundedDense, build_rounded, plain_weights
from train.recipe import Recipe
from train.run import average, load, train

RECIPE = Recipe(
    name="small", summary="", hidden=(32, 16), epochs=8, batch_size=32, distortion=GENTLY
)


@pytest.fixture(scope="module")
def digits():
    return Examples(*draw_digits(600, seed=1)), Examples(*draw_digits(200, seed=2))


@pytest.fixture(scope="module")
def trained(digits):
    network = build(RECIPE, (28, 28))
    fit(network, Lessons(digits[0]), digits[1], RECIPE)
    return network


def rounded_to(kernel, bits):
    """Round per unit, symmetrically, as a converted model's weights are."""
    scale = np.abs(kernel).max(axis=0) / (2 ** (bits - 1) - 1)
    return np.rint(kernel / scale) * scale


@pytest.mark.parametrize("bits", [8, 4])
def test_the_forward_computation_uses_weights_of_few_bits(bits, trained, digits):
    weights = trained.get_weights()
    rounded = build_rounded(RECIPE, (28, 28), bits, weights)
    plain = build(RECIPE, (28, 28))
    plain.set_weights([rounded_to(w, bits) if w.ndim == 2 else w for w in weights])
    some = digits[1].images
    # One step with no effect but to show the ranges of the hidden layers.
    still = replace(RECIPE, epochs=1, optimizer="sgd", learning_rate=1e-12)
    fit(rounded, Lessons(digits[0]), digits[1], still)
    assert np.abs(scores(rounded, some) - scores(plain, some)).max() < 0.1
    off = np.abs(scores(trained, some) - scores(plain, some)).max()
    assert bits == 8 or off > 0.1


@pytest.mark.parametrize("bits", [8, 4])
def test_what_is_kept_is_rounded_once_and_for_all(bits, trained):
    weights = trained.get_weights()
    kept = plain_weights(build_rounded(RECIPE, (28, 28), bits, weights))
    for kernel, given in zip(kept[::2], weights[::2], strict=True):
        assert np.allclose(kernel, rounded_to(given, bits), atol=1e-6)
        assert max(len(np.unique(unit)) for unit in kernel.T) <= 2**bits - 1
    for bias, given in zip(kept[1::2], weights[1::2], strict=True):
        assert np.array_equal(bias, given)
    again = plain_weights(build_rounded(RECIPE, (28, 28), bits, kept))
    assert all(np.allclose(one, other, atol=1e-6) for one, other in zip(kept, again, strict=True))


def test_fine_tuning_for_four_bits_loses_less_than_rounding_afterwards(trained, digits):
    learnt, held = digits
    gentle = replace(RECIPE, epochs=6, learning_rate=0.0005)

    def loss_at_2_bits(weights):
        network = build_rounded(RECIPE, (28, 28), 2, weights)
        still = replace(gentle, epochs=1, optimizer="sgd", learning_rate=1e-12)
        return fit(network, Lessons(learnt), held, still)[-1].validation_loss

    tuned = build_rounded(RECIPE, (28, 28), 2, trained.get_weights())
    fit(tuned, Lessons(learnt), held, gentle)
    assert loss_at_2_bits(plain_weights(tuned)) < 0.8 * loss_at_2_bits(trained.get_weights())


def test_a_rounded_layer_that_was_saved_is_loaded_with_its_bits(tmp_path):
    layer = RoundedDense(3, 4)
    model = keras.Sequential([keras.Input((5,)), layer])
    layer.set_weights([np.linspace(-1, 1, 15).reshape(5, 3), np.zeros(3)])
    model.save(tmp_path / "rounded.keras")
    loaded = keras.saving.load_model(tmp_path / "rounded.keras")
    assert loaded.layers[-1].bits == 4
    np.testing.assert_array_equal(loaded(np.eye(5)), model(np.eye(5)))


def test_other_runs_are_imitated_beside_the_one_that_is_rounded(digits_file, tmp_path, capsys):
    runs = [tmp_path / "first", tmp_path / "other"]
    for seed, run in enumerate(runs):
        train(replace(SMALL, seed=seed), run, digits_file)
    out = tmp_path / "rounded"
    command = ["quantize", str(runs[0]), "--teacher", str(runs[1]), "--epochs", "1"]
    assert main([*command, "--data", str(digits_file), "--out", str(out)]) == 0
    made = report_of(out)
    models = [report_of(run)["model"]["sha256"] for run in runs]
    assert made["teachers"] == models
    assert made["rounding"] == {"model_sha256": models[0], "bits": 8}
    capsys.readouterr()
    missing = ["quantize", str(runs[0]), "--teacher", str(tmp_path / "nowhere")]
    assert main([*missing, "--data", str(digits_file), "--out", str(tmp_path / "none")]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_a_run_begins_with_the_mean_of_the_weights_of_several(digits_file, tmp_path, capsys):
    runs = [tmp_path / name for name in ("first", "other", "wider")]
    for run, recipe in zip(
        runs, [SMALL, replace(SMALL, seed=1), replace(SMALL, hidden=(32,))], strict=True
    ):
        train(recipe, run, digits_file)
    first, other, wider = runs
    models = [report_of(run)["model"]["sha256"] for run in (first, other)]
    network = load(first)[1]
    before = network.get_weights()
    assert average(network, [other]) == models[1:]
    means = network.get_weights()
    for mean, one, two in zip(means, before, load(other)[1].get_weights(), strict=True):
        assert np.allclose(mean, (one + two) / 2, atol=1e-6)

    out = tmp_path / "rounded"
    command = ["quantize", str(first), "--data", str(digits_file), "--out", str(out)]
    # So slow that it ends where it began.
    slow = ["--epochs", "1", "--learning-rate", "1e-9"]
    assert main([*command, "--average-with", str(other), *slow]) == 0
    assert report_of(out)["rounding"] == {
        "model_sha256": models[0], "bits": 8, "averaged": models[1:]
    }  # fmt: skip
    assert f"those of {models[1][:12]}" in (out / "report.md").read_text("utf-8")
    assert np.allclose(load(out)[1].get_weights()[0], rounded_to(means[0], 8), atol=1e-4)
    # It is another run without them.
    capsys.readouterr()
    assert main([*command, *slow]) == 1
    assert "another run" in capsys.readouterr().err

    with pytest.raises(DataError, match=r"wider: a network of other layers"):
        average(network, [wider])
    assert main([*command[:-1], str(tmp_path / "none"), "--average-with", str(wider)]) == 1
    said = capsys.readouterr().err
    assert "wider" in said
    assert "Traceback" not in said
