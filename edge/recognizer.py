"""The pipeline, spelled out once: image, crops or recording → reading."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial, wraps
from pathlib import Path
from typing import Any, ParamSpec

import numpy as np
from numpy.typing import NDArray

from edge import strokes
from edge.arrays import as_bgr, as_crops
from edge.boxes import Boxes, as_marked, search
from edge.card import ModelCard
from edge.choice import Choice, choose
from edge.classifier import Classifier
from edge.crops import cut_digits
from edge.decode import DEFAULT_THRESHOLD, Box, decode
from edge.detector import bundled as bundled_detector
from edge.detector import detected
from edge.digits import extract, normalise
from edge.directory import Directory
from edge.errors import ImageError, ModelError
from edge.observation import Observation
from edge.orientation import agreement, turned_corners, turned_ink, upright_log_odds
from edge.others import other_boxes
from edge.picture import Picture
from edge.quality import Quality, assess
from edge.reading import Quad, Reading
from edge.strip import flatten
from edge.trajectory import bundled as bundled_trajectories
from edge.trajectory import pooled

# Five boxes need at least this many px to hold digits that can be told apart.
_LEAST_WIDTH = 40
_LEAST_HEIGHT = 10

# From these parts of the boxes' walls on, nothing is doubtful about them: if they were fitted to
# their lines, and if they were only detected. And how sure it is of those that their lines speak
# against.
_SURE_COVERAGE, _SURE_DETECTED = 0.8, 0.85
_DOUBTFUL = 0.1
# Flattened, the walls must be seen on so much of their length, or their lines speak against them:
# of 697 rendered validation photos that were right with a confidence above 0.9 one has less.
# So must those of each box, compared with the one of which next to least is seen: of 713 such
# photos three have less.
_LEAST_OWN, _LEAST_EACH = 0.5, 0.7

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
        directory: the valid postcodes: a file with one of them or a prefix a line, the name
            of one that is built in (`"kr"`), or a `Directory`; None allows all.
        max_error: largest share of the accepted postcodes that may be wrong, above 0 and
            below 1; None takes the reject threshold of the model's card, made for 0.01.
        xnnpack: whether the runtime may compute with XNNPACK, which some boards can't.

    Raises:
        ModelError: the model is missing, damaged or of the wrong shape, or its card has no
            threshold for `max_error`.
        DirectoryError: the directory can't be read.
        RuntimeMissingError: no TFLite interpreter is installed.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        directory: str | Path | Directory | None = None,
        max_error: float | None = None,
        xnnpack: bool = True,
    ) -> None:
        self.classifier = Classifier(model, xnnpack=xnnpack)
        self._xnnpack = xnnpack
        self._detect = partial(detected, xnnpack=xnnpack)
        self._trajectories = partial(bundled_trajectories, xnnpack)
        self.directory = None if directory is None else Directory.open(directory)
        self.threshold = _threshold(self.classifier.card, self.classifier.path, max_error)
        self._max_error = max_error
        if max_error is not None:
            # That it can't be kept is told here, not by the first recording.
            _ = self.touch_threshold

    def load(self) -> None:
        """Load what is otherwise loaded when it is first needed, so that nobody waits for it.

        Raises:
            ModelError: a network beside the classifier is missing or damaged.
        """
        bundled_detector(self._xnnpack)
        _ = self.touch_threshold

    @_timed
    def read(self, image: NDArray[np.uint8] | Picture) -> Reading:
        """Read the postcode in a photo.

        Args:
            image: `uint8 (h, w, 3)` BGR or `(h, w)`, or what else `arrays.as_bgr`
                takes, or a `Picture`; not written to.

        Returns:
            The reading; `status` is `no-boxes` where no row of five was found.

        Raises:
            ImageError: the array is not such an image, or too small for five boxes.
        """
        return self.decide(self.observe(image))

    def observe(self, image: NDArray[np.uint8] | Picture) -> Observation:
        """Find and classify the boxes in a photo, or in one frame of many, without deciding.

        Args:
            image: as `read` takes it.

        Returns:
            What `decide` makes a reading of, and a `Consensus` of several.

        Raises:
            ImageError: the array is not such an image, or too small for five boxes.
        """
        picture = image if isinstance(image, Picture) else Picture.of(as_bgr(image))
        if picture.width < _LEAST_WIDTH or picture.height < _LEAST_HEIGHT:
            raise ImageError(
                f"the image is too small: {picture.width}×{picture.height} px, where five boxes "
                f"need at least {_LEAST_WIDTH}×{_LEAST_HEIGHT}"
            )
        choice = self.find(picture)
        if choice is None:
            return Observation((), found=0.0, reason="no-boxes")
        return choice.observation

    def find(self, picture: Picture) -> Choice | None:
        """Find the boxes in a picture by how they look and by what is in them; see `observe`."""

        def look(boxes: Boxes) -> Choice | None:
            boxes = as_marked(boxes, picture)
            if not (boxes.is_marked or boxes.is_doubtful):
                others = other_boxes(picture, boxes.row)
                if others.are_there:
                    return None
                is_faint = others.own < _LEAST_OWN or others.worst < _LEAST_EACH
                boxes = replace(boxes, is_doubtful=is_faint or others.may_be_there)
            return Choice(boxes, self.observe_at(picture, boxes))

        return choose(search(picture, self._detect), look)

    def observe_at(self, picture: Picture, boxes: Boxes) -> Observation:
        """Classify boxes whose place in a picture is known; see `observe`."""
        strip = flatten(picture, boxes.row)
        found = _how_sure(boxes)
        seen = self.observe_row(cut_digits(strip), boxes.corners, found, boxes.is_marked)
        return replace(seen, quality=assess((picture.width, picture.height), boxes, strip))

    def decide(self, observation: Observation) -> Reading:
        """Decide what an observation shows, and whether to rely on it.

        Returns:
            A reading without `source` and `elapsed_ms`.
        """
        if not observation.boxes:
            return Reading("no-boxes", reason=observation.reason)
        threshold = self.touch_threshold if observation.touched else self.threshold
        reading = decode(observation.boxes, threshold, self.directory, observation.found)
        return explained(reading, observation.quality)

    @cached_property
    def touch_threshold(self) -> float:
        """Least confidence of an accepted touch recording: that of photos, or a higher one.

        Raises:
            ModelError: the network that reads trajectories is missing or damaged, or its card
                has no threshold for the largest error.
        """
        reader = self._trajectories()
        return max(self.threshold, _threshold(reader.card, reader.path, self._max_error))

    @_timed
    def read_boxes(self, crops: Sequence[NDArray[np.uint8]]) -> Reading:
        """Read boxes that are cut out already.

        Args:
            crops: any number of images as `read` takes them, dark ink on light paper,
                one digit each, of any size.

        Raises:
            ImageError: there are none, or one is no such image.
        """
        digits = [extract(image) for image in as_crops(crops)]
        return self.decide(self._observe(digits, [None] * len(digits)))

    @_timed
    def read_strokes(self, recording: Mapping[str, Any]) -> Reading:
        """Read a touch recording.

        Args:
            recording: `{"boxes": [[x, y, w, h] × 5], "strokes": [[[x, y], …], …]}`,
                screen px, y down; points may carry milliseconds as a third number.

        Raises:
            RecordingError: it has another form.
        """
        return self.decide(self.observe_strokes(recording))

    def observe_strokes(self, recording: Mapping[str, Any]) -> Observation:
        """Classify the digits of a touch recording, without deciding.

        Args:
            recording: as `read_strokes` takes it.

        Raises:
            RecordingError: it has another form.
        """
        checked = strokes.parse_recording(recording)
        parts = strokes.assign(checked)
        digits = strokes.digits_of(checked, parts)
        seen = self._observe(digits, [_quad(box) for box in checked.corners])
        return replace(seen, boxes=self._with_trajectories(seen.boxes, parts), touched=True)

    def _with_trajectories(
        self, boxes: Sequence[Box], parts: Sequence[Sequence[strokes.Stroke]]
    ) -> tuple[Box, ...]:
        """Return boxes with what the way of the pen tells of those that are written in."""
        written = [
            (box.probabilities, part)
            for box, part in zip(boxes, parts, strict=True)
            if box.probabilities is not None
        ]
        if not written:
            return tuple(boxes)
        images, ways = zip(*written, strict=True)
        rows = iter(pooled(np.stack(images), self._trajectories().probabilities(ways)))
        return tuple(
            box if box.probabilities is None else box._replace(probabilities=next(rows))
            for box in boxes
        )

    def _observe(
        self,
        digits: Sequence[NDArray[np.uint8] | None],
        corners: Sequence[Quad | None],
        found: float = 1.0,
    ) -> Observation:
        boxes = map(Box, self._classify(digits), corners, digits)
        return Observation(tuple(boxes), found)

    def observe_row(
        self,
        inks: Sequence[NDArray[np.uint8] | None],
        corners: NDArray[np.float32],
        found: float,
        is_upright: bool = False,
    ) -> Observation:
        """Classify a row as it was found and upside down, and take the likelier way.

        Args:
            inks: from `crops.cut_digits`.
            corners: `float32 (5, 4, 2)` px, as found.
            found: how sure it is that the boxes are boxes, 0 to 1.
            is_upright: whether it is known to stand as it was found.
        """
        if is_upright:
            digits = [None if ink is None else normalise(ink) for ink in inks]
            return self._observe(digits, [_quad(quad) for quad in corners], found)
        back = [None if ink is None else turned_ink(ink) for ink in reversed(inks)]
        digits = [None if ink is None else normalise(ink) for ink in (*inks, *back)]
        rows = self._classify(digits)
        as_found, turned = rows[: len(inks)], rows[len(inks) :]
        log_odds = upright_log_odds(corners, as_found, turned)
        found *= agreement(log_odds, as_found, turned)
        seen = digits[: len(inks)]
        if log_odds < 0:
            as_found, corners, seen = turned, turned_corners(corners), digits[len(inks) :]
        return Observation(tuple(map(Box, as_found, map(_quad, corners), seen)), found)

    def _classify(
        self, digits: Sequence[NDArray[np.uint8] | None]
    ) -> list[NDArray[np.float32] | None]:
        """Return each digit's probabilities, `(10,)`, all of them from one invoke."""
        present = [digit for digit in digits if digit is not None]
        rows = iter(self.classifier.probabilities(np.stack(present)) if present else ())
        return [None if digit is None else next(rows) for digit in digits]


def explained(reading: Reading, quality: Quality | None) -> Reading:
    """Return a reading whose reason is what the picture lacks, where that explains it."""
    problem = quality and quality.problem
    if problem and reading.reason in ("low-confidence", "blank-box", "not-a-digit"):
        # What to do about it tells more than that it is so.
        return replace(reading, reason=problem)
    return reading


def _how_sure(boxes: Boxes) -> float:
    """Return how sure it is that boxes are five of a postcode, 0 to 1."""
    if boxes.is_doubtful:
        return _DOUBTFUL
    is_fitted = boxes.is_marked or not boxes.is_detected
    return min(1.0, boxes.coverage / (_SURE_COVERAGE if is_fitted else _SURE_DETECTED))


def _threshold(card: ModelCard | None, path: Path, max_error: float | None) -> float:
    if max_error is None:
        return card.reject_threshold if card else DEFAULT_THRESHOLD
    if card is None:
        raise ModelError(
            f"{path}: the model has no card to choose a threshold by; convert it with "
            "python -m convert, or leave the largest error out"
        )
    try:
        return card.threshold_for(max_error)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _quad(corners: NDArray[np.float32]) -> Quad:
    return tuple((x, y) for x, y in corners.tolist())
