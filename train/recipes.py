"""The recipes by name: the textbook's programs, the cures for over-fitting, and our own."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from train.augment import Distortion
from train.recipe import Recipe

DEFAULT = "postcode"

_POSTCODE = Recipe(
    name=DEFAULT,
    summary="the kiosk's own: MNIST and pen strokes, bent in a hundred ways",
    stroke_drawings=3,
    impostors=2500,
    validation=5000.0,
    convolutional_epochs=50,
    rounds=100,
    optimizer="adamw",
    learning_rate=0.0005,
    schedule="one-cycle",
    warmup=0.05,
    weight_decay=0.01,
    batch_size=512,
    epochs=300,
    precision="bfloat16",
    distortion=Distortion(),
)

_TEACHER = replace(
    _POSTCODE,
    name="postcode-teacher",
    summary="a convolutional network that the kiosk's own learns from",
    network="convolutional",
    hidden=(128,),
    stroke_drawings=2,
    impostors=0,
    convolutional_epochs=0,
    rounds=0,
    dropout=0.3,
    learning_rate=0.003,
    warmup=0.2,
    batch_size=256,
    epochs=40,
    precision="float32",
)

_NANO = replace(
    _POSTCODE,
    name="postcode-nano",
    summary="for microcontrollers: a thirteenth of the weights, taught by the kiosk's network",
    hidden=(128, 112),
    convolutional_epochs=0,
    learning_rate=0.004,
    warmup=0.1,
    weight_decay=0.0,
    epochs=150,
    rounds=0,
    distortion=Distortion().scaled(0.7),
)

_MLP_SGD = Recipe(
    name="mlp-sgd",
    summary="the textbook's first network: one hidden layer, squared error, plain descent",
    hidden=(512,),
    activation="tanh",
    loss="mse",
    optimizer="sgd",
    learning_rate=0.01,
)

_CIFAR10 = Recipe(
    name="dmlp-cifar10",
    summary="the deep network on CIFAR-10, where it learns its images by heart",
    dataset="cifar10",
    learning_rate=0.0001,
    epochs=60,
)

_ALL = (
    _POSTCODE,
    _TEACHER,
    _NANO,
    _MLP_SGD,
    replace(
        _MLP_SGD,
        name="mlp-adam",
        summary="the same with Adam",
        optimizer="adam",
        learning_rate=0.001,
    ),
    Recipe(
        name="dmlp",
        summary="the textbook's deep network, cross-entropy",
        learning_rate=0.0001,
    ),
    _CIFAR10,
    replace(
        _CIFAR10,
        name="dmlp-cifar10-dropout",
        summary="the same, cured with dropout",
        dropout=0.4,
    ),
    replace(
        _CIFAR10,
        name="dmlp-cifar10-augment",
        summary="the same, cured with images that are shifted, turned and mirrored",
        distortion=Distortion(
            rotation=10, scale=0.1, shear=0, shift=3, elastic_alpha=0, mirror=True
        ),
    ),
    replace(
        _CIFAR10,
        name="dmlp-cifar10-norm",
        summary="the same with batch normalisation, no cure by itself",
        batch_norm=True,
        dropout=0.2,
    ),
)

RECIPES = MappingProxyType({recipe.name: recipe for recipe in _ALL})
"""Every recipe by its name."""


def fine_tuning(recipe: Recipe) -> Recipe:
    """Return the recipe for going on with what another run by it has learnt: short and gentle.

    With images that never came before, of which the network that is begun with says at once
    what it thinks.
    """
    return replace(
        recipe,
        epochs=10,
        convolutional_epochs=0,
        rounds=0,
        learning_rate=recipe.learning_rate / 20,
        schedule="one-cycle",
        average=0.0,
        patience=0,
        precision="float32",
    )
