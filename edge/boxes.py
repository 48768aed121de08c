"""Finds the row of five printed boxes as one model: five equal cells, one line, one pitch.

From coarse to fine: outlines that may be single boxes (`cells`) are lined up to rows
(`lineup`). Each row is fitted as a whole, seen in perspective (`row`), to the lines that are
really there (`walls`). Where outlines show no row that leaves no doubt, a small network looks
for one (`detector`): it makes out boxes of which hardly a line is seen. Both look at the finest
scale last. The search ends with the first row that leaves no doubt; else the best supported one
is the answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cells import find_cells
from edge.detector import Detection, are_same, detected, looked_at
from edge.fit import NOT_FIVE, Fitted, count_written, fit, fit_best
from edge.ink import line_darkness
from edge.lineup import line_up
from edge.markers import marked, row_between_markers
from edge.nearby import nearby
from edge.others import other_boxes
from edge.picture import Picture
from edge.row import COUNT, Row, row_in, row_through
from edge.scales import LINE_REACH, Scales

# A line is at least this much darker than its paper, of 255, and than so many times the
# grain's median: a level that closes a faint outline also joins digits to walls.
_LEVELS = (32, 13, 64)
_NOISE_FACTOR = 3.5

# Rows that are fitted at one level.
_MOST_ROWS = 8
# Boxes below this height, working px, are looked at again in a finer picture.
_FINE_HEIGHT = 24.0
# Room around the row in it, in box heights.
_ROOM = 2.0

# With a line seen on this much of the walls the search ends.
_SURE_COVERAGE = 0.9
_SURE_RESIDUAL = 0.008
# A root mean square distance of a tenth of a box weighs as much as so many unseen walls.
_RESIDUAL_COST = 6.0
_WRITTEN_BONUS = 0.06
# Of the five boxes so many must be written in for it to end, ink being at least so dark, of
# 255, and so many times the grain's median.
_LEAST_WRITTEN = 4
# Clear rows, blank ones or the same in several pictures, after which no finer one is made.
_MOST_CLEAR = 3
# A detected row is fitted from where it was detected; one of this probability, which shows that
# there is one hereabouts, from so many places around.
_STARTS, _HEREABOUTS = 5, 0.9
# One that lines don't support as a whole is taken if they are seen on so much of its
# level and of its upright walls, and weighs so much less. Where they are seen on less than most
# it is not relied on (see `Observation.found`), so that digits without boxes aren't accepted.
_LEAST_SEEN, _DETECTED_COST = 0.3, 0.1
# Where they are seen on less still, or others beside or inside of the boxes, a probable row is
# read, but not relied on: of 1,630 rendered validation photos 10 more are read right so, and of
# 600 without a postcode 8 more are read at all.
_PROBABLE = 0.8
_LEAST_INK = 18.0
_INK_NOISE_FACTOR = 3.0

Detect = Callable[[Picture, Iterable[int]], Iterable[Detection]]
"""What detects rows where outlines show none: in a picture halved so often each time."""


@dataclass(frozen=True)
class Boxes:
    """The five boxes found in a picture."""

    corners: NDArray[np.float32]
    """(5, 4, 2) px: top left, top right, bottom right, bottom left of each, on the
    middle of the printed line, in reading order."""
    coverage: float
    """Part of the walls on which a printed line is seen, 0 to 1."""
    row: Row
    """Their geometry."""
    residual: float = 0.0
    """Root mean square distance of the printed lines from the fitted row, in box heights."""
    is_marked: bool = False
    """Whether a form's markers say that it is a row, and which way up."""
    support: float = 0.0
    """How well the row explains the lines that are seen, for comparing it with others."""
    is_sure: bool = False
    """Whether the lines leave no doubt."""
    is_detected: bool = False
    """Whether it lies where it was detected, as lines don't support it as a whole."""
    is_doubtful: bool = False
    """Whether the lines speak against it: it is read, but not relied on."""

    @property
    def joined(self) -> bool:
        """Whether neighbours share their wall."""
        return self.row.joined

    @property
    def height(self) -> float:
        """Mean height of a box, px."""
        sides = self.corners[:, [3, 2]] - self.corners[:, [0, 1]]
        return float(np.linalg.norm(sides, axis=2).mean())


@dataclass(frozen=True)
class _Found:
    """A row that lines support."""

    row: Row
    coverage: float
    residual: float
    written: int
    """In how many boxes there is ink."""
    is_marked: bool = False
    """Whether markers say so."""
    detected: float = 0.0
    """The probability with which it was detected, where lines don't support it as a whole."""
    is_doubtful: bool = False
    """Whether they speak against it."""

    @property
    def is_sure(self) -> bool:
        return self.is_marked or (self.is_clear and self.written >= _LEAST_WRITTEN)

    @property
    def is_clear(self) -> bool:
        """Whether it lies on its lines, and they are seen on most of its walls."""
        return (
            not self.detected
            and self.coverage >= _SURE_COVERAGE
            and self.residual <= _SURE_RESIDUAL
        )

    @property
    def support(self) -> float:
        """How well the row explains what is seen, for comparing it with others.

        Lines that are no boxes fit five equal ones only roughly, and boxes that are written
        in are likelier meant than the squares of a desk's pattern.
        """
        if self.detected:
            return self.coverage * self.detected - _DETECTED_COST
        written = _WRITTEN_BONUS * (self.written >= _LEAST_WRITTEN)
        return self.coverage - _RESIDUAL_COST * self.residual + written

    @property
    def boxes(self) -> Boxes:
        return Boxes(
            self.row.corners(),
            self.coverage,
            self.row,
            self.residual,
            self.is_marked,
            self.support,
            self.is_sure,
            self.detected > 0,
            self.is_doubtful,
        )


def find_boxes(image: NDArray[np.uint8] | Picture, detect: Detect = detected) -> Boxes | None:
    """Find the five boxes by how they look; `choice` goes by what is in them too.

    Args:
        image: a picture, or its pixels, `uint8 (h, w, 3)` BGR or `(h, w)`; not written to.
        detect: as `search` takes it.

    Returns:
        The boxes, or None where there is no row of exactly five.
    """
    picture = Picture.of(image)
    found: list[Boxes] = []
    for boxes in search(picture, detect):
        found.append(boxes)
        if boxes.is_sure:
            return as_marked(boxes, picture)
    best = max(found, key=lambda one: one.support, default=None)
    return None if best is None else as_marked(best, picture)


def search(picture: Picture, detect: Detect = detected) -> Iterator[Boxes]:
    """Yield rows, those that are quick to find first.

    The more are asked for, the longer it takes; from one that is sure on hardly a better
    one comes.

    Args:
        picture: of any size.
        detect: detects rows; called where outlines of its scales have left doubt.
    """
    for found in _candidates(picture, detect):
        yield found.boxes


def as_marked(boxes: Boxes, picture: Picture) -> Boxes:
    """Return boxes the way up that the markers beside them say, where there are any."""
    row = None if boxes.is_marked else marked(boxes.row, picture)
    if row is None:
        return boxes
    return replace(boxes, corners=row.corners(), row=row, is_marked=True)


def pulled(picture: Picture, row: Row) -> Row | None:
    """Return a row pulled onto the lines around it, as those that are found are.

    Args:
        picture: of any size.
        row: about where it is.

    Returns:
        The row in px of the picture, or None where lines don't support one.
    """
    part = _Part.around(picture, row)
    fitted = fit(part.dark, part.into(row))
    return part.back(fitted.row) if fitted.coverage > 0 else None


def _candidates(picture: Picture, detect: Detect) -> Iterator[_Found]:
    """Yield rows, those that are quick to find first."""
    scales, halvings = Scales(picture), looked_at(picture)
    # By outlines as by the network the finest scale takes longer than all others together.
    coarse = False, scales.coarse(), halvings[1:] or halvings
    fine = True, scales.fine(), halvings[:-1][:1]
    clear = 0
    waiting: list[_Found] = []
    # Detected, but not five boxes: as another scale sees them they are none either.
    others: list[Row] = []
    for is_finest, looks, detected_at in (coarse, fine):
        for scale, dark in looks:
            for found in _rows_in(dark, _easily_seen(dark), _MOST_ROWS):
                for each in _in_picture(picture, found, scale):
                    clear += each.coverage >= _SURE_COVERAGE
                    yield each
        if not is_finest and (row := row_between_markers(picture)) is not None:
            yield _Found(row, coverage=1.0, residual=0.0, written=COUNT, is_marked=True)
            return
        yield from waiting
        # Clear, but not written in: what is more faint is hardly what is meant.
        if clear >= _MOST_CLEAR:
            return
        for detection in detect(picture, detected_at):
            if any(are_same(detection.row, other) for other in others):
                continue
            fitted = _on_lines(picture, detection)
            if fitted is None:
                others.append(detection.row)
                continue
            for found in chain(fitted, _as_detected(picture, detection)):
                # A row that lies a little off its lines may be fitted better at the finest scale.
                if found.is_clear or is_finest:
                    yield found
                else:
                    waiting.append(found)


def _on_lines(picture: Picture, detection: Detection) -> list[_Found] | None:
    """Return a row that was detected as it lies on lines, if they are seen there.

    None where lines say that it is not five boxes.
    """
    part = _Part.around(picture, detection.row)
    here = part.into(detection.row)
    is_hereabouts = detection.probability >= _HEREABOUTS
    starts = nearby(part.dark, here, _STARTS) if is_hereabouts else [here]
    fits = [fit(part.dark, start) for start in starts]
    found = [_found(part.dark, each) for each in fits if each.coverage > 0]
    if found:
        best = max(found, key=lambda each: each.support)
        return [replace(best, row=part.back(best.row))]
    return None if fits[0].coverage == NOT_FIVE else []


def _as_detected(picture: Picture, detection: Detection) -> Iterator[_Found]:
    """Yield a row where it was detected, unless lines make that improbable."""
    row, probability = detection
    others = other_boxes(picture, row)
    is_doubtful = others.own < _LEAST_SEEN or others.are_there
    if not is_doubtful or probability >= _PROBABLE:
        yield _Found(
            row,
            others.own,
            residual=0.0,
            written=0,
            detected=probability,
            is_doubtful=is_doubtful,
        )


class _Part(NamedTuple):
    """Where it is dark around a row, no finer than is needed to fit it."""

    dark: NDArray[np.uint8]
    """`uint8 (h, w)` from `ink.line_darkness`."""
    scale: float
    """By which the picture was shrunk."""
    low: NDArray[np.intp]
    """`(2,)`, x and y of its first pixel in the shrunk picture."""

    @classmethod
    def around(cls, picture: Picture, row: Row) -> _Part:
        halvings = _halvings(row)
        part, low = picture.around(row.corners(), _ROOM * row.height, halvings)
        return cls(line_darkness(part, LINE_REACH), 0.5**halvings, low)

    def into(self, row: Row) -> Row:
        """Return a row of the picture as it lies here."""
        shift = np.array([[1, 0, -self.low[0]], [0, 1, -self.low[1]], [0, 0, 1]])
        return Row(shift @ row.scaled(self.scale).homography, row.fill)

    def back(self, row: Row) -> Row:
        """Return a row that lies here as it lies in the picture."""
        shift = np.array([[1, 0, self.low[0]], [0, 1, self.low[1]], [0, 0, 1]])
        return Row(shift @ row.homography, row.fill).scaled(1 / self.scale)


def _halvings(row: Row) -> int:
    """Return how often a picture may be halved for a row's boxes to be fitted in it."""
    return max(0, math.floor(math.log2(row.height / _FINE_HEIGHT)))


def _rows_in(
    dark: NDArray[np.uint8], masks: Iterator[NDArray[np.uint8]], most: int
) -> Iterator[_Found]:
    """Yield rows of five that lines support, in px of the working picture.

    Of each mask no more than `most` rows are looked at.
    """
    tried: list[NDArray[np.float32]] = []
    for lines in masks:
        yield from _fitted(dark, islice(_untried(_hypotheses(lines), tried), most))


def _untried(rows: Iterable[Row], tried: list[NDArray[np.float32]]) -> Iterator[Row]:
    """Yield the rows that lie elsewhere than those tried, and note them."""
    for row in rows:
        ends = row.corners()[[0, -1]].mean(axis=1)
        if not any(np.abs(ends - other).max() < 4 for other in tried):
            tried.append(ends)
            yield row


def _fitted(dark: NDArray[np.uint8], rows: Iterable[Row]) -> Iterator[_Found]:
    """Pull rows onto the lines, and yield those that lines support."""
    rows = iter(rows)
    # Mostly the likeliest one is a row of boxes, if any is.
    for some in (islice(rows, 1), rows):
        for fitted in fit_best(dark, list(some)):
            yield _found(dark, fitted)


def _found(dark: NDArray[np.uint8], fitted: Fitted) -> _Found:
    least = max(_LEAST_INK, _INK_NOISE_FACTOR * _grain(dark))
    return _Found(*fitted, count_written(dark, fitted.row, least))


def _easily_seen(dark: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Yield where there are lines that stand out from the grain, at several levels."""
    grain = _grain(dark)
    done: list[float] = []
    for level in _LEVELS:
        least = max(level, _NOISE_FACTOR * grain)
        if all(abs(least - other) >= 0.2 * other for other in done):
            done.append(least)
            lines = cv2.compare(dark, least, cv2.CMP_GT)
            window = np.ones((3, 3), np.uint8)
            yield np.asarray(cv2.morphologyEx(lines, cv2.MORPH_CLOSE, window), np.uint8)


def _hypotheses(lines: NDArray[np.uint8]) -> Iterator[Row]:
    """Yield the rows that outlines make, the likeliest first."""
    cells = find_cells(lines)
    runs = line_up(cells)
    whole = cells.strips
    for number, run in enumerate(runs):
        places = np.flatnonzero(run >= 0)
        # Where few boxes are seen alone, an outline of all five is as good a guess.
        if number == 2 or len(places) < 3:
            yield from _whole(whole)
            whole = whole[:0]
        row = row_through(cells.quads[run[places]], places)
        if row is not None:
            yield row
    yield from _whole(whole)


def _whole(strips: NDArray[np.float32]) -> Iterator[Row]:
    """Yield the rows of joined boxes that fill outlines, `(n, 4, 2)`."""
    for strip in strips:
        row = row_in(strip)
        if row is not None:
            yield row


def _grain(dark: NDArray[np.uint8]) -> float:
    """Return the median difference between a pixel and its surroundings, of 255."""
    # A part of the picture tells as much as all of it.
    height = len(dark)
    part = dark[height // 3 : height // 3 + max(1, height // 3)]
    grain = cv2.absdiff(part, cv2.blur(part, (5, 5)))
    counts = cv2.calcHist([grain], [0], None, [64], [0, 64]).ravel().cumsum()
    return float(np.searchsorted(counts, 0.5 * counts[-1]))


def _in_picture(picture: Picture, found: _Found, scale: float) -> Iterator[_Found]:
    """Yield a row in px of the picture, fitted again where its boxes were small.

    There it may turn out to be a part of a longer one, and isn't yielded.
    """
    row = found.row.scaled(1 / scale)
    whole = replace(found, row=row)
    if 0.5 ** _halvings(row) <= scale:
        yield whole
        return
    part = _Part.around(picture, row)
    if min(part.dark.shape) < 2:
        yield whole
        return
    detailed = fit(part.dark, part.into(row))
    if detailed.coverage < found.coverage:
        if detailed.coverage != NOT_FIVE:
            yield whole
        return
    yield replace(
        found,
        row=part.back(detailed.row),
        coverage=detailed.coverage,
        residual=detailed.residual,
    )
