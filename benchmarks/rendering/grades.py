"""How hard photos of each grade may be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from benchmarks.rendering.pose import FRAME, Frame

Grade = Literal["scan", "desk", "hard", "strip", "odd"]
Range = tuple[float, float]


@dataclass(frozen=True)
class Limits:
    """What a grade allows; ranges are drawn from uniformly, if nothing else is said."""

    box_height: Range
    """Mean height of a box in the photo, px; log-uniform."""
    rotations: tuple[tuple[float, float], ...]
    """Shares and largest rotations, degrees: (0.6, 10) turns six of ten by up to ±10°."""
    tilt: Range = (0.0, 0.0)
    """Degrees."""
    blur: Range = (0.4, 0.02)
    """Least standard deviation, px, and the greatest as a part of the box's height."""
    most_blur: float = 1.0
    """px, whatever the box's height."""
    shaken: float = 0.0
    """Share of photos with motion blur."""
    noise: Range = (0.3, 2.0)
    """Grey levels."""
    exposure: Range = (0.9, 1.05)
    metered: Range = (0.8, 1.05)
    """How bright white paper is where the row lies, 1 for as it is."""
    shadows: tuple[float, float] = (0.0, 0.0)
    """Shares of photos with a soft shadow and with a hard-edged one."""
    glare: float = 0.0
    """Share of photos with a lamp's reflection."""
    things: float = 0.0
    """Share of photos in which something covers an edge."""
    edge: float = 0.0
    """Share of photos in which the row touches the photo's edge or nearly so."""
    quality: tuple[int, int] = (70, 95)
    """JPEG."""
    over: Range = (-0.06, 0.0)
    """How far digits reach over the lines, parts of the box."""
    size: Range = (0.45, 0.9)
    """Height of a digit by its box's."""
    clutter: tuple[int, int] = (0, 6)
    """Things on the paper."""
    lens: float = 0.0
    """Largest distortion, parts of the distance from the middle."""
    odd: float = 0.0
    """Share of photos whose lines, paper or light are seldom seen (`rendering.odd`), each."""
    frame: Frame = FRAME
    """Of the photo; boxes that don't fit into it are smaller."""
    bend: float = 0.0
    """Most that the paper's wave shifts what is printed, parts of a box's height."""


_DESK = Limits(
    box_height=(22, 400),
    rotations=((0.6, 12.0), (0.25, 45.0), (0.15, 180.0)),
    tilt=(0, 20),
    blur=(0.4, 0.022),
    most_blur=2.5,
    shaken=0.12,
    noise=(1, 6),
    exposure=(0.6, 1.12),
    metered=(0.42, 1.12),
    shadows=(0.4, 0.12),
    glare=0.12,
    things=0.35,
    edge=0.05,
    quality=(50, 95),
    over=(-0.05, 0.06),
    size=(0.42, 0.95),
    clutter=(0, 8),
    lens=0.02,
    bend=0.03,
)

LIMITS = MappingProxyType(
    {
        "scan": Limits(
            box_height=(20, 240),
            rotations=((0.7, 1.5), (0.3, 4.0)),
            blur=(0.3, 0.015),
            clutter=(0, 9),
        ),
        "desk": _DESK,
        "hard": Limits(
            box_height=(24, 400),
            rotations=((0.45, 15.0), (0.25, 60.0), (0.3, 180.0)),
            tilt=(8, 35),
            blur=(0.6, 0.036),
            most_blur=5.0,
            shaken=0.3,
            noise=(2, 11),
            exposure=(0.45, 1.2),
            metered=(0.3, 1.2),
            shadows=(0.25, 0.65),
            glare=0.3,
            things=0.5,
            edge=0.12,
            quality=(35, 90),
            over=(0.0, 0.2),
            size=(0.4, 1.15),
            clutter=(1, 10),
            lens=0.035,
            bend=0.06,
        ),
        "strip": Limits(
            box_height=(24, 160),
            rotations=((1.0, 2.5),),
            tilt=(0, 8),
            blur=(0.4, 0.02),
            most_blur=2.0,
            shaken=0.1,
            noise=(0.5, 5),
            exposure=(0.55, 1.1),
            metered=(0.4, 1.1),
            shadows=(0.3, 0.1),
            quality=(60, 95),
            over=(-0.05, 0.05),
            clutter=(0, 2),
            lens=0.02,
            bend=0.03,
        ),
        "odd": replace(
            _DESK,
            box_height=(26, 400),
            rotations=((0.7, 12.0), (0.2, 45.0), (0.1, 180.0)),
            tilt=(0, 22),
            shaken=0.1,
            shadows=(0.2, 0.1),
            glare=0.1,
            things=0.3,
            odd=0.5,
        ),
    }
)
"""By grade."""

GRADES = tuple(LIMITS)
