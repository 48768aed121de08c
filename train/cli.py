"""The command line of the training: `python -m train`, and what else it can make."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from edge.terminal import run_command
from train.flags import add_recipe_flags, overridden
from train.recipes import DEFAULT, RECIPES, fine_tuning

if TYPE_CHECKING:
    from train.course import Course

C = TypeVar("C", bound="Course")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `python -m train`.

    Args:
        argv: the arguments; None takes the process's own.

    Returns:
        The exit code: 0 done, 1 an error, 130 stopped with Ctrl-C. Wrong usage
        leaves with 2.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = _COMMANDS.get(arguments[0]) if arguments else None
    return command(arguments[1:]) if command else _train(arguments)


def default_folder(name: str) -> Path:
    """Return where a recipe's run goes: `build` for the kiosk's own, else a folder inside."""
    return Path("build") if name == DEFAULT else Path("build") / name


def _train(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train",
        usage="%(prog)s [--recipe NAME] [--data FILE.npz] [--out FOLDER] [options]",
        description="Train a multi-layer perceptron by a recipe. Writes the model, report.json, "
        "report.md and pictures into a folder of its own; the same command goes on where a "
        "stopped one was. python -m convert makes the Pi's file of the model.",
        epilog="other commands: python -m train compare, quantize, search, cutouts, detector or "
        "trajectory, each with --help",
    )
    parser.add_argument("--recipe", choices=list(RECIPES), default=DEFAULT, metavar="NAME",
                        help="which one (default: %(default)s)")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="print the recipes and leave")
    parser.add_argument("--kfold", type=int, metavar="K",
                        help="cross-validate: K networks, each on all but a K-th")  # fmt: skip
    _add_teachers(parser, "a finished run whose network is to be imitated")
    _add_extra(parser)
    _add_inputs(parser, "the run's folder (default: build for postcode, build/NAME for others)")
    add_recipe_flags(parser)
    options = parser.parse_args(argv)
    if options.list:
        print(listing())
        return 0
    if options.kfold is not None and options.kfold < 2:
        parser.error("argument --kfold: at least 2 folds are needed")
    if options.kfold and options.teacher:
        parser.error("argument --teacher: not with --kfold, as it has learnt from every fold")
    recipe = overridden(RECIPES[options.recipe], options, parser)
    out = options.out or default_folder(recipe.name)

    def command() -> int:
        if options.kfold:
            from train.kfold import cross_validate

            found = cross_validate(
                recipe, options.kfold, out, options.data, options.strokes, sys.stdout, options.extra
            )
            print(found.sentence)
            return 0
        from train.run import load_teacher, train

        teachers = [load_teacher(folder) for folder in options.teacher]
        train(
            recipe,
            out,
            options.data,
            options.strokes,
            teachers=teachers,
            progress=sys.stdout,
            extra_paths=options.extra,
        )
        return 0

    return run_command("train", options.debug, command, _STOPPED)


def _compare(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train compare",
        usage="%(prog)s NAME NAME [NAME ...] [--out FOLDER] [options]",
        description="Train several recipes and draw their accuracy curves into one figure.",
    )
    parser.add_argument("recipes", nargs="+", choices=list(RECIPES), metavar="NAME",
                        help="two or more recipes")  # fmt: skip
    _add_inputs(parser, "folder of the runs and the figure (default: build/compare-NAME-NAME)")
    add_recipe_flags(parser)
    options = parser.parse_args(argv)
    names = list(dict.fromkeys(options.recipes))
    if len(names) < 2:
        parser.error("two different recipes are needed")
    recipes = [overridden(RECIPES[name], options, parser) for name in names]
    out = options.out or Path("build") / "-".join(["compare", *names])

    def command() -> int:
        from train.compare import compare

        print(compare(recipes, out, options.data, options.strokes, sys.stdout))
        return 0

    return run_command("train", options.debug, command, _STOPPED)


def _quantize(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train quantize",
        usage="%(prog)s FOLDER [--bits 8|4] [--out FOLDER] [options]",
        description="Fine-tune the network of a finished run with its weights rounded in every "
        "step, so that little is lost when it is converted to int8 or int4.",
    )
    parser.add_argument("run", type=Path, metavar="FOLDER", help="of the finished run")
    parser.add_argument("--bits", type=int, choices=(8, 4), default=8,
                        help="of the weights (default: %(default)s)")  # fmt: skip
    parser.add_argument("--average-with", type=Path, action="append", default=[], metavar="FOLDER",
                        help="another finished run, fine-tuned from the same one: begin with the "
                        "mean of the weights; may be given again")  # fmt: skip
    _add_teachers(parser, "another finished run whose network is to be imitated, beside this one")
    _add_extra(parser)
    _add_inputs(parser, "the new run's folder (default: FOLDER-intN)")
    add_recipe_flags(parser)
    options = parser.parse_args(argv)
    out = options.out or options.run.with_name(f"{options.run.name}-int{options.bits}")

    def command() -> int:
        from train import run
        from train.quiet import import_tensorflow
        from train.report import recipe_of

        import_tensorflow()
        finished, model = run.load(options.run)
        recipe = overridden(fine_tuning(recipe_of(finished.report)), options, parser)
        described = finished.report
        data_path = options.data or Path(described["data"]["path"])
        strokes = options.strokes or [Path(each["path"]) for each in described["strokes"]]
        extra = options.extra or [Path(each["path"]) for each in described.get("extra", ())]
        averaged = run.average(model, options.average_with)
        rounding = run.Rounding(
            model.get_weights(), described["model"]["sha256"], options.bits, averaged
        )
        run.train(
            recipe,
            out,
            data_path,
            strokes,
            rounding=rounding,
            # Labels alone would take it away from what it had learnt from its teachers.
            teachers=[
                run.Teacher(model, rounding.sha256),
                *(run.load_teacher(folder) for folder in options.teacher),
            ],
            progress=sys.stdout,
            extra_paths=extra,
        )
        return 0

    return run_command("train", options.debug, command, _STOPPED)


def _search(argv: Sequence[str]) -> int:
    from train.ranges import VARIABLE, ranges_of

    parser = argparse.ArgumentParser(
        prog="python -m train search",
        usage="%(prog)s --vary NAME,NAME --trials N [--recipe NAME] [--out FOLDER] [options]",
        description="Try a recipe with other numbers, proposed by Optuna, and give up hopeless "
        "trials early. Prints all trials, the best first, and how to train it; the same command "
        "goes on where a stopped one was, and with more trials it continues a finished one.",
        epilog=f"what can be varied: {', '.join(VARIABLE)}",
    )
    parser.add_argument("--recipe", choices=list(RECIPES), default=DEFAULT, metavar="NAME",
                        help="which one (default: %(default)s)")  # fmt: skip
    parser.add_argument("--vary", required=True, metavar="NAME,NAME",
                        help="which numbers, for example learning_rate,batch_size")  # fmt: skip
    parser.add_argument("--trials", type=int, required=True, metavar="N",
                        help="how many in all, those of earlier runs included")  # fmt: skip
    parser.add_argument("--cluster", metavar="ADDRESS",
                        help="make them side by side on a Ray cluster, auto or HOST:PORT of its "
                        "head, by Ray Tune; every node needs fivebox[train,cluster]")  # fmt: skip
    _add_inputs(parser, "the search's folder (default: build/search-NAME)")
    add_recipe_flags(parser)
    options = parser.parse_args(argv)
    if options.trials < 1:
        parser.error("argument --trials: at least 1 is needed")
    recipe = overridden(RECIPES[options.recipe], options, parser)
    vary = [name.strip().replace("-", "_") for name in options.vary.split(",")]
    try:
        ranges_of(vary, recipe)
    except ValueError as error:
        parser.error(f"argument --vary: {error}")
    out = options.out or Path("build") / f"search-{recipe.name}"

    def command() -> int:
        from train.search import search

        print(
            search(
                recipe,
                vary,
                options.trials,
                out,
                options.data,
                options.strokes,
                progress=sys.stdout,
                cluster=options.cluster,
            )
        )
        return 0

    stopped = "stopped; the trials before are kept, and the same command goes on"
    return run_command("train", options.debug, command, stopped)


def _cutouts(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train cutouts",
        usage="%(prog)s FOLDER [FOLDER ...] --out FILE.npz [--found-only | --no-search] [--jobs N]",
        description="Cut the digits out of labelled photos, as python -m benchmarks.envelopes "
        "renders them, the way the kiosk cuts them: for python -m train --extra FILE.npz, and of "
        "other writers for python -m convert --calibrate FILE.npz.",
    )
    _add_photos(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz",
                        help="the file of digits")  # fmt: skip
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--found-only", dest="where", action="store_const", const="found",
                       help="cut only where the kiosk finds the row, not where it truly is too: "
                       "what it will read, to calibrate on")  # fmt: skip
    where.add_argument("--no-search", dest="where", action="store_const", const="near",
                       help="don't look for the row: cut near where it truly is, in a tenth of "
                       "the time")  # fmt: skip
    parser.set_defaults(where="found and moved")
    _add_jobs(parser, "processes that cut")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    options = parser.parse_args(argv)

    def command() -> int:
        from edge import files
        from train.cutouts import cut_out, write

        # Before minutes of work.
        files.make_folder(options.out.parent)
        cut = cut_out(options.photos, options.jobs, options.where, sys.stdout)
        write(cut, options.out)
        print(f"wrote {len(cut):,} digits to {options.out}")
        return 0

    return run_command("train", options.debug, command, "stopped; nothing was written")


def _detector(argv: Sequence[str]) -> int:
    from train.detecting import DetectorRecipe

    parser = argparse.ArgumentParser(
        prog="python -m train detector",
        usage="%(prog)s FOLDER [FOLDER ...] --validation FOLDER [FOLDER ...] [--out FOLDER] "
        "[options]",
        description="Train the detector of boxes on labelled photos, as python -m "
        "benchmarks.envelopes renders them. Writes boxes.keras and report.json into a folder of "
        "its own; the same command goes on where a stopped one was. python -m convert detector "
        "makes the Pi's file of it.",
    )
    _add_photos(parser)
    parser.add_argument("--validation", type=Path, nargs="+", required=True, metavar="FOLDER",
                        help="photos to measure on, of other writers")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("build") / "boxes", metavar="FOLDER",
                        help="the run's folder (default: %(default)s)")  # fmt: skip
    _add_course(parser, DetectorRecipe().epochs)
    _add_jobs(parser, "processes that cut crops, and threads that retake them")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    options = parser.parse_args(argv)
    recipe = _course(DetectorRecipe(), options, parser)

    def command() -> int:
        from train.detecting import run_detector

        run_detector(
            options.photos, options.validation, options.out, recipe, options.jobs, sys.stdout
        )
        return 0

    return run_command("train", options.debug, command, _STOPPED)


def _trajectory(argv: Sequence[str]) -> int:
    from train.trajectory.run import TrajectoryRecipe

    parser = argparse.ArgumentParser(
        prog="python -m train trajectory",
        usage="%(prog)s --strokes FILE [--strokes FILE ...] [--out FOLDER] [options]",
        description="Train the network that reads touched digits by the way of the pen. Writes "
        "trajectory.keras and report.json into a folder of its own; the same command goes on "
        "where a stopped one was. python -m convert trajectory makes the Pi's file of it.",
    )
    _add_strokes(parser, "a stroke set to learn from", required=True)
    parser.add_argument("--out", type=Path, default=Path("build") / "trajectory", metavar="FOLDER",
                        help="the run's folder (default: %(default)s)")  # fmt: skip
    _add_course(parser, TrajectoryRecipe().epochs)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    options = parser.parse_args(argv)
    recipe = _course(TrajectoryRecipe(), options, parser)

    def command() -> int:
        from train.trajectory.run import run_trajectory

        run_trajectory(options.strokes, options.out, recipe, sys.stdout)
        return 0

    return run_command("train", options.debug, command, _STOPPED)


def listing() -> str:
    """Return what `--list` prints."""
    width = max(map(len, RECIPES))
    lines = []
    for name, recipe in RECIPES.items():
        net = "-".join(map(str, recipe.hidden))
        lines.append(
            f"{name:{width}}  {recipe.summary}\n{'':{width}}  {recipe.dataset}, {net} "
            f"{recipe.activation}, {recipe.loss}, {recipe.optimizer} {recipe.learning_rate:g}, "
            f"batch {recipe.batch_size}, {recipe.epochs} epochs"
        )
    return "\n".join(lines)


def _add_course(parser: argparse.ArgumentParser, epochs: int) -> None:
    parser.add_argument("--epochs", type=int, metavar="N",
                        help=f"times each example is seen (default: {epochs})")  # fmt: skip
    parser.add_argument("--seed", type=int, metavar="N",
                        help="of weights, order and variation (default: 0)")  # fmt: skip


def _course(usual: C, options: argparse.Namespace, parser: argparse.ArgumentParser) -> C:
    """Return the usual numbers with those that were given."""
    given = {"epochs": options.epochs, "seed": options.seed}
    try:
        return replace(usual, **{name: v for name, v in given.items() if v is not None})
    except ValueError as error:
        parser.error(str(error))


def _add_photos(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", type=Path, nargs="+", metavar="FOLDER",
                        help="photos to learn from, with their labels.csv")  # fmt: skip


def _add_jobs(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--jobs", type=_count, default=os.cpu_count() or 1, metavar="N",
                        help=f"{what} (default: the number of cores)")  # fmt: skip


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1 is needed")
    return count


# What argparse calls it in its messages.
_count.__name__ = "whole number"


def _add_teachers(parser: argparse.ArgumentParser, explained: str) -> None:
    parser.add_argument("--teacher", type=Path, action="append", default=[], metavar="FOLDER",
                        help=f"{explained}; may be given again")  # fmt: skip


def _add_extra(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--extra", type=Path, action="append", default=[], metavar="FILE.npz",
                        help="digits to learn from too, as python -m edge export or python -m "
                        "train cutouts writes them; "
                        "may be given again")  # fmt: skip


def _add_inputs(parser: argparse.ArgumentParser, out_help: str) -> None:
    parser.add_argument("--data", type=Path, metavar="FILE.npz",
                        help="the data set as Keras ships it (default: Keras's cached copy, else "
                        "its download)")  # fmt: skip
    _add_strokes(parser, "a stroke set to mix in")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=out_help)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_strokes(parser: argparse.ArgumentParser, what: str, required: bool = False) -> None:
    parser.add_argument("--strokes", type=Path, action="append", default=[], required=required,
                        metavar="FILE",
                        help=f"{what}: JSON, or UCI pen digits in their original form; may be "
                        "given again")  # fmt: skip


_STOPPED = "stopped; the same command goes on from the last epoch"
_COMMANDS = {
    "compare": _compare,
    "quantize": _quantize,
    "search": _search,
    "cutouts": _cutouts,
    "detector": _detector,
    "trajectory": _trajectory,
}
