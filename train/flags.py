"""How a recipe's numbers are told on the command line: a flag for every field."""

from __future__ import annotations

import argparse
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from train import recipe as choices
from train.augment import Distortion
from train.recipe import Recipe

HELP = MappingProxyType(
    {
        "dataset": f"one of {', '.join(choices.DATASETS)}",
        "stroke_drawings": "drawings of every stroke digit in an epoch",
        "stroke_bank": "drawings of every stroke digit to choose from",
        "impostors": "images of no digit in an epoch",
        "stroke_writers": "share of the writers kept apart, and as many again to test",
        "validation": "training images kept apart: a share below 1, else how many",
        "validation_seed": "which ones",
        "network": f"one of {', '.join(choices.NETWORKS)}",
        "hidden": "widths of the hidden layers, for example 1024,512,512",
        "activation": f"one of {', '.join(choices.ACTIVATIONS)}",
        "swish_beta": "the β of swish",
        "dropout": "share of a hidden layer that is silenced in a step",
        "batch_norm": "normalise hidden layers over the batch",
        "convolutional_epochs": "epochs as a small convolutional network first",
        "loss": f"one of {', '.join(choices.LOSSES)}",
        "distillation": "share of the loss that compares with the --teacher",
        "imitate_mistakes": "imitate the --teacher where it is wrong too",
        "imitate_extra": "imitate the --teacher of --extra digits too",
        "extra_digits": "--extra digits in an epoch, others in each; 0: all of them",
        "rounds": "epochs after which the same bent images come again; 0: never",
        "softness": "divides the logits in that comparison",
        "optimizer": f"one of {', '.join(choices.OPTIMIZERS)}",
        "learning_rate": "of every step, or the peak of the one cycle",
        "schedule": f"one of {', '.join(choices.SCHEDULES)}",
        "warmup": "share of the steps on which the one cycle's rate rises",
        "weight_decay": "of AdamW, times the rate",
        "average": "memory of the weights' running average; 0 takes the last weights",
        "batch_size": "images per step",
        "epochs": "times each image is seen",
        "patience": "epochs without a lower validation loss before stopping; 0: never",
        "precision": f"of the matrix products: {' or '.join(choices.PRECISIONS)}",
        "seed": "of weights, order and distortion",
        "rotation": "± degrees",
        "scale": "± share of the size, each axis",
        "shear": "± sideways shift per height",
        "shift": "± pixels",
        "elastic_sigma": "pixels over which displacements agree",
        "elastic_alpha": "factor on the smoothed noise; 0 turns it off",
        "mirror": "mirror half of the images",
    }
)
"""What each flag says of itself, by the name of its field."""

_UNCHANGED = ("name", "summary", "distortion")
_BENDS = frozenset(field.name for field in fields(Distortion))


def numbers(recipe: Recipe) -> dict[str, Any]:
    """Return the value of every field that has a flag, those of the distortion among them."""
    found = vars(recipe) | vars(recipe.distortion)
    return {name: value for name, value in found.items() if name not in _UNCHANGED}


def changed(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Return the recipe with other values of its fields or its distortion's.

    Raises:
        ValueError: the recipe does not take one of them.
    """
    bends = {name: value for name, value in values.items() if name in _BENDS}
    rest = {name: value for name, value in values.items() if name not in _BENDS}
    return replace(recipe, **rest, distortion=replace(recipe.distortion, **bends))


def flag(name: str) -> str:
    """Return the flag of a field: `learning_rate` → `--learning-rate`."""
    return "--" + name.replace("_", "-")


def text(value: Any) -> str:
    """Return a value as its flag takes it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def add_recipe_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for every field of a recipe and its distortion; none given keeps the recipe's."""
    group = parser.add_argument_group("the recipe's numbers (default: those of the recipe)")
    for name, kind in flag_types().items():
        if kind is bool:
            group.add_argument(flag(name), action=argparse.BooleanOptionalAction, help=HELP[name])
        else:
            metavar = "NAME" if kind is str else "N" if kind is int else "X"
            group.add_argument(flag(name), type=kind, metavar=metavar, help=HELP[name])


def overridden(
    recipe: Recipe, options: argparse.Namespace, parser: argparse.ArgumentParser
) -> Recipe:
    """Return the recipe with the numbers that were given in place of its own.

    Args:
        recipe: as it is called.
        options: what the parser found.
        parser: reports wrong numbers and leaves with 2.
    """
    given = {name: getattr(options, name) for name in flag_types()}
    try:
        return changed(recipe, {name: v for name, v in given.items() if v is not None})
    except ValueError as error:
        parser.error(str(error))


def flag_types() -> Mapping[str, Callable[[str], Any]]:
    """Return each flag's field and how its text is read."""
    kinds = typing.get_type_hints(Recipe) | typing.get_type_hints(Distortion)
    return {
        field.name: _widths if field.name == "hidden" else kinds[field.name]
        for field in (*fields(Recipe), *fields(Distortion))
        if field.name not in _UNCHANGED
    }


def _widths(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.replace("-", ",").split(","))


# What argparse calls it in its messages.
_widths.__name__ = "list of widths"
