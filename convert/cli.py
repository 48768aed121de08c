"""The command line of the conversion."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.terminal import run_command

if TYPE_CHECKING:
    from convert.convert import Conversion

# Told here as well as in `convert.tflite`, which would take seconds to import.
QUANTIZATIONS = {
    "none": "float32 throughout",
    "float16": "weights stored as float16",
    "dynamic": "int8 weights, float activations",
    "int8": "int8 throughout, pixels in as they are, logits out",
}


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

    # Read once, when TensorFlow is first imported, which takes seconds.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    def command() -> int:
        from convert.convert import convert

        print(summary(convert(options.model, options.output, options.quantize, options.data)))
        return 0

    return run_command("convert", options.debug, command, "stopped; nothing was written")


def summary(conversion: Conversion) -> str:
    """Return the table that is printed at the end."""
    holdout, test, card = conversion.holdout, conversion.test, conversion.card
    rows = [
        ("file", f"{conversion.path}"),
        ("bytes", f"{conversion.size:,}"),
        ("quantization", card.quantization),
        ("", f"{'held out':>10}{'test':>10}"),
        ("digits", f"{holdout.of:>10,}{test.of:>10,}"),
        ("errors, Keras", f"{holdout.source_errors:>10,}{test.source_errors:>10,}"),
        ("errors, converted", f"{holdout.converted_errors:>10,}{test.converted_errors:>10,}"),
        ("same digit", f"{holdout.agreement:>10,}{test.agreement:>10,}"),
        (
            "largest difference",
            f"{holdout.largest_difference:>10.4f}{test.largest_difference:>10.4f}",
        ),
        ("temperature", f"{card.temperature:.4f}"),
        ("reject threshold", f"{card.reject_threshold:.4f}"),
        ("postcodes read", f"{card.calibration['read_rate']:.2%} of bent ones"),
    ]
    return "\n".join(f"{name:<20}{value}".rstrip() for name, value in rows)


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
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser
