"""One photo: paper, row, digits and clutter, laid on a desk and photographed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering import desk
from benchmarks.rendering.clutter import Place, Rect, around, scattered
from benchmarks.rendering.grades import (
    LIMITS,
    Grade,
    Limits,
    pick_hand,
    pick_log,
    pick_optics,
    pick_paper,
    pick_pose,
    pick_range,
    pick_row,
)
from benchmarks.rendering.hand import write
from benchmarks.rendering.optics import Optics, expose, to_jpeg
from benchmarks.rendering.paper import Paper, blank, wrinkled
from benchmarks.rendering.pose import HEIGHT, WIDTH, aim, box_height, outline, scaled, visible
from benchmarks.rendering.rows import Row, row_patches
from benchmarks.rendering.writers import Writers
from samples.camera import map_points
from samples.patch import Patch, press

# Paper is drawn this much larger than the photo shows it, for small boxes and large ones.
_OVERSAMPLED = ((20.0, 1.6), (60.0, 1.4), (150.0, 1.0))
# More pixels of paper are drawn at a lower resolution.
_MOST_PIXELS = 3_000_000


@dataclass(frozen=True, eq=False)
class Rendered:
    """A photo, and what is true of it."""

    image: NDArray[np.uint8]
    """`(1232, 1640, 3)` BGR, as it comes out of `jpeg`; a strip is smaller."""
    postcode: str
    """Five digits; empty where there is none to read."""
    corners: NDArray[np.float32]
    """`(5, 4, 2)` px, on the middle of the printed line: top left, top right, bottom right,
    bottom left of each box as its writer saw it, in reading order; `(0, 4, 2)` where there
    is no postcode."""
    jpeg: bytes
    """The photo's file."""


def render(grade: Grade, rng: np.random.Generator, writers: Writers) -> Rendered:
    """Return a photo of an envelope or form with a postcode in five boxes.

    Args:
        grade: how hard it is: `scan`, `desk`, `hard`, or `strip`, the row alone.
        rng: all that is left to chance.
        writers: whose digits they are.
    """
    limits = LIMITS[grade]
    height = pick_log(limits.box_height, rng)
    paper, row = pick_paper(pick_row(height, rng), height, rng)
    hand = pick_hand(row, limits, rng)
    pose = pick_pose(height, limits, rng)
    H = aim(pose, row.corners())
    corners = map_points(row.corners(), H)
    height = box_height(corners)

    px = _resolution(H, row, paper, height)
    glyphs = writers.write(rng)
    boxes = row.corners() * px
    digits = write(glyphs, boxes, hand, px, rng)
    view = visible(H, paper.width, paper.height)
    place = Place(view, (_surroundings(row),), px)
    # Whoever fills the boxes in writes the address too.
    pen = replace(hand.pen, width=float(np.clip(hand.pen.width * row.height, 0.3, 0.9)))
    clutter = around(row, place, rng, pen)
    count = int(rng.integers(limits.clutter[0], limits.clutter[1] + 1))
    clutter += scattered(place, count, writers, hand, rng, row)
    printed = [*clutter, *row_patches(row, px, rng), *digits]
    scene = photograph(paper, printed, H, view, px, limits, _room(row, H), rng)
    optics = pick_optics(height, corners.reshape(-1, 2).mean(axis=0), limits, rng)
    return develop(scene, optics, "".join(str(g.label) for g in glyphs), corners, grade, rng)


def photograph(
    paper: Paper,
    patches: Sequence[Patch],
    H: NDArray[np.float64],
    view: Rect,
    px: float,
    limits: Limits,
    keep: NDArray[np.uint8],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return a paper on a desk, evenly lit, `float32 (1232, 1640, 3)`.

    Args:
        paper: its colour and size.
        patches: what is printed and written on it, px of the whole paper.
        H: from mm on the paper to photo px.
        view: the part of the paper that is drawn, mm.
        px: pixels per mm.
        limits: how much lies around.
        keep: `uint8 (1232, 1640)`, not 0 where nothing may cover the paper.
        rng: source of fibres, desk and things.
    """
    pad = 2
    low = np.maximum(np.floor(np.array(view[:2]) * px).astype(int) - pad, 0)
    high = np.minimum(np.ceil(np.array(view[2:]) * px).astype(int) + pad,
                      np.rint(np.array([paper.width, paper.height]) * px).astype(int))  # fmt: skip
    columns, rows = np.maximum(high - low, 8).tolist()
    left, top = low.tolist()
    sheet = blank(paper, px, (columns, rows), (left, top), rng)
    moved = [replace(patch, left=patch.left - left, top=patch.top - top) for patch in patches]
    sheet = press(sheet, moved)
    flat_light = limits.tilt[1] == 0
    sheet = wrinkled(sheet, 0.004 if flat_light else rng.uniform(0, 0.03), 60 * px, rng)

    to_photo = scaled(H, px, (left, top))
    image = np.clip(sheet + 0.5, 0, 255).astype(np.uint8)
    shrink = px / _photo_px(H, view)
    if shrink > 1.15:
        image = cv2.GaussianBlur(image, (0, 0), 0.42 * shrink)
    size = (WIDTH, HEIGHT)
    seen = cv2.warpPerspective(image, to_photo, size, borderMode=cv2.BORDER_REPLICATE)
    whole = np.full(image.shape[:2], 255, np.uint8)
    mask = cv2.warpPerspective(whole, to_photo, size)
    material = ("white", "dark") if flat_light else desk.DESKS
    under = desk.surface(
        material[rng.integers(len(material))],
        scaled(H, _photo_px(H, view) / rng.uniform(1.2, 2.6), rng.integers(-900, 900, 2)),
        rng,
    )
    scene = desk.lay(under, seen, mask, 0.15 if flat_light else pick_range((0.2, 0.5), rng))
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


def _resolution(H: NDArray[np.float64], row: Row, paper: Paper, height: float) -> float:
    """Return the pixels per mm in which the paper is drawn."""
    at, factors = zip(*_OVERSAMPLED, strict=True)
    px = height / row.height * float(np.interp(height, at, factors))
    left, top, right, bottom = visible(H, paper.width, paper.height)
    area = (right - left) * (bottom - top) * px**2
    return px * min(1.0, float(np.sqrt(_MOST_PIXELS / area)))


def _photo_px(H: NDArray[np.float64], view: Rect) -> float:
    """Return the photo's pixels per mm in the middle of the view."""
    middle = np.array([(view[0] + view[2]) / 2, (view[1] + view[3]) / 2])
    steps = middle + np.array([[0, 0], [1, 0], [0, 1]])
    seen = map_points(steps, H).astype(np.float64)
    across = np.linalg.det(seen[1:] - seen[0])
    return float(np.sqrt(abs(across)))


def _surroundings(row: Row) -> Rect:
    """Return what clutter must keep clear of."""
    room = 0.35 * row.height
    return row.left - room, row.top - room, row.right + room, row.bottom + room


def _room(row: Row, H: NDArray[np.float64]) -> NDArray[np.uint8]:
    left, top, right, bottom = _surroundings(row)
    move = H @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])
    return desk.polygon_mask(outline(move, right - left, bottom - top))
