from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train import forward as fw

CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]
OR = [-0.5, 1, 1]
XOR = [[[-0.5, 1, 1], [1.5, -1, -1]], [-1, 1, 1]]

# The name here and the name in Keras.
SHARED = [
    ("sigmoid", "sigmoid"),
    ("tanh", "tanh"),
    ("relu", "relu"),
    ("leaky_relu", "leaky_relu"),
    ("softplus", "softplus"),
    ("swish", "swish"),
    ("identity", "linear"),
    ("softmax", "softmax"),
]


def dense(widths, activations, seed):
    """Build a Keras model of Dense layers, biases included in what is random."""
    import keras

    layers = [
        keras.layers.Dense(units, activation=name)
        for units, name in zip(widths[1:], activations, strict=True)
    ]
    network = keras.Sequential([keras.Input((widths[0],)), *layers])
    rng = np.random.default_rng(seed)
    network.set_weights(
        [
            rng.standard_normal(weight.shape) / np.sqrt(weight.shape[0])
            for weight in network.get_weights()
        ]
    )
    return network


def random_matrices(widths, seed):
    rng = np.random.default_rng(seed)
    return [
        rng.standard_normal((units, inputs + 1)) for inputs, units in itertools.pairwise(widths)
    ]


def test_the_textbooks_perceptron_computes_or():
    assert fw.forward([OR], CORNERS, "step", "step").tolist() == [[-1], [1], [1], [1]]


def test_the_textbooks_network_computes_xor():
    assert fw.forward(XOR, CORNERS, "step", "step").tolist() == [[-1], [1], [1], [-1]]


def test_the_textbooks_hidden_points_of_xor_are_found():
    hidden, output = fw.layer_outputs(XOR, CORNERS, "step", "step")
    assert hidden.tolist() == [[-1, 1], [1, 1], [1, 1], [1, -1]]
    assert np.array_equal(output, fw.forward(XOR, CORNERS, "step", "step"))


def test_one_input_gives_one_row_of_float64_whatever_its_type():
    for x in ([1, 0], np.array([1, 0], np.uint8), np.array([1, 0], np.float32)):
        result = fw.forward(XOR, x, "step", "step")
        assert (result.shape, result.dtype) == ((1, 1), np.float64)
        assert result[0, 0] == 1


def test_no_inputs_give_no_rows():
    assert fw.forward(XOR, np.zeros((0, 2)), "tanh").shape == (0, 1)


def test_weights_of_float32_are_computed_in_float64():
    U = np.array([[1, 1e-12]], np.float32)
    assert fw.forward([U], [1], "identity", "identity")[0, 0] > 1


def test_the_output_is_a_softmax_unless_another_is_chosen():
    U = np.log([[1, 1], [2, 1], [5, 1]])
    assert fw.forward([U], [7], "relu") == pytest.approx(np.array([[1, 2, 5]]) / 8)
    assert fw.forward([U], [7], "relu", "identity") == pytest.approx(np.log([[1, 2, 5]]))


def test_an_activation_may_be_any_function_and_is_not_used_in_the_last_layer():
    def square(z):
        return z**2

    layers = fw.layer_outputs([[[1, 2]], [[3, 1]]], [[4], [-1]], square, "identity")
    assert [layer.tolist() for layer in layers] == [[[81], [1]], [[84], [4]]]


def test_the_class_is_the_unit_with_the_highest_output():
    U = [[0, 1, 0], [0, 0, 1], [0.5, 0, 0]]
    x = [(1, 0), (0, 1), (0, 0), (1, 1)]
    assert fw.classify([U], x, "relu").tolist() == [0, 1, 2, 0]
    assert fw.classify([U], (0, 1), "relu", "identity").tolist() == [1]


def test_activations_have_the_values_of_their_formulas():
    z = np.array([[-2.0, -0.5, 0.0, 0.5, 2.0]])
    expected = {
        "step": [[-1, -1, 1, 1, 1]],
        "sigmoid": 1 / (1 + np.exp(-z)),
        "tanh": (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
        "relu": [[0, 0, 0, 0.5, 2]],
        "leaky_relu": [[-0.4, -0.1, 0, 0.5, 2]],
        "softplus": np.log(1 + np.exp(z)),
        "swish": z / (1 + np.exp(-z)),
        "identity": z,
        "softmax": np.exp(z) / np.exp(z).sum(),
    }
    assert expected.keys() == fw.ACTIVATIONS.keys()
    for name, values in expected.items():
        assert fw.ACTIVATIONS[name](z) == pytest.approx(np.asarray(values), rel=1e-12), name


def test_swish_and_leaky_relu_take_their_parameter():
    z = np.array([[-2.0, 0.0, 1.5]])
    assert fw.swish(2.5)(z) == pytest.approx(z / (1 + np.exp(-2.5 * z)))
    assert fw.swish(0)(z) == pytest.approx(z / 2)
    assert fw.leaky_relu(0.01)(z) == pytest.approx(np.array([[-0.02, 0, 1.5]]))


# A warning of overflow would be an error here, see pyproject.toml.
@pytest.mark.parametrize("name", fw.ACTIVATIONS)
def test_huge_inputs_neither_overflow_nor_lose_their_meaning(name):
    result = fw.ACTIVATIONS[name](np.array([[1e4, -1e4, 0.0]]))
    expected = {
        "step": [1, -1, 1],
        "sigmoid": [1, 0, 0.5],
        "tanh": [1, -1, 0],
        "relu": [1e4, 0, 0],
        "leaky_relu": [1e4, -2e3, 0],
        "softplus": [1e4, 0, np.log(2)],
        "swish": [1e4, 0, 0],
        "identity": [1e4, -1e4, 0],
        "softmax": [1, 0, 0],
    }
    assert result[0] == pytest.approx(np.array(expected[name]))


def test_small_probabilities_keep_their_digits():
    z = np.array([[-40.0]])
    # log(1 + ε) = ε, to the precision of float64.
    assert fw.sigmoid(z)[0, 0] == pytest.approx(np.exp(-40), rel=1e-12, abs=0)
    assert fw.softplus(z)[0, 0] == pytest.approx(np.exp(-40), rel=1e-12, abs=0)


def test_matrices_have_the_bias_in_front_and_one_row_per_unit():
    weights = [[[1, 2, 3], [4, 5, 6]], [7, 8, 9], [[1], [2], [3]], [4]]
    first, second = fw.matrices_of(weights)
    assert first.tolist() == [[7, 1, 4], [8, 2, 5], [9, 3, 6]]
    assert second.tolist() == [[4, 1, 2, 3]]


def test_matrices_share_no_memory_with_the_weights():
    kernel, bias = np.ones((2, 3)), np.ones(3)
    (U,) = fw.matrices_of([kernel, bias])
    U[:] = 5
    assert kernel.max() == bias.max() == 1


@pytest.mark.parametrize(("ours", "keras_name"), SHARED)
def test_hidden_layers_agree_with_keras(ours, keras_name):
    network = dense((6, 9, 7, 4), (keras_name, keras_name, "softmax"), seed=0)
    x = np.random.default_rng(1).normal(0, 2, (50, 6)).astype(np.float32)
    matrices = fw.matrices_of(network.get_weights())
    assert np.allclose(
        fw.forward(matrices, x, ours), network.predict(x, verbose=0), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize(("ours", "keras_name"), SHARED)
def test_outputs_agree_with_keras(ours, keras_name):
    network = dense((6, 9, 4), ("tanh", keras_name), seed=2)
    x = np.random.default_rng(3).normal(0, 2, (50, 6)).astype(np.float32)
    matrices = fw.matrices_of(network.get_weights())
    expected = network.predict(x, verbose=0)
    assert np.allclose(fw.forward(matrices, x, "tanh", ours), expected, rtol=0, atol=1e-5)


def test_the_leaky_relu_layer_of_keras_has_another_slope_than_its_activation():
    import keras

    z = np.array([[-1.0, 2.0]], np.float32)
    assert fw.leaky_relu(0.3)(z) == pytest.approx(np.asarray(keras.layers.LeakyReLU()(z)))
    assert fw.leaky_relu()(z) == pytest.approx(np.asarray(keras.activations.leaky_relu(z)))


def test_digits_get_the_classes_that_keras_gives_them():
    network = dense((784, 32, 16, 10), ("relu", "relu", "softmax"), seed=4)
    x = np.random.default_rng(5).random((200, 784), np.float32)
    expected = network.predict(x, verbose=0).argmax(axis=1)
    # Else the agreement would say little.
    assert len(set(expected.tolist())) > 2
    classes = fw.classify(fw.matrices_of(network.get_weights()), x, "relu")
    assert np.array_equal(classes, expected)


@pytest.mark.parametrize(
    ("matrices", "x", "said"),
    [
        ([], [1, 2], "there are no layers"),
        (XOR, [1, 2, 3], r"layer 1 is \(2, 3\), where 4 columns .* 3 inputs"),
        ([XOR[0], [1, 1]], [1, 2], r"layer 2 is \(1, 2\), where 3 columns .* 2 inputs"),
        (XOR, 1, r"the input has shape \(\)"),
        (XOR, np.zeros((2, 2, 2)), r"the input has shape \(2, 2, 2\)"),
        ([np.zeros((1, 2, 3))], [1, 2], r"the matrix of layer 1 has shape \(1, 2, 3\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named_in_one_sentence(matrices, x, said):
    with pytest.raises(ValueError, match=said) as caught:
        fw.forward(matrices, x, "relu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ([], "there are 0 arrays"),
        ([(4, 3), (3,), (3, 2)], "there are 3 arrays"),
        ([(4, 3), (4,)], r"layer 1 has weights \(4, 3\) and \(4,\)"),
        ([(3,), (4, 3)], r"layer 1 has weights \(3,\) and \(4, 3\)"),
        ([(4, 3), (3, 1)], r"layer 1 has weights \(4, 3\) and \(3, 1\)"),
        ([(4, 3), (3,), (4, 2), (2,)], r"kernel of layer 2 is \(4, 2\), where 3 rows"),
    ],
)
def test_weights_that_do_not_chain_are_named_in_one_sentence(shapes, said):
    with pytest.raises(ValueError, match=said) as caught:
        fw.matrices_of([np.zeros(shape) for shape in shapes])
    assert "\n" not in str(caught.value)


def test_an_unknown_activation_is_answered_with_the_names_there_are():
    with pytest.raises(ValueError, match="'gelu' is none of step, sigmoid"):
        fw.forward(XOR, CORNERS, "gelu")
    with pytest.raises(ValueError, match="'gelu' is none of"):
        fw.forward(XOR, CORNERS, "relu", "gelu")


@given(
    rows=st.integers(1, 6).flatmap(
        lambda k: st.lists(
            st.lists(st.floats(-1e4, 1e4), min_size=k, max_size=k), min_size=1, max_size=5
        )
    )
)
def test_every_softmax_is_a_distribution_in_the_order_of_its_scores(rows):
    z = np.array(rows)
    probabilities = fw.softmax(z)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert probabilities.min() >= 0
    ordered = np.take_along_axis(probabilities, z.argsort(axis=1), axis=1)
    assert (np.diff(ordered, axis=1) >= 0).all()


@given(
    widths=st.lists(st.integers(1, 8), min_size=2, max_size=5),
    n=st.integers(1, 6),
    # `step` may fall to either side where rounding differs at 0.
    activation=st.sampled_from(sorted(fw.ACTIVATIONS.keys() - {"step"})),
    seed=st.integers(0, 1000),
)
def test_a_batch_gives_what_its_rows_give_one_by_one(widths, n, activation, seed):
    matrices = random_matrices(widths, seed)
    x = np.random.default_rng(seed + 1).normal(0, 3, (n, widths[0]))
    batch = fw.layer_outputs(matrices, x, activation)
    single = [fw.layer_outputs(matrices, row, activation) for row in x]
    for layer, alone in zip(batch, zip(*single, strict=True), strict=True):
        assert np.allclose(layer, np.concatenate(alone), rtol=1e-9, atol=1e-9)


def test_the_computation_needs_no_other_library_than_numpy():
    # Else a fault of theirs could hide itself here.
    code = (
        "import sys, train.forward; "
        "print({'keras', 'tensorflow', 'cv2', 'edge', 'convert'} & sys.modules.keys())"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
