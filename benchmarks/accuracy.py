"""How much is read right, on real input: `python -m benchmarks.accuracy`.

Prints counts (n of N) and percent for MNIST's test digits, pen digits of writers whom the
model has not learnt from, phone photos of ruled boxes, envelopes, and touch recordings
composed of those pen digits, and writes them to `benchmarks/results/accuracy.json`. Nothing
in the program was chosen by MNIST's test digits.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# So that `python benchmarks/accuracy.py` finds the packages as `-m` does.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import datasets
from benchmarks.datasets import STROKE_SETS
from edge import InputError, Reading, Recognizer
from edge.sources.images import load_image
from train.material import examples_of

RESULTS = Path(__file__).parent / "results" / "accuracy.json"
TOUCH_COUNT = 500
TOUCH_SEED = 20


@dataclass(frozen=True)
class Score:
    """Counts of one set, of postcodes or of digits."""

    name: str
    total: int
    right: int
    """Whose `guess` is right."""
    accepted: int | None = None
    """None where single digits are scored, which nobody accepts."""
    accepted_wrong: int | None = None

    @property
    def row(self) -> str:
        """The table's row."""
        share = f"{self.right} of {self.total} = {self.right / self.total:.2%}"
        accepted = (
            "-" if self.accepted is None else f"{self.accepted} ({self.accepted_wrong} wrong)"
        )
        return f"{self.name:16} {share:>26} {accepted:>18}"


def score(name: str, readings: Iterable[tuple[Reading, str]]) -> Score:
    """Count a set of readings, each with the true postcode."""
    total = right = accepted = wrong = 0
    for reading, postcode in readings:
        total += 1
        right += reading.guess == postcode
        accepted += reading.status == "accepted"
        wrong += reading.status == "accepted" and reading.postcode != postcode
    return Score(name, total, right, accepted, wrong)


def mnist(recognizer: Recognizer) -> Score:
    """Score the classifier alone on MNIST's test digits."""
    return _digits(recognizer, "MNIST digits", *datasets.mnist_test())


def pen_digits(recognizer: Recognizer, name: str) -> Score:
    """Score the classifier alone on a set's unseen writers, as the kiosk draws their strokes."""
    examples = examples_of(datasets.unseen_digits(name))
    return _digits(recognizer, f"{name} digits", examples.images, examples.labels)


def _digits(
    recognizer: Recognizer, name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> Score:
    right = int((recognizer.classifier.probabilities(images).argmax(axis=1) == labels).sum())
    return Score(name, len(labels), right)


def photos(recognizer: Recognizer, name: str, listed: list[datasets.Photo]) -> Score:
    """Score whole photos."""

    def read(photo: datasets.Photo) -> Reading:
        try:
            return recognizer.read(load_image(photo.path))
        except InputError as error:
            return Reading("error", reason=str(error))

    return score(name, ((read(photo), photo.postcode) for photo in listed))


def touch(
    recognizer: Recognizer, name: str, count: int = TOUCH_COUNT, seed: int = TOUCH_SEED
) -> Score:
    """Score touch recordings of a set's unseen writers."""
    recordings = datasets.touch_recordings(datasets.unseen_digits(name), count, seed)
    return score(
        f"{name} touch", ((recognizer.read_strokes(t.recording), t.postcode) for t in recordings)
    )


def measure(recognizer: Recognizer) -> list[Score]:
    """Score everything."""
    return [
        mnist(recognizer),
        *(pen_digits(recognizer, name) for name in STROKE_SETS),
        photos(recognizer, "box strips", datasets.box_strips()),
        photos(recognizer, "envelopes", datasets.envelopes()),
        *(touch(recognizer, name) for name in STROKE_SETS),
    ]


def main() -> int:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--model", help="instead of the bundled model")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    folder = datasets.data_folder()
    if not folder.is_dir():
        print(f"accuracy: no data in {folder}; name its folder in FIVEBOX_DATA", file=sys.stderr)
        return 1
    recognizer = Recognizer(options.model)
    scores = measure(recognizer)
    print(f"{'set':16} {'right':>26} {'accepted':>18}")
    for each in scores:
        print(each.row)
    card = recognizer.classifier.card
    result = {
        "model_sha256": card.sha256 if card else None,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "touch_seed": TOUCH_SEED,
        "scores": [asdict(each) for each in scores],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
