"""The pipeline, spelled out once: image, crops or recording → reading."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import numpy as np
from numpy.typing import NDArray

from edge import strokes
from edge.arrays import as_bgr, as_crops
from edge.boxes import find_boxes
from edge.classifier import Classifier
from edge.crops import cut_digits
from edge.decode import DEFAULT_THRESHOLD, Box, decode
from edge.digits import extract, normalise
from edge.directory import Directory
from edge.errors import ImageError
from edge.reading import Quad, Reading

# Five boxes need at least this many px to hold digits that can be told apart.
_LEAST_WIDTH = 40
_LEAST_HEIGHT = 10

# From this part of the boxes' walls on, nothing is doubtful about them.
_SURE_COVERAGE = 0.8

_P = ParamSpec("_P")


def _timed(method: Callable[_P, Reading]) -> Callable[_P, Reading]:
    """Fill in how long the reading took."""

    @wraps(method)
    def timed(*args: _P.args, **kwargs: _P.kwargs) -> Reading:
        start = time.perf_counter()
        reading = method(*args, **kwargs)
        return replace(reading, elapsed_ms=1000 * (time.perf_counter() - start))

    return timed


class Recognizer:
    """Reads five-digit postcodes. Safe to share between threads.

    Args:
        model: a `.tflite` file; None is the bundled one.
        directory: a file with one valid postcode or prefix a line; None allows all.

    Raises:
        ModelError: the model is missing, damaged or of the wrong shape.
        DirectoryError: the directory can't be read.
        RuntimeMissingError: no TFLite interpreter is installed.
    """

    def __init__(
        self, model: str | Path | None = None, directory: str | Path | None = None
    ) -> None:
        self.classifier = Classifier(model)
        self.directory = None if directory is None else Directory.load(directory)
        card = self.classifier.card
        self.threshold = card.reject_threshold if card else DEFAULT_THRESHOLD

    @_timed
    def read(self, image: NDArray[np.uint8]) -> Reading:
        """Read the postcode in a photo.

        Args:
            image: `uint8 (h, w, 3)` BGR or `(h, w)`, or what else `arrays.as_bgr`
                takes; not written to.

        Returns:
            The reading; `status` is `no-boxes` where no row of five was found.

        Raises:
            ImageError: the array is not such an image, or too small for five boxes.
        """
        image = as_bgr(image)
        height, width = image.shape[:2]
        if width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
            raise ImageError(
                f"the image is too small: {width}×{height} px, where five boxes need at least "
                f"{_LEAST_WIDTH}×{_LEAST_HEIGHT}"
            )
        boxes = find_boxes(image)
        if boxes is None:
            return Reading("no-boxes", reason="no-boxes")
        digits = [extract(crop) for crop in cut_digits(image, boxes)]
        found = min(1.0, boxes.coverage / _SURE_COVERAGE)
        return self._decide(digits, [_quad(box) for box in boxes.corners], found)

    @_timed
    def read_boxes(self, crops: Sequence[NDArray[np.uint8]]) -> Reading:
        """Read boxes that are cut out already.

        Args:
            crops: any number of images as `read` takes them, dark ink on light paper,
                one digit each, of any size.

        Raises:
            ImageError: there are none, or one is no such image.
        """
        images = as_crops(crops)
        return self._decide([extract(image) for image in images], [None] * len(images))

    @_timed
    def read_strokes(self, recording: Mapping[str, Any]) -> Reading:
        """Read a touch recording.

        Args:
            recording: `{"boxes": [[x, y, w, h] × 5], "strokes": [[[x, y], …], …]}`,
                screen px, y down; points may carry milliseconds as a third number.

        Raises:
            RecordingError: it has another form.
        """
        checked = strokes.parse_recording(recording)
        inks = [
            strokes.draw(part, float(box[3]))
            for part, box in zip(strokes.assign(checked), checked.boxes, strict=True)
        ]
        digits = [None if ink is None else normalise(ink) for ink in inks]
        return self._decide(digits, [_quad(box) for box in checked.corners])

    def _decide(
        self,
        digits: Sequence[NDArray[np.uint8] | None],
        corners: Sequence[Quad | None],
        found: float = 1.0,
    ) -> Reading:
        """Classify what is there, all of it in one invoke, and decide."""
        present = [digit for digit in digits if digit is not None]
        rows = iter(self.classifier.probabilities(np.stack(present)) if present else ())
        boxes = [
            Box(None if digit is None else next(rows), quad)
            for digit, quad in zip(digits, corners, strict=True)
        ]
        return decode(boxes, self.threshold, self.directory, found)


def _quad(corners: NDArray[np.float32]) -> Quad:
    return tuple((float(x), float(y)) for x, y in corners)
