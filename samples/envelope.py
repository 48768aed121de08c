"""The flat paper: an envelope or a form with five printed boxes, and writing in them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from samples import stationery
from samples.handwriting import Hand
from samples.paper import Texture, blank_paper, with_flaps
from samples.patch import Color, Patch, bar_patch, frame_patch, press
from samples.pen import ink_patch

Write = Callable[[int, np.random.Generator], list[np.ndarray]]
"""A digit → its strokes, float (n, 2) each, any scale, y down."""

RED: Color = (62, 52, 205)
ORANGE: Color = (66, 140, 240)
BLACK: Color = (42, 40, 40)
BLUE: Color = (190, 110, 50)
GREY: Color = (150, 148, 146)
GREEN: Color = (110, 150, 60)


@dataclass(frozen=True)
class BoxRow:
    """Five equal printed boxes; edges are the middle of the printed line."""

    left: float
    # mm from the paper's left edge to the first box.
    top: float
    # mm from the paper's upper edge.
    width: float = 7.0
    # mm.
    height: float = 9.0
    # mm.
    pitch: float = 8.0
    # mm from one box's left edge to the next one's; equal to the width where they are joined.
    line: float = 0.4
    # Line width, mm.
    color: Color = RED
    # BGR.

    def corners(self) -> np.ndarray:
        """Return float64 (5, 4, 2), mm: top-left, top-right, bottom-right, bottom-left."""
        left = self.left + self.pitch * np.arange(5)[:, None]
        x = left + self.width * np.array([0, 1, 1, 0])
        y = np.broadcast_to(self.top + self.height * np.array([0, 0, 1, 1]), x.shape)
        return np.stack([x, y], axis=2)

    @property
    def right(self) -> float:
        """The right edge of the fifth box, mm."""
        return self.left + 4 * self.pitch + self.width

    @property
    def bottom(self) -> float:
        """The lower edge of the boxes, mm."""
        return self.top + self.height


@dataclass(frozen=True)
class Layout:
    """A printed paper."""

    row: BoxRow
    # Where the boxes are.
    width: float = 220.0
    # mm.
    height: float = 110.0
    # mm.
    px_per_mm: float = 7.0
    # Resolution of the drawing.
    paper: Color = (238, 243, 245)
    # BGR.
    texture: Texture = "smooth"
    # See `paper.blank_paper`.
    flaps: bool = True
    # True: an envelope, whose back shows through; False: a sheet.
    lines: tuple[str, ...] = ()
    # Printed address, from the top line down to the one above the boxes.
    lines_at: tuple[float, float] = (0.0, 0.0)
    # Left and base of the first line, mm.
    lines_cap: float = 3.0
    # Height of a capital, mm.
    font: int = stationery.SERIF
    # A Hershey font of OpenCV.
    town: str = ""
    # Printed to the right of the boxes; "" for none.
    caption: str = ""
    # Small print over the boxes in their colour; "" for none.
    rule: float = 0.0
    # Length of the line to the right of the boxes, mm; 0 for none.
    marks: bool = False
    # Angles at the upper corners of the address block.
    stamp: Color | None = None
    # Colour of the stamp in the upper right corner; None for no stamp.
    value: str = "1.20"
    # What the stamp costs.
    motif: int = 0
    # Picture on the stamp, 0 … 2.
    postmark: str = ""
    # Town in the postmark; "" for none.
    bars: int = 0
    # Places for sorting bars along the lower edge; 0 for none.
    fields: int = 0
    # Ruled lines above the boxes, as on a form; 0 for none.

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the drawing, px."""
        return round(self.height * self.px_per_mm), round(self.width * self.px_per_mm)

    def corners(self) -> np.ndarray:
        """Return the corners of the boxes in the drawing, float32 (5, 4, 2), px."""
        return (self.row.corners() * self.px_per_mm).astype(np.float32)


def draw_layout(layout: Layout, rng: np.random.Generator) -> np.ndarray:
    """Return the printed paper without handwriting, float32 (H, W, 3), BGR, 0 … 255."""
    sheet = blank_paper(layout.shape, layout.paper, layout.texture, layout.px_per_mm, rng)
    if layout.flaps:
        sheet = with_flaps(sheet, layout.px_per_mm)
    return press(sheet, [*_boxes(layout), *_guides(layout), *_text(layout), *_post(layout, rng)])


def draw_envelope(
    postcode: str, layout: Layout, hand: Hand, write: Write, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the written paper and where its boxes are.

    Args:
        postcode: five digits; a blank leaves its box empty.
        layout: the printed paper.
        hand: its pen, and how large and how well centred its digits sit.
        write: gives the strokes of a digit.
        rng: source of everything that is not the same twice.

    Returns:
        uint8 (H, W, 3), BGR, and the true corners float32 (5, 4, 2), px: top-left, top-right,
        bottom-right, bottom-left of the middle of the printed line.
    """
    sheet = draw_layout(layout, rng)
    corners = layout.corners()
    # Nobody fills a small box with a broad pen: digits would close up.
    pen = replace(hand.pen, width=min(hand.pen.width, 0.15 * layout.row.width))
    ink = []
    for character, box in zip(postcode, corners, strict=True):
        if character == " ":
            continue
        strokes = place_in_box(write(int(character), rng), box[0], box[2], hand, rng)
        ink.append(ink_patch(strokes, pen, layout.px_per_mm, rng))
    written = press(sheet, ink)
    return np.clip(np.rint(written), 0, 255).astype(np.uint8), corners


def place_in_box(
    strokes: list[np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
    hand: Hand,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Return the strokes scaled, aspect kept, and moved into an upright box.

    Args:
        strokes: each float (n, 2), any scale.
        low, high: the box's upper left and lower right corner, float (2,), px.
        hand: its `size` and `wander`.
        rng: source of the spread.
    """
    points = np.concatenate(strokes)
    start, extent = points.min(axis=0), np.ptp(points, axis=0)
    box = high - low
    size = hand.size * rng.uniform(0.94, 1.06)
    # A digit as wide as its box would run over the printed line.
    scale = min(size * box[1] / max(extent[1], 1e-6), 0.78 * box[0] / max(extent[0], 1e-6))
    middle = (low + high) / 2 + box * np.clip(rng.normal(0, hand.wander, 2), -0.12, 0.12)
    return [(stroke - start - extent / 2) * scale + middle for stroke in strokes]


def _boxes(layout: Layout) -> list[Patch]:
    px, row = layout.px_per_mm, layout.row
    line = row.line * px
    if row.pitch > row.width:
        corners = layout.corners()
        return [frame_patch(*box[0], *box[2], line, row.color) for box in corners]
    left, top, right, bottom = row.left * px, row.top * px, row.right * px, row.bottom * px
    # Where boxes are joined, the line between two is printed once.
    inner = [left + i * row.pitch * px for i in range(1, 5)]
    half = line / 2
    frame = frame_patch(left, top, right, bottom, line, row.color)
    return [frame] + [
        bar_patch(x - half, top + half, x + half, bottom - half, row.color) for x in inner
    ]


def _guides(layout: Layout) -> list[Patch]:
    px, row = layout.px_per_mm, layout.row
    patches = []
    start = row.right + 4
    if layout.rule:
        top = (row.bottom - row.line / 2) * px
        end = (start + layout.rule) * px
        patches.append(bar_patch(start * px, top, end, top + row.line * px, row.color))
    if layout.marks:
        end = start + (layout.rule or 40)
        patches += stationery.corner_marks(
            row.left, row.top - 30, end, px, row.color, max(row.line, 0.4)
        )
    for i in range(layout.fields):
        y = (row.top - 9 * (i + 1)) * px
        end = (layout.width - row.left) * px
        patches.append(bar_patch(row.left * px, y, end, y + 0.25 * px, row.color))
    return patches


def _text(layout: Layout) -> list[Patch]:
    px, row = layout.px_per_mm, layout.row
    ink: Color = (58, 52, 50)
    cap, font = layout.lines_cap, layout.font
    patches = stationery.address(layout.lines, *layout.lines_at, cap, px, ink, font)
    if layout.town:
        base = row.bottom - 1.6
        patches.append(stationery.text_patch(layout.town, row.right + 6, base, cap, px, ink, font))
    if layout.caption:
        small = stationery.text_patch(
            layout.caption, row.left, row.top - 1.5, 1.6, px, row.color, stationery.SANS, 0.12
        )
        patches.append(small)
    return patches


def _post(layout: Layout, rng: np.random.Generator) -> list[Patch]:
    px = layout.px_per_mm
    patches = []
    if layout.stamp is not None:
        left = layout.width - 30
        patches += stationery.stamp(left, 8, px, layout.value, layout.motif, layout.stamp)
    if layout.postmark:
        x, y = layout.width - 66, 19.0
        patches += stationery.postmark(x, y, px, layout.postmark, "14 IX 25", (70, 62, 60), rng)
    if layout.bars:
        left, bottom = layout.width - 1.7 * layout.bars - 12, layout.height - 5
        patches += stationery.sorting_bars(left, bottom, px, layout.bars, (150, 165, 245), rng)
    return patches
