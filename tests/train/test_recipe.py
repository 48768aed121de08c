from __future__ import annotations

import typing
from dataclasses import FrozenInstanceError, fields

import pytest

from train.recipe import Recipe

NUMBERS = {
    name: kind for name, kind in typing.get_type_hints(Recipe).items() if kind in (int, float)
}


def recipe(**changed):
    return Recipe("test", "to be tested", **changed)


def test_a_recipe_can_not_be_changed():
    with pytest.raises(FrozenInstanceError):
        recipe().epochs = 3


def test_a_name_and_a_line_of_what_it_is_for_are_enough():
    made = recipe()
    assert (made.name, made.summary) == ("test", "to be tested")
    assert (made.dataset, made.hidden, made.activation) == ("mnist", (1024, 512, 512), "relu")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden", ()),
        ("hidden", (32, 0)),
        ("epochs", 0),
        ("batch_size", 0),
        ("stroke_bank", 0),
        ("learning_rate", 0),
        ("learning_rate", 1.5),
        ("warmup", 0),
        ("warmup", 1),
        ("weight_decay", 1.5),
        ("dropout", 1),
        ("average", 1),
        ("seed", 2**32),
        ("validation_seed", 2**32),
        ("validation", 0),
        ("validation", 1.5),
        ("stroke_writers", 0),
        ("stroke_writers", 0.5),
        ("swish_beta", 0),
        *((name, -1) for name in NUMBERS),
        *(
            (name, value)
            for name, kind in NUMBERS.items()
            for value in (float("nan"), float("inf"))
            if kind is float
        ),
    ],
)
def test_a_number_outside_its_range_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field) as caught:
        recipe(**{field: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "choices"),
    [
        ("dataset", "mnist, cifar10"),
        ("activation", "sigmoid, tanh, relu, leaky_relu, softplus, swish"),
        ("loss", "cross-entropy, mse"),
        ("optimizer", "sgd, adam, adamw"),
        ("schedule", "constant, one-cycle"),
        ("precision", "float32, bfloat16"),
    ],
)
def test_a_name_that_is_no_choice_is_refused_with_the_choices(field, choices):
    for choice in choices.split(", "):
        assert getattr(recipe(**{field: choice}), field) == choice
    with pytest.raises(ValueError, match=f"{field} must be one of {choices}$"):
        recipe(**{field: "another"})


def test_every_field_of_text_is_a_name_a_summary_or_a_choice():
    texts = {name for name, kind in typing.get_type_hints(Recipe).items() if kind is str}
    free = {"name", "summary"}
    for name in texts - free:
        with pytest.raises(ValueError, match=f"{name} must be one of"):
            recipe(**{name: "another"})
    assert texts <= {field.name for field in fields(Recipe)}


def test_strokes_are_mixed_with_digits_alone():
    assert recipe(stroke_drawings=2).stroke_drawings == 2
    with pytest.raises(ValueError, match="stroke digits can only be mixed with mnist"):
        recipe(stroke_drawings=2, dataset="cifar10")


def test_in_rounds_teachers_are_imitated_of_all_digits():
    assert not recipe(imitate_extra=False).imitate_extra
    with pytest.raises(ValueError, match="imitate_extra, or no rounds"):
        recipe(imitate_extra=False, rounds=3)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dataset": "cifar10"}, "need mnist"),
        ({"batch_norm": True}, "no batch_norm"),
        ({"hidden": (1024,)}, "two hidden layers"),
        ({"hidden": (1000, 512)}, "multiple of 64 units in the first"),
        ({"hidden": (1024, 500)}, "of 16 in the second"),
    ],
)
def test_convolutional_epochs_are_refused_where_their_filters_do_not_fit(changed, said):
    assert recipe(convolutional_epochs=1, hidden=(64, 16)).convolutional_epochs == 1
    with pytest.raises(ValueError, match=said):
        recipe(convolutional_epochs=1, **changed)


@pytest.mark.parametrize(
    ("validation", "count", "held"),
    [
        (0.1, 60_000, 6000),
        (0.25, 10, 2),
        # At least one, or nothing could be decided.
        (0.001, 10, 1),
        (1, 60_000, 1),
        (5000, 60_000, 5000),
        (5000.0, 60_000, 5000),
        # More than there are: `hold_out` refuses them.
        (5000, 300, 5000),
    ],
)
def test_a_share_or_a_count_is_held_out(validation, count, held):
    found = recipe(validation=validation).held_out(count)
    assert (found, type(found)) == (held, int)
