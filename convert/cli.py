"""The command line of the conversion."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convert.variants import VARIANTS
from edge.terminal import run_command

if TYPE_CHECKING:
    from convert.convert import Conversion

QUANTIZATIONS = {name: variant.summary for name, variant in VARIANTS.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `python -m convert`.

    Args:
        argv: the arguments; None takes the process's own.

    Returns:
        The exit code: 0 done, 1 an error, 130 stopped with Ctrl-C. Wrong usage
        leaves with 2.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.output.suffix != ".tflite":
        parser.error(f"argument -o: {options.output} must end in .tflite")

    def command() -> int:
        from convert.convert import convert

        made = convert(
            options.model, options.output, options.quantize, options.data, options.strokes
        )
        print(summary(made))
        return 0

    return run_command("convert", options.debug, command, "stopped; nothing was written")


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
        ("postcodes read", f"{card.calibration['read_rate']:.2%} of those kept apart"),
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
        description="Turn a Keras digit model into a .tflite file with its model card. The file "
        "is run and compared with the model before it is kept.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.keras", help="or an .h5 file")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT.tflite",
        help="the file to write; its card OUT.json is written beside it",
    )
    parser.add_argument(
        "--quantize",
        choices=list(QUANTIZATIONS),
        default="int8",
        help="; ".join(f"{name}: {text}" for name, text in QUANTIZATIONS.items())
        + " (default: %(default)s)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE.npz",
        help="MNIST as Keras ships it (default: where the training's report.json says, "
        "else Keras's copy)",
    )
    parser.add_argument(
        "--strokes",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a stroke set that was learnt from; may be given again (default: where the "
        "training's report.json says)",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser
