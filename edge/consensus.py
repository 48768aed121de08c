"""Several frames of one envelope → one reading.

Of each box the log-probabilities are summed over the frames, not the answers counted: a digit
that is second in every frame, but never improbable, wins. Were frames independent, the sum
would be Bayes' rule. They aren't: the hand is the same in all of them, and so is the smudge. So
the sum is tempered to as many frames as they are worth: n frames that are correlated by ρ are
worth n / (1 + (n - 1) ρ) independent ones (Kish 1965, "Survey Sampling", the design effect of
a cluster), and frames of unequal weight w count for n = (Σ w)² / Σ w² (the same book). ρ is the
hand's part of all that is doubtful (the same book's intraclass correlation): h / (h + v), where v
is how much the log-odds between a digit's two likeliest readings differ from frame to frame, which
the frames themselves show, and h a constant. Frames that say the same again tell nothing new.

Measured: 4,000 postcodes of 5,000 digits of MNIST that no model has learnt from, each digit seen in
five frames that differ in turn, place, blur, noise and JPEG: much (as if the camera were bad),
less and hardly. At the kiosk's threshold so many are accepted, and in brackets wrong, where ρ is
the same for all: 1063 (3), 2508 (8), 2884 (10) with 1; 1476 (6), 2748 (10), 3072 (17) with 0.9,
which explains the labels of good frames best; 2484 (19), 3343 (23), 3506 (22) with 0.6, which does
so of bad ones. With h = 10 they are 2294 (16), 2651 (9), 2901 (10), and hardly others with 8 and
12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.decode import Box, decode
from edge.directory import Directory
from edge.likeness import likeness
from edge.reading import Quad, Reading


@dataclass(frozen=True)
class Settings:
    """How frames are combined, and when an envelope is another one."""

    hand: float = 10.0
    """h, the variance of a digit's log-odds by what is the same in all frames: 0, frames are
    independent; the larger, the less another frame tells."""
    floor: float = 1e-5
    """Probability below which no frame rules a digit out, 0 to 1."""
    contradiction: float = 1.5
    """Boxes; from so many on that surely hold another digit, a frame shows another envelope:
    one digit may be misread in one frame, two hardly are."""
    least_frames: int = 3
    """Frames that an envelope in view must be seen in before it is accepted: in one frame blur
    may look like another digit, surely so, and each new frame is another chance to."""
    likeness: float = 0.88
    """Correlation of the digits' images below which a row that was lost and found again is on
    another envelope, even if the same postcode stands there. Rendered validation photos: the same
    row from elsewhere, turned, blurred and noisy, 0.94 to 0.99; the same digits by others below
    0.83 in 999 of a thousand."""
    leaves_s: float = 1.0
    """Seconds without boxes after which the envelope has left."""
    least_s: float = 0.2
    """Seconds for which something must be seen to be an envelope of its own; what is shorter,
    boxes found in a hand that passes say, is forgotten."""

    def __post_init__(self) -> None:
        if not 0 < self.floor < 0.1:
            raise ValueError("floor must be above 0 and below 0.1")
        if not 0 <= self.likeness <= 1:
            raise ValueError("likeness must be from 0 to 1")
        if min(self.hand, self.contradiction, self.leaves_s, self.least_s) < 0:
            raise ValueError("hand, contradiction and seconds must not be negative")


class Report(NamedTuple):
    """What is said of an envelope, once."""

    reading: Reading
    boxes: tuple[Box, ...]
    """As all its frames together see them; each digit's image is that of the frame in which it
    was clearest."""


class Consensus:
    """Combines the frames of a camera or a video, one after another.

    Args:
        threshold: least confidence of an accepted reading, 0 to 1.
        directory: valid postcodes; None allows all.
        settings: how frames are combined.
    """

    def __init__(
        self,
        threshold: float,
        directory: Directory | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._threshold = threshold
        self._directory = directory
        self._settings = Settings() if settings is None else settings
        self._time_s: float | None = None
        self._step_s = 0.0
        self._reported = 0
        self._shown: _Envelope | None = None
        # What contradicts it, until it is clear that this is another envelope.
        self._other: _Envelope | None = None
        # Since when there are no boxes.
        self._missed_s: float | None = None

    @property
    def current(self) -> Reading | None:
        """The best that is known of the envelope in view; None while there is none."""
        return None if self._shown is None else self._decide(self._shown)

    @property
    def is_reported(self) -> bool:
        """Whether the envelope in view was reported already, and no other seems to be there."""
        return self._shown is not None and self._shown.reported and self._other is None

    def add(self, boxes: Sequence[Box] | None, found: float, time_s: float) -> tuple[Reading, ...]:
        """Take the next frame.

        Args:
            boxes: what the classifier said of each, in reading order; None or none where no
                row of boxes was found.
            found: how sure it is that the boxes are boxes, 0 to 1; the frame's weight.
            time_s: when it was taken, seconds of a clock that never goes back.

        Returns:
            What is to be reported now, mostly nothing: an envelope's reading once it is
            certain, else when the envelope has left.

        Raises:
            ValueError: the time went back.
        """
        return tuple(report.reading for report in self.take(boxes, found, time_s))

    def take(
        self, boxes: Sequence[Box] | None, found: float, time_s: float, is_anew: bool = False
    ) -> tuple[Report, ...]:
        """Take the next frame as `add` does; return beside each reading what it is made of.

        Args:
            boxes: as `add` takes them.
            found: as `add` takes it.
            time_s: as `add` takes it.
            is_anew: whether the row was lost and found again since the frame before: then it
                may be on another envelope, on which nearly the same is written.
        """
        self._pass_to(time_s)
        if not boxes or found <= 0:
            return self._miss(time_s)
        self._missed_s = None
        frame = _Envelope(boxes, found, time_s, self._settings)
        frame.is_another = is_anew and self._shown is not None and self._shown.is_unlike(frame)
        if is_anew and self._other is not None:
            # What lies there now is either another one or the first again.
            self._other.is_another &= frame.is_another
        return (*self._place(frame, time_s), *self._certain())

    def finish(self) -> tuple[Reading, ...]:
        """End the video: report what was shown and not yet reported, and forget it.

        Where nothing was ever reported, what was seen at all is.
        """
        return tuple(report.reading for report in self.take_rest())

    def take_rest(self) -> tuple[Report, ...]:
        """End the video as `finish` does; return beside each reading what it is made of."""
        gone_s = self._missed_s
        if gone_s is None:
            # The last frame lasted as long as the one before it.
            gone_s = (self._time_s or 0.0) + self._step_s
        reports = self._all_leave(gone_s)
        if not reports and self._shown is not None and self._reported == 0:
            reports = (self._report(self._shown),)
        self._forget()
        self._time_s, self._step_s, self._reported = None, 0.0, 0
        return reports

    def _pass_to(self, time_s: float) -> None:
        if self._time_s is not None:
            if time_s < self._time_s:
                raise ValueError(f"the time went back from {self._time_s} to {time_s} s")
            self._step_s = time_s - self._time_s
        self._time_s = time_s

    def _forget(self) -> None:
        self._shown = self._other = self._missed_s = None

    def _miss(self, time_s: float) -> tuple[Report, ...]:
        if self._shown is None:
            return ()
        if self._missed_s is None:
            self._missed_s = time_s
        seen_s = self._shown.last_s if self._other is None else self._other.last_s
        if time_s - seen_s < self._settings.leaves_s:
            return ()
        reports = self._all_leave(self._missed_s)
        self._forget()
        return reports

    def _place(self, frame: _Envelope, time_s: float) -> tuple[Report, ...]:
        """Add a frame to the envelope it shows; return what is reported of one that left."""
        shown, other = self._shown, self._other
        if shown is None:
            self._shown = frame
            return ()
        lasted = other is not None and time_s - other.first_s >= self._settings.least_s
        # What looked like another envelope at first goes on being one, whatever its digits.
        goes_on = other is not None and other.is_another and not other.contradicts(frame)
        if not (shown.contradicts(frame) or frame.is_another or goes_on):
            # The other was shown in between, or it was a misread frame.
            shown.add(frame)
            self._other = None
            return self._leave(other, time_s)
        if other is None or (not lasted and (frame.is_another or other.contradicts(frame))):
            self._other = frame
            return ()
        if not other.contradicts(frame):
            other.add(frame)
            frame = other
        elif lasted:
            # A third one, before the second took the first one's place.
            self._shown, self._other = other, frame
            return self._leave(shown, other.first_s)
        if not lasted:
            return ()
        self._shown, self._other = frame, None
        return self._leave(shown, frame.first_s)

    def _all_leave(self, gone_s: float) -> tuple[Report, ...]:
        if self._other is None:
            return self._leave(self._shown, gone_s)
        first = self._leave(self._shown, self._other.first_s)
        return (*first, *self._leave(self._other, gone_s))

    def _leave(self, envelope: _Envelope | None, gone_s: float) -> tuple[Report, ...]:
        if envelope is None or envelope.reported:
            return ()
        if gone_s - envelope.first_s < self._settings.least_s:
            return ()
        return (self._report(envelope),)

    def _certain(self) -> tuple[Report, ...]:
        shown = self._shown
        if shown is None or shown.reported or shown.frames < self._settings.least_frames:
            return ()
        if self._decide(shown).status != "accepted":
            return ()
        return (self._report(shown),)

    def _report(self, envelope: _Envelope) -> Report:
        envelope.reported = True
        self._reported += 1
        return Report(self._decide(envelope), envelope.boxes())

    def _decide(self, envelope: _Envelope) -> Reading:
        return decode(envelope.boxes(), self._threshold, self._directory, envelope.found())


class _Envelope:
    """What the frames of one envelope say together."""

    def __init__(
        self, boxes: Sequence[Box], found: float, time_s: float, settings: Settings
    ) -> None:
        self._settings = settings
        self.first_s = self.last_s = time_s
        self.reported = False
        # Whether its digits look other than those of the envelope shown before.
        self.is_another = False
        self.frames = 1
        self._corners: list[Quad | None] = [box.corners for box in boxes]
        # Of each box the image in which it was clearest, and how clear that was.
        self._images = [box.digit for box in boxes]
        self._clearest = [
            0.0 if box.probabilities is None else found * float(box.probabilities.max())
            for box in boxes
        ]
        written = np.array([box.probabilities is not None for box in boxes])
        rows = np.ones((len(boxes), 10))
        for row, box in zip(rows, boxes, strict=True):
            if box.probabilities is not None:
                row[:] = box.probabilities
        # Sums over the frames, each box by itself: in one that is blank there is no digit.
        logs = np.log(np.maximum(rows, settings.floor))
        self._logs = found * logs
        # And of products of two digits' logarithms, by which any two's difference varies.
        self._products = found * logs[:, :, None] * logs[:, None, :]
        self._weights = found * written.astype(np.float64)
        self._squares = self._weights**2
        self._weight, self._found = found, found**2

    def add(self, frame: _Envelope) -> None:
        """Count a later frame in."""
        self.last_s = frame.last_s
        self.frames += frame.frames
        self._corners = frame._corners
        for box, clear in enumerate(frame._clearest):
            if clear > self._clearest[box]:
                self._clearest[box], self._images[box] = clear, frame._images[box]
        self._logs += frame._logs
        self._products += frame._products
        self._weights += frame._weights
        self._squares += frame._squares
        self._weight += frame._weight
        self._found += frame._found

    def contradicts(self, frame: _Envelope) -> bool:
        """Tell whether a frame must show another envelope."""
        if len(frame._corners) != len(self._corners):
            return True
        ours, theirs = self._probabilities(), frame._probabilities()
        both = (self._weights > 0) & (frame._weights > 0)
        differ = both & (ours.argmax(axis=1) != theirs.argmax(axis=1))
        # How probable it is that both are right, if they were read independently.
        sure = ours.max(axis=1) * theirs.max(axis=1)
        return float(sure[differ].sum()) >= self._settings.contradiction

    def is_unlike(self, frame: _Envelope) -> bool:
        """Tell whether a frame shows other ink."""
        if len(frame._images) != len(self._images):
            return True
        alike = likeness(self._images, frame._images)
        return alike is not None and alike < self._settings.likeness

    def boxes(self) -> tuple[Box, ...]:
        """Return the boxes as all frames together see them, where the last one saw them."""
        return tuple(
            Box(None, corners) if blank else Box(row, corners, image)
            for blank, row, corners, image in zip(
                self._blank() > 0.5,
                self._probabilities().astype(np.float32),
                self._corners,
                self._images,
                strict=True,
            )
        )

    def found(self) -> float:
        """Return how sure it is that the boxes are boxes, and not blank where they aren't."""
        blank = self._blank()
        return float(self._found / self._weight * (1 - blank[blank <= 0.5]).prod())

    def _blank(self) -> NDArray[np.float64]:
        """Return the share of the frames in which each box is blank."""
        return np.clip(1 - self._weights / self._weight, 0, 1)

    def _variance(self) -> float:
        """Return v, by how much a digit's log-odds vary from frame to frame: mean of the boxes.

        Of each box it is the variance of the difference between its two likeliest digits'
        log-probabilities; what makes frames differ is the same for all boxes of a picture.
        """
        several = self._weights**2 > self._squares * (1 + 1e-9)
        if not several.any():
            return 0.0
        boxes = np.arange(np.count_nonzero(several))
        weights, squares = self._weights[several], self._squares[several]
        means = self._logs[several] / weights[:, None]
        first, second = np.argsort(-means, axis=1)[:, :2].T
        products = self._products[several]
        spread = (
            products[boxes, first, first]
            + products[boxes, second, second]
            - 2 * products[boxes, first, second]
            - weights * (means[boxes, first] - means[boxes, second]) ** 2
        )
        # Of weighted values, without bias.
        return float(np.maximum(spread / (weights - squares / weights), 0).mean())

    def _probabilities(self) -> NDArray[np.float64]:
        """Return `float64 (boxes, 10)`; of a box that was always blank nothing is known."""
        weights = np.where(self._weights > 0, self._weights, 1)[:, None]
        frames = weights**2 / np.where(self._squares > 0, self._squares, 1)[:, None]
        hand = self._settings.hand
        differ = self._variance()
        correlation = hand / (hand + differ) if hand + differ > 0 else 1.0
        worth = frames / (1 + (frames - 1) * correlation)
        logs = worth * self._logs / weights
        powers = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return shares
