"""The command line of the training."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

from edge.terminal import run_command
from train import data, files
from train.augment import Distortion
from train.recipe import Recipe

MODEL_NAME = "postcode.keras"

# Flag, type and help of every number that can be given; the defaults are the recipe's.
_RECIPE_FLAGS = {
    "epochs": (int, "times each digit is seen"),
    "batch_size": (int, "digits per step"),
    "learning_rate": (float, "peak of the one cycle"),
    "warmup": (float, "share of the steps on which the rate rises"),
    "weight_decay": (float, "of AdamW, times the rate"),
    "seed": (int, "of weights, order and distortion"),
    "holdout": (int, "training digits kept apart"),
    "holdout_seed": (int, "which ones"),
}
_DISTORTION_FLAGS = {
    "rotation": (float, "± degrees"),
    "scale": (float, "± share of the size, each axis"),
    "shear": (float, "± sideways shift per height"),
    "shift": (float, "± pixels"),
    "elastic_sigma": (float, "pixels over which displacements agree"),
    "elastic_alpha": (float, "factor on the smoothed noise; 0 turns it off"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `python -m train`.

    Args:
        argv: the arguments; None takes the process's own.

    Returns:
        The exit code: 0 done, 1 an error, 130 stopped with Ctrl-C. Wrong usage
        leaves with 2.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        recipe = _recipe(options)
    except ValueError as error:
        parser.error(str(error))

    # Read once, when TensorFlow is first imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    def command() -> int:
        run(recipe, options.data, options.out)
        return 0

    return run_command("train", options.debug, command, "stopped; nothing was written")


def run(recipe: Recipe, data_path: Path | None, out: Path) -> None:
    """Train by the recipe and write the model and its report.

    Args:
        recipe: all the numbers.
        data_path: the `.npz` file; None takes Keras's copy.
        out: the folder for `postcode.keras` and `report.json`.

    Raises:
        DataError: the digits can't be had.
        OutputError: the results can't be written.
    """
    files.make_folder(out)
    dataset = data.load(data_path)
    digits, held_out = data.hold_out(dataset.train, recipe.holdout, recipe.holdout_seed)

    # TensorFlow takes seconds to import: not before the arguments and digits are good.
    from train.fit import fit
    from train.network import build, count_errors
    from train.progress import Progress
    from train.report import NAME, make_report, to_json

    print(
        f"{recipe.architecture}: {len(digits):,} digits to learn from, "
        f"{len(held_out):,} held out, {len(dataset.test):,} to test",
        flush=True,
    )
    progress = Progress(recipe.epochs, sys.stdout)
    start = time.monotonic()
    network = build(recipe.hidden, recipe.seed)
    history = fit(network, digits, held_out, recipe, progress.on_step, progress.on_epoch)
    seconds = time.monotonic() - start

    errors = {
        name: {"errors": count_errors(network, some.images, some.labels), "of": len(some)}
        for name, some in (("holdout", held_out), ("test", dataset.test))
    }
    with files.staging(out) as aside:
        model, report = aside / MODEL_NAME, aside / NAME
        network.save(model)
        report.write_text(
            to_json(make_report(model, recipe, dataset, history, errors, seconds)), "utf-8"
        )
        files.publish(model, report)
    for name, count in errors.items():
        print(f"{name}: {count['errors']} errors of {count['of']:,}")
    print(f"wrote {out / MODEL_NAME} and {out / NAME}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Train the deep MLP on MNIST, its digits bent anew in every epoch. "
        f"Writes {MODEL_NAME} and report.json; python -m convert makes the Pi's file of them.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE.npz",
        help="MNIST as Keras ships it (default: Keras's cached copy, else its download)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build"),
        metavar="FOLDER",
        help="where the results go, made if need be (default: %(default)s)",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    _add_flags(parser.add_argument_group("recipe"), _RECIPE_FLAGS, Recipe())
    _add_flags(parser.add_argument_group("distortion"), _DISTORTION_FLAGS, Distortion())
    return parser


def _add_flags(
    group: argparse._ArgumentGroup,
    flags: Mapping[str, tuple[type, str]],
    defaults: Recipe | Distortion,
) -> None:
    for name, (kind, text) in flags.items():
        group.add_argument(
            "--" + name.replace("_", "-"),
            type=kind,
            default=getattr(defaults, name),
            metavar="N" if kind is int else "X",
            help=f"{text} (default: %(default)s)",
        )


def _recipe(options: argparse.Namespace) -> Recipe:
    bends = {field.name: getattr(options, field.name) for field in fields(Distortion)}
    numbers = {name: getattr(options, name) for name in _RECIPE_FLAGS}
    return replace(Recipe(), **numbers, distortion=Distortion(**bends))
