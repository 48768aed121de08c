from __future__ import annotations

import math

import numpy as np
import pytest

from convert.cli import main
from convert.errors import ConversionError
from convert.layers import LayerError, measure_layers, text


def test_a_float_file_adds_next_to_nothing(trained_once):
    layers = measure_layers(trained_once / "postcode.keras", "none")
    assert [each.units for each in layers] == [64, 32, 10]
    assert all(each.signal_to_noise > 100 and each.so_far > 100 for each in layers)


def test_int8_adds_more_than_int16_activations_and_less_than_int4(trained_once):
    found = {
        kind: measure_layers(trained_once / "postcode.keras", kind, count=100)
        for kind in ("int16x8", "int8", "int4")
    }
    for place in range(3):
        noise = [found[kind][place].signal_to_noise for kind in ("int16x8", "int8", "int4")]
        assert noise == sorted(noise, reverse=True)
        assert found["int8"][place].mean <= found["int8"][place].largest
    # What was added before is in the error so far.
    assert found["int8"][2].so_far <= found["int8"][2].signal_to_noise + 3


def test_a_bad_layer_is_seen(trained_once, digits_file, tmp_path):
    import keras

    model = keras.saving.load_model(trained_once / "postcode.keras")
    first, second, _ = (each for each in model.layers if isinstance(each, keras.layers.Dense))
    (weights, offset), (kernel, bias) = first.get_weights(), second.get_weights()
    # A unit that is never on, and weights for it so large that the others have hardly a step.
    weights[:, 0], offset[0] = 0, -1
    kernel[0] = 40 * np.abs(kernel).max()
    first.set_weights([weights, offset])
    second.set_weights([kernel, bias])
    model.save(tmp_path / "bad.keras")
    layers = measure_layers(tmp_path / "bad.keras", "int8", digits_file)
    assert min(layers, key=lambda each: each.signal_to_noise).name == second.name
    assert layers[1].signal_to_noise < layers[0].signal_to_noise - 10


def test_the_table_names_the_layer_that_adds_most():
    rows = [LayerError("one", 64, 0.1, 0.2, 40.0, 40.0), LayerError("two", 10, 0.1, 0.2, 30, 29),
            LayerError("three", 10, 0, 0, math.inf, math.inf)]  # fmt: skip
    assert text(rows).splitlines()[-1].endswith("two adds most")


def test_a_network_of_other_layers_is_refused(tmp_path, digits_file):
    import keras

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(2, 5),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.save(tmp_path / "cnn.keras")
    with pytest.raises(ConversionError, match="can't be compared one by one"):
        measure_layers(tmp_path / "cnn.keras", "int8", digits_file)


def test_the_command_prints_a_row_for_each_layer(trained_once, capsys):
    arguments = ["layers", str(trained_once / "postcode.keras"), "--quantize", "int8"]
    assert main([*arguments, "--count", "50"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert "added, dB" in lines[0]
    with pytest.raises(SystemExit):
        main([*arguments, "--count", "0"])
