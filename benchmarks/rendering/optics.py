"""What light, lens, sensor and JPEG make of the scene, in the order in which they meet it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering.desk import polygon_mask
from benchmarks.rendering.pose import FRAME, Frame
from samples.camera import blurred

# Fields of light change slowly: they are made in a size so much smaller.
_COARSER = 8


@dataclass(frozen=True)
class Shadow:
    """The shadow of something outside of the photo."""

    points: tuple[tuple[float, float], ...]
    """Its outline, px."""
    depth: float
    """Light taken away, 0 to 1."""
    sigma: float
    """How soft its edge is, px."""


@dataclass(frozen=True)
class Glare:
    """A lamp's reflection."""

    at: tuple[float, float]
    """px."""
    radius: float
    """Standard deviation, px."""
    strength: float
    """Grey levels added in its middle."""


@dataclass(frozen=True)
class Optics:
    """Light, lens and sensor of one photo."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Exposure and white balance: factors of blue, green and red."""
    slope: tuple[float, float] = (0.0, 0.0)
    """How much brighter the right and the lower edge are than the middle, -1 to 1."""
    vignette: float = 0.0
    """Light lost in the photo's corners, 0 to 1."""
    shadows: tuple[Shadow, ...] = ()
    glares: tuple[Glare, ...] = ()
    blur: float = 0.6
    """Standard deviation, px."""
    shake: float = 0.0
    """Length of the motion blur, px."""
    noise: float = 2.0
    """Standard deviation at mid grey, grey levels."""
    sharpen: float = 0.0
    """How much the camera sharpens afterwards, 0 to 1."""
    contrast: float = 0.0
    """How much its tone curve steepens the middle greys, 0 to 1."""
    quality: int = 90
    """Of the JPEG, 1 to 100."""
    subsampled: bool = True
    """Whether the JPEG keeps a quarter of the colours (4:2:0) or all."""
    frame: Frame = FRAME
    """Of the photo."""

    @property
    def coarse(self) -> Frame:
        """The size in which a field of light is made."""
        return Frame(self.frame.width // _COARSER, self.frame.height // _COARSER)


def expose(
    scene: NDArray[np.float32], optics: Optics, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the photo that is taken of a scene.

    Args:
        scene: `float32 (h, w, 3)`, BGR, as evenly lit paper and desk look.
        optics: how it is seen.
        rng: source of the noise and the direction of the shake.

    Returns:
        `uint8 (h, w, 3)`, before JPEG.
    """
    field = light(optics)
    photo = cv2.multiply(scene, cv2.merge([field * np.float32(gain) for gain in optics.gain]))
    photo = blurred(photo, optics.blur, optics.shake, rng)
    for glare in optics.glares:
        photo += cv2.merge([_spot(glare, optics)] * 3)
    if optics.noise:
        photo += noise_of(photo, optics.noise, rng)
    if optics.sharpen:
        soft = cv2.GaussianBlur(photo, (0, 0), 1.5)
        photo = cv2.addWeighted(photo, 1 + optics.sharpen, soft, -optics.sharpen, 0)
    picture = cv2.convertScaleAbs(np.clip(photo, 0, 255))
    if optics.contrast:
        level = np.arange(256) / 255
        curve = level + optics.contrast * (3 * level**2 - 2 * level**3 - level)
        picture = cv2.LUT(picture, np.rint(255 * curve).astype(np.uint8))
    return picture


def noise_of(
    photo: NDArray[np.float32], level: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a sensor's noise, which grows with the square root of the light.

    Args:
        photo: `float32 (h, w, 3)`, BGR, 0 to 255.
        level: standard deviation at mid grey, grey levels.
        rng: its source.
    """
    h, w = photo.shape[:2]
    grey = np.maximum(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), 0)
    spread = np.float32(level) * (0.35 + 0.65 * np.sqrt(grey / 128))
    luma = rng.standard_normal((h, w), np.float32)
    # Demosaicing smears the colour part over neighbouring pixels.
    chroma = rng.standard_normal((h // 2 + 1, w // 2 + 1, 3), np.float32)
    noise = cv2.addWeighted(
        cv2.resize(chroma, (w, h), interpolation=cv2.INTER_LINEAR), 0.5,
        cv2.merge([luma] * 3), 0.85, 0,
    )  # fmt: skip
    return cv2.multiply(noise, cv2.merge([spread] * 3))


def metered(optics: Optics, points: NDArray[np.floating], span: tuple[float, float]) -> Optics:
    """Return the optics with an exposure that suits what lies at some points of the photo.

    Args:
        optics: whose gain is changed, if need be.
        points: `(n, 2)` px, of the row.
        span: darkest and brightest that white paper may be there, 1 for neither.
    """
    u, v = (2 * points / optics.frame - 1).T
    field = (1 + u * optics.slope[0] + v * optics.slope[1]) * (
        1 - optics.vignette * (u**2 + v**2) / 2
    )
    for shadow in optics.shadows:
        outline = np.array(shadow.points, np.float32)
        for place, point in enumerate(points.tolist()):
            if cv2.pointPolygonTest(outline, point, False) >= 0:
                field[place] *= 1 - shadow.depth
    level = float(field.mean()) * sum(optics.gain) / 3
    factor = float(np.clip(level, *span)) / level
    b, g, r = (gain * factor for gain in optics.gain)
    return replace(optics, gain=(b, g, r))


def light(optics: Optics) -> NDArray[np.float32]:
    """Return how much light falls on each pixel, `float32 (h, w)`, about 1."""
    columns, rows = optics.coarse
    v, u = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    field = 1 + u * optics.slope[0] + v * optics.slope[1]
    field *= 1 - optics.vignette * (u**2 + v**2) / 2
    whole = cv2.resize(field.astype(np.float32), optics.frame, interpolation=cv2.INTER_LINEAR)
    for shadow in optics.shadows:
        mask = polygon_mask(np.array(shadow.points, np.float64), optics.frame)
        whole *= 1 - shadow.depth / 255 * _softened(mask, shadow.sigma, optics)
    return whole


def _softened(mask: NDArray[np.uint8], sigma: float, optics: Optics) -> NDArray[np.float32]:
    if sigma <= 4:
        return cv2.GaussianBlur(mask, (0, 0), sigma).astype(np.float32)
    small = cv2.resize(mask, optics.coarse, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), max(sigma / _COARSER, 0.5))
    return cv2.resize(small, optics.frame, interpolation=cv2.INTER_LINEAR)


def _spot(glare: Glare, optics: Optics) -> NDArray[np.float32]:
    columns, rows = optics.coarse
    width, height = optics.frame
    y, x = np.mgrid[0 : height : rows * 1j, 0 : width : columns * 1j]
    far = ((x - glare.at[0]) ** 2 + (y - glare.at[1]) ** 2) / (2 * glare.radius**2)
    return cv2.resize((glare.strength * np.exp(-far)).astype(np.float32), optics.frame)


def to_jpeg(picture: NDArray[np.uint8], quality: int, subsampled: bool) -> bytes:
    """Return a JPEG file of the picture."""
    factor = (
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if subsampled else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    )
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor]
    return cv2.imencode(".jpg", picture, settings)[1].tobytes()
