"""Renders photos of envelopes as a camera sees them: `python -m benchmarks.envelopes`.

Real pen strokes and real MNIST digits stand in five printed boxes on flat paper, which is
seen in perspective, lit, blurred and compressed. Writes `0000.jpg`, … and `labels.csv`.
Scene number i depends on seed, grade and i alone. `--grade negatives` renders photos in
which there is no postcode to read. Small photos (`--frame`), and several of each scene in
another light (`--takes`), are for learning from: they are soon rendered.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

import cv2
import numpy as np

# So that `python benchmarks/envelopes.py` finds the packages as `-m` does.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.datasets import Side, data_folder
from benchmarks.rendering.grades import LIMITS
from benchmarks.rendering.negatives import KINDS, render_negative
from benchmarks.rendering.pose import FRAME, Frame
from benchmarks.rendering.scene import Rendered, compose
from benchmarks.rendering.writers import Writers, load_writers
from benchmarks.reporting import positive
from train.errors import DataError

SETS = ("scan", "desk", "hard", "strip", "negatives", "odd", "odd_negatives")
"""The grades, and photos without a postcode. A photo depends on the place of its set in here."""

NEGATIVES = ("negatives", "odd_negatives")
"""Those without a postcode."""

# Scenes that are rendered while one is read, by the number of processes.
_AHEAD = 2
# Five boxes of a smaller photo can't be read.
_LEAST_FRAME = 240


def photos_of(
    grade: str, seed: int, number: int, writers: Writers, frame: Frame = FRAME, takes: int = 1
) -> list[Rendered]:
    """Return photos of one scene of a set.

    Args:
        grade: one of `SETS`.
        seed: of the set.
        number: of the scene in it, from 0.
        writers: whose digits they are.
        frame: of the photos.
        takes: how many; of a scene without a postcode one of the usual frame.
    """
    rng = np.random.default_rng([seed, SETS.index(grade), number])
    if grade in NEGATIVES:
        # All kinds are in any set, in turns.
        kind = tuple(KINDS)[number % len(KINDS)]
        odd = LIMITS["odd"].odd if grade == "odd_negatives" else 0.0
        return [render_negative(rng, writers, kind, odd)]
    scene = compose(grade, rng, writers, frame)
    return [scene.taken(rng) for _ in range(takes)]


def photos(
    grade: str,
    count: int,
    seed: int,
    side: Side,
    folder: Path | None = None,
    jobs: int = 1,
    frame: Frame = FRAME,
    takes: int = 1,
) -> Iterator[Rendered]:
    """Yield the photos of a set, in order, rendered by so many processes.

    Args:
        grade: one of `SETS`.
        count: how many scenes.
        seed: of the set.
        side: the writers, `learnt`, `validation` or `test`.
        folder: of the data; None is `benchmarks.datasets.data_folder`.
        jobs: processes; 1 renders in this one.
        frame: of the photos.
        takes: photos of each scene.
    """
    data = folder or data_folder()
    tasks = [_Task(grade, seed, number, side, data, frame, takes) for number in range(count)]
    if jobs <= 1:
        for task in tasks:
            yield from _render(task)
        return
    # Not forked: whoever reads the photos may have threads running already.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_single_threaded) as pool:
        # A few ahead of the reader: photos that wait fill the memory.
        waiting: deque[Future[list[Rendered]]] = deque()
        try:
            for task in tasks:
                waiting.append(pool.submit(_render, task))
                if len(waiting) > _AHEAD * jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class _Task(NamedTuple):
    """A scene to be rendered, in whatever process."""

    grade: str
    seed: int
    number: int
    side: Side
    folder: Path
    frame: Frame
    takes: int


@cache
def _writers(side: Side, folder: Path) -> Writers:
    return load_writers(side, folder)


def _render(task: _Task) -> list[Rendered]:
    writers = _writers(task.side, task.folder)
    return photos_of(task.grade, task.seed, task.number, writers, task.frame, task.takes)


def _single_threaded() -> None:
    cv2.setNumThreads(1)


def _frame(text: str) -> Frame:
    """Return what `WIDTHxHEIGHT` says, for argparse."""
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        width = height = 0
    if not (_LEAST_FRAME <= width <= FRAME.width and _LEAST_FRAME <= height <= FRAME.height):
        raise argparse.ArgumentTypeError(
            f"{text}: not a size such as 480x360, {_LEAST_FRAME} to {FRAME.width} by "
            f"{_LEAST_FRAME} to {FRAME.height}"
        )
    return Frame(width, height)


def main() -> int:
    """Write a set of photos and their labels."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.envelopes", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--grade", choices=SETS, default="desk", help="(default: desk)")
    parser.add_argument("--count", type=positive, default=50, help="scenes (default: 50)")
    parser.add_argument("--takes", type=positive, default=1,
                        help="photos of each scene, in another light (default: 1)")  # fmt: skip
    parser.add_argument("--frame", type=_frame, default=FRAME, metavar="WIDTHxHEIGHT",
                        help="size of the photos, px (default: 1640x1232)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="of the set (default: 1)")
    parser.add_argument(
        "--writers", choices=get_args(Side), default="validation",
        help="whose digits (default: validation, to choose by; learnt is to learn from, "
        "test to report)",
    )  # fmt: skip
    parser.add_argument("--data", type=Path, help="the data's folder (default: $FIVEBOX_DATA)")
    parser.add_argument("--jobs", type=positive, default=1, help="processes (default: 1)")
    parser.add_argument("--out", type=Path, required=True, help="folder for photos and labels")
    options = parser.parse_args()
    if options.grade in NEGATIVES and (options.frame, options.takes) != (FRAME, 1):
        parser.error("--frame and --takes are for photos with a postcode")
    folder = options.data or data_folder()
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        rendered = photos(
            options.grade,
            options.count,
            options.seed,
            options.writers,
            folder,
            options.jobs,
            options.frame,
            options.takes,
        )
        with (options.out / "labels.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["file", "postcode", "corners"])
            for number, each in enumerate(rendered):
                name = f"{number:04d}.jpg"
                (options.out / name).write_bytes(each.jpeg)
                corners = " ".join(f"{value:.2f}" for value in each.corners.ravel())
                rows.writerow([name, each.postcode, corners])
    except DataError as error:
        print(f"envelopes: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"envelopes: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
