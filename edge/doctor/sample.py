"""Reads a postcode that is part of the program: `python -m edge.doctor.sample MODEL xnnpack|plain`.

A process of its own, for a runtime that doesn't suit the processor ends it.
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edge.classifier import Classifier

POSTCODE = "02471"

# Of a box's side; the pen of a finger that takes its time.
_ZERO = [
    [0.5 + 0.22 * math.sin(math.tau * k / 24), 0.5 - 0.34 * math.cos(math.tau * k / 24)]
    for k in range(25)
]
_TWO = [
    [0.28, 0.32], [0.32, 0.22], [0.42, 0.16], [0.56, 0.16], [0.66, 0.24], [0.68, 0.36],
    [0.60, 0.50], [0.44, 0.66], [0.28, 0.82], [0.46, 0.82], [0.72, 0.82],
]  # fmt: skip
_FOUR = [[[0.36, 0.18], [0.28, 0.54], [0.72, 0.54]], [[0.60, 0.28], [0.58, 0.56], [0.56, 0.84]]]
_SEVEN = [[0.26, 0.18], [0.72, 0.18], [0.60, 0.40], [0.48, 0.64], [0.42, 0.84]]
_ONE = [[0.52, 0.16], [0.50, 0.50], [0.48, 0.84]]
_BOX = 100


def recording() -> dict[str, Any]:
    """Return a touch recording of the postcode."""
    digits = ([_ZERO], [_TWO], _FOUR, [_SEVEN], [_ONE])
    return {
        "boxes": [[1.2 * _BOX * k, 0, _BOX, _BOX] for k in range(5)],
        "strokes": [
            [[1.2 * _BOX * k + _BOX * x, _BOX * y] for x, y in stroke]
            for k, strokes in enumerate(digits)
            for stroke in strokes
        ],
    }


def digits() -> NDArray[np.uint8]:
    """Return the postcode's digits as a classifier sees them, `uint8 (5, 28, 28)`."""
    import numpy as np

    from edge.strokes import digits_of, parse_recording

    written = digits_of(parse_recording(recording()))
    return np.stack([digit for digit in written if digit is not None])


def taken_for(classifier: Classifier) -> str:
    """Return what a classifier takes the digits for, whatever the way of the pen tells."""
    return "".join(map(str, classifier.probabilities(digits()).argmax(axis=1)))


def main(arguments: list[str]) -> int:
    """Read it, and print what the model takes it for, and the time, as a line of JSON."""
    from edge.errors import FiveboxError
    from edge.interpreter import load_interpreter_class
    from edge.recognizer import Recognizer

    model, how = arguments
    try:
        recognizer = Recognizer(model or None, xnnpack=how == "xnnpack")
        recognizer.read_strokes(recording())
        start = time.perf_counter()
        recognizer.read_strokes(recording())
        elapsed_ms = 1000 * (time.perf_counter() - start)
        guess = taken_for(recognizer.classifier)
        runtime = load_interpreter_class().__module__.split(".")[0]
    except FiveboxError as error:
        print(str(error), file=sys.stderr)
        return 1
    print(json.dumps({"guess": guess, "ms": elapsed_ms, "runtime": runtime}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
