"""What bending the digits costs: `python -m benchmarks.training`.

Trains the production recipe's network for a few epochs with and without distortion, in
turns within one run, and prints how long an epoch takes. Writes
`benchmarks/results/training.json`. Made digits serve as well as written ones: how long a
step takes does not depend on what is learnt.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

# So that `python benchmarks/training.py` finds the packages as `-m` does.
sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.reporting import keep, positive
from train.augment import UNBENT
from train.batches import Lessons
from train.data import Examples
from train.fit import fit
from train.network import build
from train.recipe import Recipe
from train.recipes import DEFAULT, RECIPES

RESULTS = Path(__file__).parent / "results" / "training.json"
DIGITS = 55_000


def seconds_per_epoch(recipe: Recipe, lessons: Lessons, few: Examples) -> float:
    """Return how long the second of two epochs takes: the first also compiles the step."""
    ends: list[float] = []
    network = build(recipe, few.images.shape[1:], recipe.precision)
    fit(
        network,
        lessons,
        few,
        replace(recipe, epochs=2, average=0.0, patience=0),
        on_epoch=lambda epoch: ends.append(time.perf_counter()),
    )
    return ends[1] - ends[0]


def main() -> int:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--rounds", type=positive, default=5, help="of both kinds (default: 5)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (DIGITS, 28, 28), dtype=np.uint8)
    examples = Examples(images, rng.integers(0, 10, DIGITS).astype(np.uint8))
    few = examples.take(np.arange(100))
    recipe = RECIPES[DEFAULT]
    kinds = {"bent": recipe, "as they are": replace(recipe, distortion=UNBENT)}
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(options.rounds):
        for kind, of_kind in kinds.items():
            taken[kind].append(seconds_per_epoch(of_kind, Lessons(examples), few))

    ratios = [bent / plain for bent, plain in zip(*taken.values(), strict=True)]
    print(f"{DIGITS:,} digits, batches of {recipe.batch_size}, {os.cpu_count()} cores")
    for kind, times in taken.items():
        print(f"{kind:12} {statistics.median(times):6.2f} s an epoch, median of {len(times)}")
    print(f"{'ratio':12} {statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    result = {
        "digits": DIGITS,
        "batch_size": recipe.batch_size,
        "precision": recipe.precision,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "seconds": {kind: [round(t, 3) for t in times] for kind, times in taken.items()},
        "ratio": round(statistics.median(ratios), 3),
    }
    keep(options.out, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
