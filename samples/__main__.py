"""`python -m samples`: writes the demo photos and touch recordings."""

import argparse
import sys
from pathlib import Path

from samples.make import SEED, write_gallery


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 1 where the folder cannot be written to."""
    args = _parser().parse_args(argv)
    if not args.out.is_dir():
        return _fail(f"{args.out} is not a folder: create it first or name another with --out.")
    try:
        files = write_gallery(args.out, args.seed)
    except OSError as error:
        reason = error.strerror or error
        return _fail(f"Could not write to {args.out}: {reason}; name another folder with --out.")
    for path in files:
        print(f"{path.stat().st_size / 1e3:7.1f} kB  {path}")
    return 0


def _fail(sentence: str) -> int:
    print(f"samples: {sentence}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m samples",
        description="Draws the demo inputs: photos of envelopes with a handwritten postcode in "
        "five printed boxes, and touch recordings. Digits, papers and light are all made here, "
        "from a seed; the same seed gives the same bytes.",
        epilog="Beside the files it writes labels.csv, with the true postcode of each.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, metavar="DIR",
        help="existing folder to write to (default: the folder of this package)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=_seed, default=SEED, metavar="N",
        help="whole number from 0; another seed writes the same postcodes another time "
        "(default: %(default)s)",
    )  # fmt: skip
    return parser


def _seed(text: str) -> int:
    seed = int(text) if text.isdecimal() else -1
    if seed < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return seed


if __name__ == "__main__":
    sys.exit(main())
