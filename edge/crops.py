"""Five boxes in a picture → five flat crops of ink on white paper, the printed line taken out.

Two ways take the line out. Where it has another colour than the ink (orange boxes,
black pen), each pixel's density is parted into the two colours, and the digit stays
whole even where it lies on the line. Where the colours are alike, the line's own
width is cleared, except where ink comes in on one side and goes out on the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.boxes import Boxes
from edge.ink import density, resize

# Height of a box in its crop, px: about what the photo has, within these limits.
_LEAST_HEIGHT = 48
_MOST_HEIGHT = 112
# Room around the box for strokes that leave it, in box heights.
_MARGIN = 0.18

# Where the printed line may lie off its fitted place, in box heights.
_WALL_REACH = 0.09
# Least angle between the line's and the ink's colour, degrees, for parting them;
# below it the noise of the difference is larger than the difference.
_LEAST_ANGLE = 14.0
# Density (natural logarithm) under which a pixel has no colour to speak of.
_LEAST_DENSITY = 0.12
# Part of the ink's usual density under which it is a rest of the line.
_REST = 0.45
# A piece of ink is small below this side (of a square of its area), and then must
# lie this far inside of the box, both in box heights.
_PIECE = 0.15
_PIECE_INSET = 0.08


@dataclass(frozen=True)
class _Frame:
    """Where the box lies in its crop, px."""

    height: int
    width: int
    margin: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the crop."""
        return self.width + 2 * self.margin, self.height + 2 * self.margin

    @property
    def corners(self) -> NDArray[np.float32]:
        left = top = self.margin
        right, bottom = left + self.width, top + self.height
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def cut_digits(image: NDArray[np.uint8], boxes: Boxes) -> NDArray[np.uint8]:
    """Cut the five boxes out, flat and upright, without their printed lines.

    Args:
        image: the picture in which `boxes` was found, `uint8 (h, w, 3)` BGR or `(h, w)`.
        boxes: from `boxes.find_boxes`.

    Returns:
        `uint8 (5, h, w)`: dark ink on white paper, a margin around each box.
    """
    height = float(np.clip(boxes.height, _LEAST_HEIGHT, _MOST_HEIGHT))
    frame = _frame(boxes, round(height))
    flat, inside = _flatten(image, boxes, frame)
    densities = density(flat, reach=frame.height // 3) * inside[..., None]
    totals = densities.mean(axis=3)
    level = _usual_density(totals, frame)
    walls = [_walls(total, frame, level) for total in totals]
    line = _line_colour(densities, walls)
    ink = _ink_colour(densities, frame)
    inks, parted = totals, False
    if line is not None and ink is not None and _angle(line, ink) >= _LEAST_ANGLE:
        inks, parted = _part(densities, line, ink), True
    cleared = []
    for crop, spans in zip(inks, walls, strict=True):
        on_line = crop < 0.5 * _REST * level if parted else np.ones(crop.shape, bool)
        without = _clear_walls(crop, on_line, spans, level)
        cleared.append(_drop_foreign(without, frame, level))
    return np.asarray(np.exp(-np.stack(cleared)) * 255, np.uint8)


def _frame(boxes: Boxes, height: int) -> _Frame:
    tops = boxes.corners[:, 1] - boxes.corners[:, 0]
    aspect = float(np.linalg.norm(tops, axis=1).mean()) / boxes.height
    margin = _MARGIN * height
    if not boxes.joined:
        gaps = np.linalg.norm(boxes.corners[1:, 0] - boxes.corners[:-1, 1], axis=1)
        margin = min(margin, 0.8 * float(gaps.mean()) / boxes.height * height)
    return _Frame(height, max(12, round(height * aspect)), max(3, round(margin)))


def _flatten(
    image: NDArray[np.uint8], boxes: Boxes, frame: _Frame
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the five crops as they are in the picture, `uint8 (5, h, w, 3)`.

    Beside them, `bool (5, h, w)`: what of each crop lies in the picture.
    """
    # Only the row's surroundings are touched; they are shrunk by area averaging
    # first, because warping down skips pixels.
    room = boxes.height * (_MARGIN + 0.1)
    low = np.maximum(np.floor(boxes.corners.min(axis=(0, 1)) - room), 0).astype(int)
    high = np.ceil(boxes.corners.max(axis=(0, 1)) + room).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    if part.ndim == 2:
        part = cv2.cvtColor(part, cv2.COLOR_GRAY2BGR)
    shrink = min(1.0, 1.3 * frame.height / boxes.height)
    if shrink < 1:
        part = resize(part, shrink)
    corners = ((boxes.corners - low + 0.5) * shrink - 0.5).astype(np.float32)
    whole = np.ones(part.shape[:2], np.uint8)
    crops, insides = [], []
    for quad in corners:
        homography = cv2.getPerspectiveTransform(quad, frame.corners)
        crops.append(
            cv2.warpPerspective(
                part, homography, frame.size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
        )
        insides.append(cv2.warpPerspective(whole, homography, frame.size) > 0)
    return np.stack(crops).astype(np.uint8), np.stack(insides)


def _walls(dark: NDArray[np.float32], frame: _Frame, level: float) -> list[tuple[int, int]]:
    """Return the rows each wall's line covers, walls turned to the top one by one.

    What most of the wall's length has is the line, not the digit; it reaches on both sides
    of its darkest row to where it has lost half of its density, or, if it is much
    denser than the ink, to where it could no longer be taken for ink.
    """
    spans = []
    for turn in range(4):
        view = np.rot90(dark, turn)
        reach = max(2, round(_WALL_REACH * frame.height))
        first = max(0, frame.margin - reach)
        trim = frame.margin + 2
        band = view[first : frame.margin + reach + 1, trim:-trim]
        profile = np.percentile(band, 30, axis=1)
        paper = float(profile.min())
        peak = int(profile.argmax())
        edge = paper + min(0.5 * (float(profile[peak]) - paper), 0.6 * _REST * level)
        if profile[peak] - paper < 0.03:
            spans.append((first + peak, first + peak))
            continue
        start = stop = peak
        while start > 0 and profile[start - 1] > edge:
            start -= 1
        while stop < len(profile) - 1 and profile[stop + 1] > edge:
            stop += 1
        spans.append((max(0, first + start - 1), first + stop + 2))
    return spans


def _line_colour(
    densities: NDArray[np.float32], walls: list[list[tuple[int, int]]]
) -> NDArray[np.float32] | None:
    """Return the printed line's density in the three channels, or None."""
    samples = []
    for crop, spans in zip(densities, walls, strict=True):
        for turn, (start, stop) in enumerate(spans):
            if stop > start:
                view = np.rot90(crop, turn)
                samples.append(view[(start + stop) // 2, view.shape[1] // 5 : -view.shape[1] // 5])
    if not samples:
        return None
    colour = np.median(np.concatenate(samples), axis=0)
    return colour if colour.max() >= _LEAST_DENSITY else None


def _inner(frame: _Frame) -> tuple[slice, slice]:
    """Return the middle of a crop, where the printed line is not."""
    inset_y = frame.margin + round(0.16 * frame.height)
    inset_x = frame.margin + round(0.16 * min(frame.width, frame.height))
    return slice(inset_y, -inset_y), slice(inset_x, -inset_x)


def _ink_colour(densities: NDArray[np.float32], frame: _Frame) -> NDArray[np.float32] | None:
    """Return the ink's density in the three channels, or None where all is blank."""
    inner = densities[(slice(None), *_inner(frame))].reshape(-1, 3)
    total = inner.mean(axis=1)
    strong = total >= max(_LEAST_DENSITY, 0.6 * float(np.percentile(total, 98)))
    return np.asarray(np.median(inner[strong], axis=0)) if strong.any() else None


def _angle(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _part(
    densities: NDArray[np.float32], line: NDArray[np.float32], ink: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return each pixel's density of ink when line and ink add up to what is seen.

    Densities of inks printed over each other add (Beer and Lambert); two colours
    and three channels make it a least squares problem.
    """
    basis = np.stack([line / np.linalg.norm(line), ink / np.linalg.norm(ink)], axis=1)
    shares = densities @ np.linalg.pinv(basis).T.astype(np.float32)
    mean = float((ink / np.linalg.norm(ink)).mean())
    # Where only one of the two can explain the pixel, it must be the ink alone.
    alone = densities @ basis[:, 1].astype(np.float32)
    amount = np.where(shares[..., 0] < 0, alone, shares[..., 1])
    return np.asarray(np.maximum(amount, 0) * mean, np.float32)


def _usual_density(inks: NDArray[np.float32], frame: _Frame) -> float:
    """Return how dense a stroke's middle usually is, over all five boxes."""
    inner = inks[(slice(None), *_inner(frame))]
    strong = inner[inner > max(_LEAST_DENSITY, 0.5 * float(np.percentile(inner, 99)))]
    return float(np.median(strong)) if strong.size else _LEAST_DENSITY


def _clear_walls(
    ink: NDArray[np.float32],
    on_line: NDArray[np.bool_],
    walls: list[tuple[int, int]],
    level: float,
) -> NDArray[np.float32]:
    """Clear the printed line where `on_line` allows, but not strokes that cross it."""
    cleared = ink.copy()
    strong = ink > _REST * level
    for turn, (start, stop) in enumerate(walls):
        there = np.rot90(strong, turn).copy()
        # At its ends the line meets the two other walls; they are no strokes.
        there[:, : walls[(turn + 3) % 4][1]] = False
        there[:, there.shape[1] - walls[(turn + 1) % 4][1] :] = False
        # A stroke that crosses comes in on one side and goes out on the other.
        slack = np.ones((1, 2 * (stop - start) + 3), np.uint8)
        before, after = (
            cv2.dilate(np.asarray(side.any(axis=0), np.uint8)[None], slack)[0]
            for side in (there[max(0, start - 2) : start], there[stop : stop + 2])
        )
        crossing: NDArray[np.bool_] = np.logical_and(before, after)
        gone = np.rot90(on_line, turn)[start:stop] & ~crossing
        np.rot90(cleared, turn)[start:stop][gone] = 0
    return cleared


def _drop_foreign(ink: NDArray[np.float32], frame: _Frame, level: float) -> NDArray[np.float32]:
    """Drop ink that lies mostly outside of the box, and what is left of the line.

    Small pieces along the walls, most of all where two lines meet, are the line's:
    for a small piece the box begins a little further in.
    """
    count, labels = cv2.connectedComponents((ink > 0.5 * _REST * level).astype(np.uint8))
    total = np.bincount(labels.ravel(), minlength=count)

    def mostly_out(inset: float) -> NDArray[np.bool_]:
        edge = frame.margin + round(inset * frame.height)
        within = np.bincount(labels[edge:-edge, edge:-edge].ravel(), minlength=count)
        return np.asarray(within < 0.5 * total)

    small: NDArray[np.bool_] = total < (_PIECE * frame.height) ** 2
    foreign: NDArray[np.bool_] = np.asarray(
        np.where(small, mostly_out(_PIECE_INSET), mostly_out(0))
    )
    foreign[0] = False
    kept = ink.copy()
    kept[cv2.dilate(foreign[labels].astype(np.uint8), np.ones((5, 5), np.uint8)) > 0] = 0
    outside = np.ones(ink.shape, bool)
    outside[frame.margin : -frame.margin, frame.margin : -frame.margin] = False
    kept[outside & (kept < _REST * level)] = 0
    return kept
