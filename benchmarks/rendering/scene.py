"""One photo: paper, row, digits and clutter, laid on a desk and photographed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering import desk
from benchmarks.rendering.clutter import Place, around, label_patches, scattered, table_around
from benchmarks.rendering.dice import (
    happens,
    pick_hand,
    pick_log,
    pick_optics,
    pick_paper,
    pick_pose,
    pick_range,
    pick_row,
    pick_view,
)
from benchmarks.rendering.grades import LIMITS, Grade, Limits
from benchmarks.rendering.hand import write
from benchmarks.rendering.marks import Rect
from benchmarks.rendering.odd import odd_paper, odd_row
from benchmarks.rendering.optics import Optics, expose, to_jpeg
from benchmarks.rendering.paper import Paper, blank, wrinkled
from benchmarks.rendering.pose import FRAME, Frame, aim, box_height, photo_px, scaled, visible
from benchmarks.rendering.rows import Row, row_patches
from benchmarks.rendering.view import View
from benchmarks.rendering.writers import Writers
from samples.patch import Patch, press

# Paper is drawn this much larger than the photo shows it, for small boxes and large ones.
_OVERSAMPLED = ((20.0, 1.6), (60.0, 1.4), (150.0, 1.0))
# More pixels of paper are drawn at a lower resolution.
_MOST_PIXELS = 3_000_000
# Of the strips, cut out of a table.
_IN_TABLE = 0.4


@dataclass(frozen=True, eq=False)
class Rendered:
    """A photo, and what is true of it."""

    image: NDArray[np.uint8]
    """`(h, w, 3)` BGR, as it comes out of `jpeg`; of a strip only the row."""
    postcode: str
    """Five digits; empty where there is none to read."""
    corners: NDArray[np.float32]
    """`(5, 4, 2)` px, on the middle of the printed line: top left, top right, bottom right,
    bottom left of each box as its writer saw it, in reading order; `(0, 4, 2)` where there
    is no postcode."""
    jpeg: bytes
    """The photo's file."""


@dataclass(frozen=True, eq=False)
class Scene:
    """An envelope or form on its desk before the camera, evenly lit."""

    picture: NDArray[np.float32]
    """`(h, w, 3)` BGR."""
    postcode: str
    corners: NDArray[np.float32]
    """As `Rendered.corners`."""
    grade: Grade
    limits: Limits
    """What its light, lens and sensor may be like."""

    def taken(self, rng: np.random.Generator) -> Rendered:
        """Return a photo of it; another one each time."""
        points = self.corners.reshape(-1, 2).astype(np.float64)
        optics = pick_optics(box_height(self.corners), points, self.limits, rng)
        return develop(self.picture, optics, self.postcode, self.corners, self.grade, rng)


def compose(
    grade: Grade, rng: np.random.Generator, writers: Writers, frame: Frame = FRAME
) -> Scene:
    """Return an envelope or form with a postcode in five boxes.

    Args:
        grade: how hard it is, `scan`, `desk` or `hard`; `strip`, the row alone; or `odd`, with
            what is seldom seen.
        rng: all that is left to chance.
        writers: whose digits they are.
        frame: of the photo; in a small one boxes are small, and all is done sooner.
    """
    limits = replace(LIMITS[grade], frame=frame)
    height = pick_log(limits.box_height, rng)
    row = pick_row(height, rng)
    if happens(limits.odd, rng):
        row = odd_row(row, height, rng)
    paper, row = pick_paper(row, height, rng, frame)
    if happens(limits.odd, rng):
        paper = odd_paper(paper, rng)
    pose = pick_pose(height, limits, rng)
    seen = pick_view(aim(pose, row.corners()), row, limits, rng)
    corners = seen.to_photo(row.corners())
    height = box_height(corners)
    hand = pick_hand(row, height, limits, rng)

    px = resolution(seen, row, paper, height)
    glyphs = writers.write(rng)
    digits = write(glyphs, row.writable() * px, hand, px, rng)
    view = visible(seen.H, paper.width, paper.height, frame)
    place = Place(view, (surroundings(row),), px, seen)
    # Whoever fills the boxes in writes the address too.
    pen = replace(hand.pen, width=float(np.clip(hand.pen.width * row.height, 0.3, 0.9)))
    clutter = around(row, place, rng, pen)
    count = int(rng.integers(limits.clutter[0], limits.clutter[1] + 1))
    clutter += scattered(place, count, writers, hand, rng, row)
    if grade == "strip" and rng.random() < _IN_TABLE:
        clutter += table_around(row, px)
    printed = [*label_patches(row, px, rng), *clutter, *row_patches(row, px, rng), *digits]
    picture = photograph(paper, printed, seen, px, limits, room(row, seen), rng)
    return Scene(picture, "".join(str(g.label) for g in glyphs), corners, grade, limits)


def photograph(
    paper: Paper,
    patches: Sequence[Patch],
    seen: View,
    px: float,
    limits: Limits,
    keep: NDArray[np.uint8],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return a paper on a desk, evenly lit, `float32 (h, w, 3)`.

    Args:
        paper: its colour and size.
        patches: what is printed and written on it, px of the whole paper.
        seen: by the camera.
        px: pixels per mm.
        limits: how much lies around.
        keep: `uint8 (h, w)`, not 0 where nothing may cover the paper.
        rng: source of fibres, desk and things.
    """
    view = visible(seen.H, paper.width, paper.height, seen.frame)
    pad = 2
    low = np.maximum(np.floor(np.array(view[:2]) * px).astype(int) - pad, 0)
    high = np.ceil(np.array(view[2:]) * px).astype(int) + pad
    high = np.minimum(high, np.rint(np.array([paper.width, paper.height]) * px).astype(int))
    columns, rows = np.maximum(high - low, 8).tolist()
    left, top = low.tolist()
    sheet = blank(paper, px, (columns, rows), (left, top), rng)
    moved = [replace(patch, left=patch.left - left, top=patch.top - top) for patch in patches]
    sheet = press(sheet, moved)
    flat_light = limits.tilt[1] == 0
    sheet = wrinkled(sheet, 0.004 if flat_light else rng.uniform(0, 0.03), 60 * px, rng)
    image = np.clip(sheet + 0.5, 0, 255).astype(np.uint8)
    seen_px = photo_px(seen.H, view)
    if px / seen_px > 1.15:
        image = cv2.GaussianBlur(image, (0, 0), 0.42 * px / seen_px)

    x, y = seen.maps()
    # How far inside of the paper each pixel lies, px of the photo, makes its edge smooth.
    inside = np.minimum(np.minimum(x, paper.width - x), np.minimum(y, paper.height - y))
    mask = np.clip(inside * seen_px + 0.5, 0, 1)
    shown = cv2.remap(
        image, x * px - left, y * px - top, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if mask.min() >= 1:
        scene = shown.astype(np.float32)
    else:
        material = ("white", "dark") if flat_light else desk.DESKS
        under = desk.surface(
            material[rng.integers(len(material))],
            scaled(seen.H, seen_px / rng.uniform(1.2, 2.6), rng.integers(-900, 900, 2)),
            rng,
            seen.frame,
        )
        scene = desk.lay(under, shown, mask, 0.15 if flat_light else pick_range((0.2, 0.5), rng))
    if rng.random() < limits.things:
        scene = desk.cover(scene, keep, rng)
    return scene


def develop(
    scene: NDArray[np.float32],
    optics: Optics,
    postcode: str,
    corners: NDArray[np.float32],
    grade: Grade,
    rng: np.random.Generator,
) -> Rendered:
    """Return the photo of a scene; see `render`."""
    picture = expose(scene, optics, rng)
    if grade == "strip":
        picture, corners = _cut_out(picture, corners, rng)
    jpeg = to_jpeg(picture, optics.quality, optics.subsampled)
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return Rendered(np.asarray(image, np.uint8), postcode, corners, jpeg)


def _cut_out(
    picture: NDArray[np.uint8], corners: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Cut the picture down to the row and a little around it."""
    room = box_height(corners) * rng.uniform(0.0, 0.25, 2)
    points = corners.reshape(-1, 2)
    low = np.maximum(np.floor(points.min(axis=0) - room).astype(int), 0)
    high = np.ceil(points.max(axis=0) + room).astype(int) + 1
    part = np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]])
    return part, corners - low.astype(np.float32)


def resolution(seen: View, row: Row, paper: Paper, height: float) -> float:
    """Return the pixels per mm in which the paper is drawn."""
    at, factors = zip(*_OVERSAMPLED, strict=True)
    px = height / row.height * float(np.interp(height, at, factors))
    left, top, right, bottom = visible(seen.H, paper.width, paper.height, seen.frame)
    area = max(1.0, (right - left) * (bottom - top) * px**2)
    return px * min(1.0, float(np.sqrt(_MOST_PIXELS / area)))


def surroundings(row: Row) -> Rect:
    """Return what clutter must keep clear of, mm."""
    room = 0.35 * row.height
    return row.left - room, row.top - room, row.right + room, row.bottom + room


def room(row: Row, seen: View) -> NDArray[np.uint8]:
    """Return the same in the photo, `uint8 (h, w)`, 255 inside."""
    left, top, right, bottom = surroundings(row)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return desk.polygon_mask(seen.to_photo(corners).astype(np.float64), seen.frame)
