from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from train.recipe import Recipe


def test_the_default_is_the_textbooks_network():
    assert Recipe().architecture == "784-1024-512-512-10 relu"


def test_a_recipe_can_not_be_changed():
    with pytest.raises(FrozenInstanceError):
        Recipe().epochs = 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden", ()),
        ("epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("warmup", 1),
        ("weight_decay", -1),
        ("seed", -1),
        ("holdout", 0),
        ("holdout_seed", 2**32),
    ],
)
def test_a_number_outside_its_range_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        Recipe(**{field: value})
