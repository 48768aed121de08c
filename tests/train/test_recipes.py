from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest

from train.augment import UNBENT
from train.recipe import Recipe
from train.recipes import DEFAULT, RECIPES

# What a recipe of the textbook has none of.
PLAIN = {
    "stroke_drawings": 0,
    "convolutional_epochs": 0,
    "dropout": 0,
    "batch_norm": False,
    "schedule": "constant",
    "weight_decay": 0,
    "average": 0,
    "patience": 0,
    "precision": "float32",
    "distortion": UNBENT,
}


def differences(one, other):
    return {
        field.name
        for field in fields(Recipe)
        if getattr(one, field.name) != getattr(other, field.name)
    } - {"name", "summary"}


@pytest.mark.parametrize(
    ("name", "hidden", "activation", "loss", "optimizer", "rate"),
    [
        ("mlp-sgd", (512,), "tanh", "mse", "sgd", 0.01),
        ("mlp-adam", (512,), "tanh", "mse", "adam", 0.001),
        ("dmlp", (1024, 512, 512), "relu", "cross-entropy", "adam", 0.0001),
    ],
)
def test_the_textbooks_programs_are_its_table(name, hidden, activation, loss, optimizer, rate):
    recipe = RECIPES[name]
    assert recipe.dataset == "mnist"
    assert (recipe.hidden, recipe.activation) == (hidden, activation)
    assert (recipe.loss, recipe.optimizer, recipe.learning_rate) == (loss, optimizer, rate)
    assert (recipe.batch_size, recipe.epochs) == (128, 50)
    assert {field: getattr(recipe, field) for field in PLAIN} == PLAIN


def test_the_two_first_networks_differ_in_their_optimizer_alone():
    assert differences(RECIPES["mlp-sgd"], RECIPES["mlp-adam"]) == {"optimizer", "learning_rate"}


def test_cifar10_is_learnt_by_the_textbooks_deep_network():
    recipe = RECIPES["dmlp-cifar10"]
    # It needs more epochs to show that it learns its images by heart.
    assert differences(RECIPES["dmlp"], recipe) <= {"dataset", "epochs"}
    assert recipe.dataset == "cifar10"
    assert {field: getattr(recipe, field) for field in PLAIN} == PLAIN


@pytest.mark.parametrize(
    ("cure", "differs"),
    [
        ("dropout", {"dropout"}),
        ("augment", {"distortion"}),
        ("norm", {"batch_norm", "dropout"}),
    ],
)
def test_a_cured_recipe_differs_in_its_cure_alone(cure, differs):
    assert differences(RECIPES["dmlp-cifar10"], RECIPES[f"dmlp-cifar10-{cure}"]) == differs


def test_images_are_cured_by_mirroring_and_digits_are_never_mirrored():
    assert RECIPES["dmlp-cifar10-augment"].distortion.mirror
    assert not any(r.distortion.mirror for r in RECIPES.values() if r.dataset == "mnist")


def test_every_recipe_is_found_by_its_name_which_a_folder_can_have():
    assert DEFAULT in RECIPES
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)


def test_every_recipe_says_in_a_line_what_it_is_for():
    summaries = [recipe.summary for recipe in RECIPES.values()]
    assert all(summaries)
    assert len(set(summaries)) == len(summaries)
    assert not any("\n" in summary or summary.endswith(".") for summary in summaries)


def test_the_recipes_can_not_be_changed():
    with pytest.raises(TypeError):
        RECIPES["mlp-sgd"] = replace(RECIPES["mlp-sgd"], epochs=1)
