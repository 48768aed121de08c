"""Whole scenes: a postcode on a paper, written by a hand, seen by a camera.

`random_scene` gives endless variety for tests and benchmarks; `render_scene` turns a scene
into a photo with the true corners of its boxes. The strokes come from `handwriting` unless
another source is given.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from samples import envelope, stationery
from samples.camera import Shot, homography, map_points, take_photo
from samples.envelope import BoxRow, Layout, Write, draw_envelope
from samples.handwriting import Hand, random_hand, writer

Grade = Literal["scan", "desk"]

_SIZES = ((640, 480), (1280, 960), (1640, 1232))
_SMALLEST, _LARGEST = 24.0, 200.0
_MARGIN = 10


@dataclass(frozen=True)
class Scene:
    """Everything about a photo but the dice."""

    postcode: str
    # Five digits.
    layout: Layout
    # The paper.
    hand: Hand
    # Who writes, and with what.
    shot: Shot
    # The camera.

    def render(
        self, rng: np.random.Generator, write: Write | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return photo and corners; see `render_scene`."""
        return render_scene(self.postcode, self.layout, self.hand, self.shot, rng, write)


def render_scene(
    postcode: str,
    layout: Layout,
    hand: Hand,
    shot: Shot,
    rng: np.random.Generator,
    write: Write | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a photo of a written envelope and where its boxes truly are.

    Args:
        postcode: five characters, digits or blanks.
        layout: the paper.
        hand: whose pen, size and placement; and shapes, where `write` is None.
        shot: the camera.
        rng: everything that is left to chance.
        write: another source of strokes: digit, rng → list of float (n, 2), any scale, y down.

    Returns:
        uint8 (H, W, 3), BGR, and float32 (5, 4, 2), photo px: top-left, top-right,
        bottom-right, bottom-left of the middle of each box's printed line, as the writer sees
        the box.
    """
    paper, flat_corners = draw_envelope(postcode, layout, hand, write or writer(hand), rng)
    photo, H = take_photo(paper, shot, rng)
    return photo, map_points(flat_corners, H)


def random_scene(rng: np.random.Generator, grade: Grade = "desk") -> Scene:
    """Return a scene that is different every time.

    Boxes are 24 to 200 px high in the photo, of any usual colour, joined or apart; all five lie
    inside the photo.

    Args:
        rng: the dice.
        grade: "scan", a sheet on a scanner, up to 3° askew and without perspective; "desk",
            tilt up to 30°, rotation up to 20° and now and then 45°, shadow, blur and noise.
    """
    postcode = "".join(str(digit) for digit in rng.integers(0, 10, 5))
    hand = random_hand(rng)
    shot = _random_scan(rng) if grade == "scan" else _random_desk(rng)
    layout = _random_layout(rng)
    # The row must fit into the photo however it is turned.
    span = (layout.row.right - layout.row.left) / layout.row.height
    largest = min(_LARGEST, 0.8 * shot.width / span)
    box_height = float(np.exp(rng.uniform(np.log(_SMALLEST), np.log(largest))))
    layout = replace(layout, px_per_mm=box_height / layout.row.height / shot.zoom)
    layout = _cut_to(layout, 2600 / layout.px_per_mm)
    return Scene(postcode, layout, hand, _aim(shot, layout, rng))


def random_photo(
    rng: np.random.Generator, grade: Grade = "desk", write: Write | None = None
) -> tuple[np.ndarray, np.ndarray, str]:
    """Return photo, corners and postcode of a random scene, rendered."""
    scene = random_scene(rng, grade)
    photo, corners = scene.render(rng, write)
    return photo, corners, scene.postcode


def corners_in_photo(layout: Layout, shot: Shot) -> np.ndarray:
    """Return where a shot sees a layout's boxes, float32 (5, 4, 2), px, without rendering."""
    return map_points(layout.corners(), homography(shot, layout.shape))


def _random_layout(rng: np.random.Generator) -> Layout:
    colors = (
        envelope.RED, envelope.RED, envelope.ORANGE, envelope.ORANGE,
        envelope.BLACK, envelope.BLUE, envelope.GREY, envelope.GREEN,
    )  # fmt: skip
    box_height = float(rng.uniform(7, 12))
    box_width = box_height * float(rng.uniform(0.55, 1.05))
    joined = rng.random() < 0.4
    pitch = box_width * (1.0 if joined else float(rng.uniform(1.06, 1.85)))
    width, height = float(rng.uniform(150, 235)), float(rng.uniform(85, 130))
    # Down to the lower right on most envelopes, anywhere else on the rest.
    left = float(rng.uniform(12, max(width - 5 * pitch - 12, 13)))
    top = float(rng.uniform(0.45, 0.8)) * height
    row = BoxRow(
        left, top, box_width, box_height, pitch,
        line=float(rng.uniform(0.22, 0.8)), color=colors[rng.integers(len(colors))],
    )  # fmt: skip
    room = width - row.right - 16
    return Layout(
        row=row,
        width=width,
        height=height,
        paper=_random_paper(rng),
        texture=("smooth", "laid", "recycled")[rng.integers(3)],
        flaps=bool(rng.random() < 0.6),
        lines=_random_lines(rng),
        lines_at=(left + float(rng.uniform(-3, 8)), top - float(rng.uniform(27, 33))),
        lines_cap=float(rng.uniform(2.0, 3.6)),
        font=(stationery.SERIF, stationery.SANS, stationery.SCRIPT)[rng.integers(3)],
        town="VALCOMBE" if room > 40 and rng.random() < 0.4 else "",
        caption="POSTCODE" if rng.random() < 0.3 else "",
        rule=float(rng.uniform(20, room)) if room > 25 and rng.random() < 0.5 else 0.0,
        marks=bool(rng.random() < 0.4),
        stamp=_random_stamp(rng),
        motif=int(rng.integers(3)),
        postmark="HARBOURFIELD" if rng.random() < 0.4 else "",
        bars=int(rng.integers(20, 45)) if rng.random() < 0.3 else 0,
        fields=int(rng.integers(1, 4)) if rng.random() < 0.2 else 0,
    )


def _random_paper(rng: np.random.Generator) -> envelope.Color:
    kind = rng.random()
    if kind < 0.15:  # kraft
        base = np.array([140, 178, 203])
    elif kind < 0.35:  # cream
        base = np.array([215, 232, 242])
    else:
        base = np.array([240, 242, 243]) - rng.integers(0, 12)
    b, g, r = (int(v) for v in np.clip(base + rng.integers(-6, 7, 3), 0, 250))
    return b, g, r


def _random_lines(rng: np.random.Generator) -> tuple[str, ...]:
    lines = (
        "The Seed Library", "34 Lantern Street", "Quill & Kettle Ltd", "7 Orchard Rise",
        "Dept. of Small Parcels", "P.O. Box 218", "19 bis rue du Grand Tilleul", "Neulbom-ro 52",
    )  # fmt: skip
    count = int(rng.integers(0, 4))
    return tuple(lines[i] for i in rng.choice(len(lines), count, replace=False))


def _random_stamp(rng: np.random.Generator) -> envelope.Color | None:
    if rng.random() < 0.4:
        return None
    b, g, r = (int(v) for v in rng.integers(40, 190, 3))
    return b, g, r


def _random_scan(rng: np.random.Generator) -> Shot:
    width, height = _SIZES[rng.integers(len(_SIZES))]
    return Shot(
        width=width,
        height=height,
        zoom=float(rng.uniform(0.7, 1.0)),
        rotation=float(np.clip(rng.normal(0, 1), -3, 3)),
        desk="white" if rng.random() < 0.5 else "dark",
        light=0.0,
        vignette=0.0,
        blur=float(rng.uniform(0.3, 0.8)),
        noise=float(rng.uniform(0.3, 2)),
        jpeg_quality=int(rng.integers(70, 96)),
    )


def _random_desk(rng: np.random.Generator) -> Shot:
    width, height = _SIZES[rng.integers(len(_SIZES))]
    steep = 45.0 if rng.random() < 0.1 else 20.0
    return Shot(
        width=width,
        height=height,
        zoom=float(rng.uniform(0.6, 0.95)),
        tilt=float(rng.uniform(0, 30)),
        tilt_towards=float(rng.uniform(0, 360)),
        rotation=float(rng.uniform(-steep, steep)),
        focal=float(rng.uniform(0.75, 1.4)),
        desk=("wood", "stone", "cloth", "white", "dark")[rng.integers(5)],
        light=float(rng.uniform(0, 0.6)),
        light_from=float(rng.uniform(0, 360)),
        exposure=float(rng.uniform(0.55, 1.05)),
        warmth=float(rng.uniform(-0.6, 1)),
        shadow=("none", "none", "soft", "hard")[rng.integers(4)],
        shadow_depth=float(rng.uniform(0.15, 0.5)),
        shadow_at=(float(rng.uniform(0, 1)), float(rng.uniform(0, 1))),
        vignette=float(rng.uniform(0, 0.25)),
        blur=float(rng.uniform(0.4, 1.5)),
        shake=float(rng.uniform(2, 5)) if rng.random() < 0.15 else 0.0,
        noise=float(rng.uniform(1, 7)),
        jpeg_quality=int(rng.integers(55, 96)),
    )


def _cut_to(layout: Layout, longest: float) -> Layout:
    """Return a close-up's layout on a smaller paper: what the photo does not show costs time."""
    row = layout.row
    width = min(layout.width, max(longest, row.right - row.left + 12))
    height = min(layout.height, max(0.6 * longest, row.height + 12))
    if (width, height) == (layout.width, layout.height):
        return layout
    left = min(row.left, (width - (row.right - row.left)) / 2)
    top = min(row.top, (height - row.height) / 2)
    # What was printed around the row stays where it was in relation to the row.
    x, y = layout.lines_at
    lines_at = (x + left - row.left, y + top - row.top)
    small = replace(layout, width=width, height=height, lines_at=lines_at)
    return replace(small, row=replace(row, left=left, top=top))


def _aim(shot: Shot, layout: Layout, rng: np.random.Generator) -> Shot:
    """Return the shot moved so that all boxes are in it, the row anywhere in the photo."""
    row = layout.row
    middle = np.array([(row.left + row.right) / 2, row.top + row.height / 2])
    middle = middle / (layout.width, layout.height)
    seen = np.array([shot.width, shot.height]) / shot.zoom / layout.px_per_mm
    reach = 0.4 * seen / (layout.width, layout.height)
    for step in range(12):
        offset = rng.uniform(-1, 1, 2) * reach * (1 - step / 11)
        look = np.clip(middle + offset, 0, 1) if step < 11 else middle
        aimed = replace(shot, look=(float(look[0]), float(look[1])))
        if _all_inside(corners_in_photo(layout, aimed), aimed):
            return aimed
    # Even centred it does not fit: turned too far for its length.
    return _aim(replace(shot, rotation=shot.rotation / 2, tilt=shot.tilt / 2), layout, rng)


def _all_inside(corners: np.ndarray, shot: Shot) -> bool:
    limit = np.array([shot.width, shot.height]) - _MARGIN
    return bool(np.all(corners > _MARGIN) and np.all(corners < limit))
