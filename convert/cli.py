"""The command line of the conversion."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from convert.variants import ALL, INPUTS, TARGETS, VARIANTS, Options
from edge.terminal import run_command

if TYPE_CHECKING:
    from convert.convert import Conversion

# Those that are converted by a command of their own.
_NETWORKS = ("detector", "trajectory")
QUANTIZATIONS = {name: variant.summary for name, variant in VARIANTS.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `python -m convert`.

    Args:
        argv: the arguments; None takes the process's own.

    Returns:
        The exit code: 0 done, 1 an error, 130 stopped with Ctrl-C. Wrong usage
        leaves with 2.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["inspect"]:
        return _inspect(arguments[1:])
    if arguments[:1] == ["layers"]:
        return _layers(arguments[1:])
    if arguments and arguments[0] in _NETWORKS:
        return _network(arguments[0], arguments[1:])
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.output.suffix != ".tflite":
        parser.error(f"argument -o: {options.output} must end in .tflite")
    return run_command(
        "convert", options.debug, lambda: _convert(options), "stopped; nothing was written"
    )


def _convert(chosen: argparse.Namespace) -> int:
    from convert.convert import convert, convert_all
    from convert.table import paths, text

    places = (chosen.model, chosen.output)
    digits = (chosen.data, chosen.strokes)
    if chosen.quantize == ALL:
        table = convert_all(*places, *digits, _options(chosen))
        print(text(table))
        print(f"also in {', '.join(str(path) for path in paths(chosen.output))}")
        return 0
    print(summary(convert(*places, chosen.quantize, *digits, _options(chosen))))
    return 0


def _inspect(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m convert inspect",
        description="Tell what is in a .tflite file: its card, operators with versions, tensors "
        "with shapes and scales, bytes of each layer, and which runtimes can run it.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.tflite")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    options = parser.parse_args(arguments)

    def command() -> int:
        from convert.inspect import describe_file

        print(describe_file(options.file))
        return 0

    return run_command("convert", options.debug, command)


def _layers(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m convert layers",
        description="Tell how much error each layer of a converted model adds: run on its own "
        "input, beside the Keras layer on the same. Nothing is written.",
    )
    _add_source(parser)
    parser.add_argument(
        "--count",
        type=int,
        default=200,
        help="digits to measure on, of those kept apart (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error("--count must be 1 or more")

    def command() -> int:
        from convert.layers import measure_layers, text

        found = measure_layers(
            options.model,
            options.quantize,
            options.data,
            options.strokes,
            _options(options),
            options.count,
        )
        print(text(found))
        return 0

    return run_command("convert", options.debug, command)


def _network(name: str, arguments: list[str]) -> int:
    from convert.networks import NETWORKS, convert_network

    network = NETWORKS[name]
    parser = argparse.ArgumentParser(
        prog=f"python -m convert {name}",
        description=f"Turn the {network.what}, as python -m train {name} makes it, into a "
        ".tflite file of float32 with its model card. The file is run and compared with the "
        "model before it is kept.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.keras")
    _add_output(parser, "the file to write; its card OUT.json is written beside it")
    if name == "trajectory":
        parser.add_argument(
            "--classifier",
            type=Path,
            metavar="FILE.tflite",
            help="with whose answer the network's is pooled to find the reject thresholds "
            "(default: the bundled model)",
        )
        _add_strokes(parser)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    options = parser.parse_args(arguments)
    if options.output.suffix != ".tflite":
        parser.error(f"argument -o: {options.output} must end in .tflite")

    def command() -> int:
        calibrated = None
        if name == "trajectory":
            from convert.touch import calibrate_touch

            calibrated = partial(
                calibrate_touch, options.model, options.strokes, options.classifier
            )
        made = convert_network(network, options.model, options.output, calibrated)
        print(
            f"wrote {made.path}, {made.size:,} bytes; no output differs by more than "
            f"{made.largest_difference:.2g} from the Keras model's"
        )
        return 0

    return run_command("convert", options.debug, command, "stopped; nothing was written")


def _options(chosen: argparse.Namespace) -> Options:
    return Options(
        input=chosen.input,
        target=chosen.target,
        representative=chosen.representative,
        evaluation=chosen.eval,
        calibration=chosen.calibrate,
        max_drop=getattr(chosen, "max_drop", None),
        c_array=getattr(chosen, "c_array", False),
    )


def summary(conversion: Conversion) -> str:
    """Return the table that is printed at the end."""
    card = conversion.card
    sets = [
        *((f"{name} kept apart", each) for name, each in conversion.holdout.items()),
        *((f"{name} test", each) for name, each in conversion.test.items()),
    ]
    rows = [
        ("file", f"{conversion.path}"),
        ("bytes", f"{conversion.size:,}"),
        ("quantization", card.quantization),
        ("temperature", f"{card.temperature:.4f}"),
        ("reject threshold", f"{card.reject_threshold:.4f}"),
        *(
            (f"postcodes of {name}", f"{read:.2%} of those kept apart are read")
            for name, read in card.calibration["read_rate"].items()
        ),
        ("proven in", ", ".join(f"{each.runtime} {each.version}" for each in conversion.proofs)),
        *(("not in", f"{name}: {reason}") for name, reason in conversion.cannot.items()),
    ]
    width = max(len(name) for name, _ in (*sets, *rows))
    head = (
        f"{'':{width}}  {'digits':>7}  {'errors':>6}  {'Keras':>6}  {'same':>7}  {'differ by':>9}"
    )
    table = [
        f"{name:{width}}  {each.of:7,}  {each.converted_errors:6,}  {each.source_errors:6,}  "
        f"{each.agreement:7,}  {each.largest_difference:9.4f}"
        for name, each in sets
    ]
    return "\n".join([*(f"{name:{width}}  {value}" for name, value in rows), head, *table])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m convert",
        description="Turn a Keras digit model into a .tflite file with its model card and a "
        "report. The file is run in every runtime that it is meant for and compared with the "
        "model before it is kept.",
        epilog="Also: python -m convert inspect FILE.tflite; python -m convert layers MODEL.keras; "
        "python -m convert detector MODEL.keras; python -m convert trajectory MODEL.keras; each "
        "has its own --help.",
    )
    _add_source(parser, (*QUANTIZATIONS, ALL))
    _add_output(
        parser,
        "the file to write; its card OUT.json and its report OUT.md are written beside it",
    )
    parser.add_argument(
        "--max-drop",
        type=_points,
        metavar="POINTS",
        help="percentage points by which the accuracy may be lower than the Keras model's "
        "(default: 0.1)",
    )
    parser.add_argument(
        "--c-array", action="store_true", help="write the file as a C array too, OUT.h"
    )
    return parser


def _add_source(
    parser: argparse.ArgumentParser, quantizations: Sequence[str] = tuple(QUANTIZATIONS)
) -> None:
    """Add what says which model is converted, and how."""
    parser.add_argument(
        "model", type=Path, metavar="MODEL.keras", help="or an .h5 file or a SavedModel folder"
    )
    explained = {**QUANTIZATIONS, ALL: "every one of them, with a table and a plot"}
    parser.add_argument(
        "--quantize",
        choices=list(quantizations),
        default="int8",
        help="; ".join(f"{name}: {explained[name]}" for name in quantizations)
        + " (default: %(default)s)",
    )
    parser.add_argument(
        "--input",
        choices=INPUTS,
        help="pixels the file takes: uint8 as they are, or float32 from 0 to 1 (default: uint8 "
        "for int8, else float32)",
    )
    parser.add_argument(
        "--target",
        choices=list(TARGETS),
        help="; ".join(f"{name}: {text}" for name, text in TARGETS.items())
        + " (default: as tflite-runtime, but it need not be installed)",
    )
    parser.add_argument(
        "--representative",
        type=Path,
        metavar="FILE.npz",
        help="digits that show how large the activations become (default: some that the network "
        "learnt from)",
    )
    parser.add_argument(
        "--eval",
        type=Path,
        metavar="FILE.npz",
        help="digits and labels that decide whether the file is good enough (default: those that "
        "were kept apart in the training)",
    )
    parser.add_argument(
        "--calibrate",
        type=Path,
        metavar="FILE.npz",
        help="digits and labels that thresholds are fitted on too, of hands that nothing was "
        "learnt from, with the rows of photos that they stood in, as python -m train cutouts "
        "writes them",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE.npz",
        help="MNIST as Keras ships it (default: where the training's report.json says, "
        "else Keras's copy)",
    )
    _add_strokes(parser)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_strokes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strokes",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a stroke set that was learnt from; may be given again (default: where the "
        "training's report.json says)",
    )


def _add_output(parser: argparse.ArgumentParser, explained: str) -> None:
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT.tflite", help=explained
    )


def _points(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 100")
    return value
