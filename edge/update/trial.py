"""Reads a check set with a new model, and judges whether it is as good as its card says.

A process of its own does the reading: a model that doesn't suit the runtime may end it.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from edge.card import ModelCard
from edge.doctor.child import Ended, run_module
from edge.doctor.sample import POSTCODE, taken_for
from edge.errors import UpdateError

# So unlikely must a result be, if the card were right, before it is held against the model.
_LEAST_CHANCE = 1e-3
# Of a check set of thousands on a slow board.
_LIMIT_S = 600.0


@dataclass(frozen=True)
class Trial:
    """How a check set was read."""

    digits: int
    """In inputs whose boxes were found; the finder is not the model's."""
    wrong: int
    """Of them."""
    sample: str | None
    """The guess of the built-in recording, which is never left out."""


def attempt(model: Path, folder: Path | None, xnnpack: bool, limit_s: float = _LIMIT_S) -> Trial:
    """Read a check set in a process of its own.

    Args:
        model: with its card beside it.
        folder: photos and touch recordings with `labels.csv`; None for the built-in
            recording only.
        xnnpack: whether the runtime may use it.
        limit_s: seconds.

    Raises:
        UpdateError: the process died, or said why it can't read.
    """
    arguments = [str(model), str(folder or ""), "xnnpack" if xnnpack else "plain"]
    return as_trial(run_module("edge.update.trial", arguments, limit_s))


def as_trial(ended: Ended) -> Trial:
    """Return what a process has said.

    Raises:
        UpdateError: it has said nothing, or why it can't read.
    """
    if ended.code != 0:
        raise UpdateError(f"the new model can't read here: the process {ended.how}")
    try:
        return Trial(**json.loads(ended.out.splitlines()[-1]))
    except (ValueError, TypeError, IndexError) as error:
        raise UpdateError(f"the new model can't read here: it says {ended.out[:60]!r}") from error


def judge(trial: Trial, card: ModelCard) -> None:
    """Refuse a model that reads worse than its card says.

    By the exact binomial test of the digits, against the worst error rate that the card
    tells of digits the training has not seen.

    Raises:
        UpdateError: it does.
    """
    if trial.sample != POSTCODE:
        raise UpdateError(
            f"the new model reads {trial.sample} where {POSTCODE} is written; the old one stays"
        )
    rate = error_rate(card)
    if chance_of(trial.wrong, trial.digits, rate) < _LEAST_CHANCE:
        raise UpdateError(
            f"the new model reads {trial.wrong} of the check set's {trial.digits} digits wrong, "
            f"where its card promises {rate:.1%}; the old one stays"
        )


def error_rate(card: ModelCard) -> float:
    """Return the worst share of wrong digits that a card tells of the converted model.

    Raises:
        UpdateError: it tells none.
    """
    rates = []
    for told in (card.test_errors, *card.stroke_errors.values()):
        try:
            errors, of = told["converted"]["errors"], told["converted"]["of"]
            # Laplace's rule: none of few is not none of all.
            rates.append((errors + 1) / (of + 2))
        except (KeyError, TypeError, ZeroDivisionError):
            continue
    if not rates:
        raise UpdateError("the new model's card doesn't tell how well it reads; convert it again")
    return float(min(max(rates), 1.0))


def chance_of(wrong: int, digits: int, rate: float) -> float:
    """Return how likely so many wrong digits, or more, are at an error rate."""
    if rate >= 1 or wrong <= 0:
        return 1.0
    logs = (
        math.lgamma(digits + 1) - math.lgamma(k + 1) - math.lgamma(digits - k + 1)
        + k * math.log(rate) + (digits - k) * math.log1p(-rate)
        for k in range(wrong, digits + 1)
    )  # fmt: skip
    return min(1.0, math.fsum(map(math.exp, logs)))


def main(arguments: list[str]) -> int:
    """Read, and print the trial as a line of JSON."""
    from edge.batch import read_all
    from edge.errors import FiveboxError
    from edge.labels import load_labels
    from edge.recognizer import Recognizer

    model, folder, how = arguments
    digits = wrong = 0
    try:
        recognizer = Recognizer(model, xnnpack=how == "xnnpack")
        sample = taken_for(recognizer.classifier)
        labels = load_labels(Path(folder)) if folder else []
        readings = read_all(recognizer, [label.path for label in labels])
        for label, reading in zip(labels, readings, strict=True):
            if reading.guess is not None:
                digits += len(label.postcode)
                wrong += sum(a != b for a, b in zip(label.postcode, reading.guess, strict=True))
    except FiveboxError as error:
        print(str(error), file=sys.stderr)
        return 1
    print(json.dumps({"digits": digits, "wrong": wrong, "sample": sample}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
