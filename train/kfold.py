"""Cross-validation: how much of a recipe's accuracy is luck of the division."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from edge import files
from train.material import Fold
from train.recipe import Recipe
from train.run import train

NAME = "kfold.json"


@dataclass(frozen=True)
class CrossValidation:
    """What came of the folds."""

    accuracies: tuple[float, ...]
    """Share of the images kept apart that were read right, fold by fold."""

    @property
    def mean(self) -> float:
        """Of the accuracies."""
        return statistics.fmean(self.accuracies)

    @property
    def deviation(self) -> float:
        """Standard deviation of the accuracies, with n - 1."""
        return statistics.stdev(self.accuracies)

    @property
    def sentence(self) -> str:
        """The result in a line."""
        return (
            f"{len(self.accuracies)} folds: accuracy {self.mean:.2%} ± {self.deviation:.2%} "
            "on images kept apart (mean ± standard deviation)"
        )


def cross_validate(
    recipe: Recipe,
    count: int,
    out: Path,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    progress: TextIO | None = None,
    extra_paths: Sequence[Path] = (),
) -> CrossValidation:
    """Train as many networks as there are folds, each without one of them.

    Args:
        recipe: all the numbers.
        count: how many folds, at least 2.
        out: the folder; each fold has a folder inside, and `kfold.json` says what came out.
        data_path: the data set's file; None takes Keras's copy.
        stroke_paths: stroke sets to mix in.
        progress: where to print how far it is.
        extra_paths: digits that every network learns from, beside its folds.

    Raises:
        DataError: the images can't be had, or are fewer than the folds.
        OutputError: the results can't be written, or a folder holds another run.
    """
    files.make_folder(out)
    accuracies = []
    for index in range(count):
        if progress:
            print(f"fold {index + 1} of {count}", file=progress, flush=True)
        run = train(
            recipe,
            out / f"fold-{index + 1}",
            data_path,
            stroke_paths,
            fold=Fold(index, count),
            progress=progress,
            extra_paths=extra_paths,
        )
        counted = run.report["errors"]["validation"][recipe.dataset]
        accuracies.append(1 - counted["errors"] / counted["of"])
    found = CrossValidation(tuple(accuracies))
    with files.staging(out) as aside:
        summary = {
            "recipe": recipe.name,
            "accuracies": accuracies,
            "mean": found.mean,
            "standard_deviation": found.deviation,
        }
        (aside / NAME).write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
        files.publish(aside / NAME)
    return found
