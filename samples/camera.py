"""The camera: what a lens, a desk and a lamp make of a flat paper.

Every step is a pure function on float32 (H, W, 3), BGR, 0 … 255. `take_photo` strings them
together in the order in which light meets them.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from samples.paper import smooth_noise

Desk = Literal["wood", "stone", "cloth", "white", "dark"]
ShadowKind = Literal["none", "soft", "hard"]


@dataclass(frozen=True)
class Shot:
    """One photo: where the camera stands, what lies around, how good the light is."""

    width: int = 1280
    # px.
    height: int = 960
    # px.
    look: tuple[float, float] = (0.5, 0.5)
    # Point of the paper in the middle of the photo, fractions of its width and height.
    zoom: float = 0.75
    # Photo pixels per pixel of the paper, at `look`.
    tilt: float = 0.0
    # Degrees between the paper's normal and the view.
    tilt_towards: float = 90.0
    # Direction in which the paper falls away, degrees clockwise from the photo's right.
    rotation: float = 0.0
    # Degrees clockwise, in the plane.
    focal: float = 1.05
    # Focal length, photo widths.
    desk: Desk = "wood"
    # What the paper lies on.
    light: float = 0.15
    # Fall-off of the light from one side of the photo to the other, fraction.
    light_from: float = 200.0
    # Degrees clockwise from the photo's right.
    exposure: float = 1.0
    # Brightness factor.
    warmth: float = 0.0
    # Colour cast: -1 bluish daylight … 1 a lamp in the evening.
    shadow: ShadowKind = "none"
    # Shadow of something outside the photo.
    shadow_depth: float = 0.35
    # Light taken away in its core, fraction.
    shadow_at: tuple[float, float] = (0.2, 0.9)
    # Middle of the shadow, fractions of the photo.
    vignette: float = 0.08
    # Light lost in the photo's corners, fraction.
    blur: float = 0.7
    # Lens blur, standard deviation, px.
    shake: float = 0.0
    # Length of the motion blur, px.
    noise: float = 2.0
    # Sensor noise at mid grey, standard deviation, grey levels.
    jpeg_quality: int | None = None
    # 1 … 100; None leaves the photo uncompressed.


def homography(shot: Shot, paper_shape: tuple[int, int]) -> np.ndarray:
    """Return the pinhole camera's map from paper pixels to photo pixels, float64 (3, 3)."""
    focal = shot.focal * shot.width
    spin, lean, towards = np.deg2rad([shot.rotation, shot.tilt, shot.tilt_towards])
    axis = np.array([-np.sin(towards), np.cos(towards), 0.0])
    turn = cv2.Rodrigues(-lean * axis)[0] @ cv2.Rodrigues(np.array([0, 0, spin]))[0]
    # The paper's own plane is z = 0, so its homography is the two first columns and the shift.
    distance = focal / shot.zoom
    pose = np.column_stack([turn[:, 0], turn[:, 1], [0, 0, distance]])
    lens = np.array([[focal, 0, shot.width / 2], [0, focal, shot.height / 2], [0, 0, 1]])
    look = np.array(shot.look) * (paper_shape[1], paper_shape[0])
    center = np.array([[1, 0, -look[0]], [0, 1, -look[1]], [0, 0, 1]])
    H = lens @ pose @ center
    return H / H[2, 2]


def map_points(points: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return points through a homography, float32 of the same shape (…, 2)."""
    flat = np.asarray(points, np.float64).reshape(-1, 1, 2)
    return cv2.perspectiveTransform(flat, H).reshape(points.shape).astype(np.float32)


def take_photo(
    paper: np.ndarray, shot: Shot, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a photo of the paper.

    Args:
        paper: uint8 (h, w, 3), BGR.
        shot: the camera and its surroundings.
        rng: source of the desk, the shadow's outline and the noise.

    Returns:
        uint8 (H, W, 3), BGR, and the homography from paper to photo pixels, float64 (3, 3).
    """
    H = homography(shot, paper.shape[:2])
    photo = place_on_desk(paper, H, shot, rng)
    photo = lit(photo, shot)
    photo = shadowed(photo, shot, rng)
    photo = blurred(photo, shot.blur, shot.shake, rng)
    photo = sensed(photo, shot.noise, rng)
    picture = np.clip(np.rint(photo), 0, 255).astype(np.uint8)
    if shot.jpeg_quality is not None:
        picture = compressed(picture, shot.jpeg_quality)
    return picture, H


def place_on_desk(
    paper: np.ndarray, H: np.ndarray, shot: Shot, rng: np.random.Generator
) -> np.ndarray:
    """Return the paper on the desk in perspective, with the shadow of its own edge."""
    size = (shot.width, shot.height)
    texture = desk_texture((1000, 1400), shot.desk, rng)
    # The texture is drawn at half the paper's resolution, around the paper's middle.
    h, w = paper.shape[:2]
    spread = np.array([[2.0, 0, w / 2 - 1400], [0, 2.0, h / 2 - 1000], [0, 0, 1]])
    desk = cv2.warpPerspective(texture, H @ spread, size, borderMode=cv2.BORDER_REFLECT_101)
    mask = cv2.warpPerspective(np.full((h, w), 255, np.uint8), H, size).astype(np.float32) / 255
    # INTER_AREA is not offered for warps: blur first where the photo is smaller than the paper.
    shrink = max(1 / shot.zoom, 1.0)
    source = cv2.GaussianBlur(paper, (0, 0), 0.45 * shrink) if shrink > 1.15 else paper
    sheet = cv2.warpPerspective(source, H, size, borderMode=cv2.BORDER_REPLICATE)
    contact = 0.4 * _moved_blur(mask, 2.5, 3.0) + 0.35 * _moved_blur(mask, 8.0, 10.0)
    dark = desk.astype(np.float32) * (1 - contact * (1 - mask))[..., None]
    return dark + mask[..., None] * (sheet.astype(np.float32) - dark)


def _moved_blur(mask: np.ndarray, shift: float, sigma: float) -> np.ndarray:
    move = np.array([[1, 0, shift], [0, 1, shift]], np.float64)
    moved = cv2.warpAffine(mask, move, mask.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(moved, (0, 0), sigma)


def desk_texture(shape: tuple[int, int], desk: Desk, rng: np.random.Generator) -> np.ndarray:
    """Return what the paper lies on, uint8 (h, w, 3), BGR."""
    if desk == "wood":
        texture = _wood(shape, rng)
    elif desk == "cloth":
        texture = _cloth(shape, rng)
    else:
        base = {"stone": (150, 152, 152), "white": (226, 228, 228), "dark": (52, 50, 50)}[desk]
        depth = 3.5 if desk == "stone" else 1.5
        tone = smooth_noise(shape, 150, rng) + 1.4 * rng.standard_normal(shape, np.float32)
        texture = np.array(base, np.float32) + depth * tone[..., None]
    return np.clip(texture, 0, 255).astype(np.uint8)


def _wood(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Planks with rings drawn out along the grain, float32 (h, w, 3)."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    plank = np.floor(y / 210)
    warp = 26 * smooth_noise((shape[0], shape[1]), 240, rng) + 0.02 * x * np.sin(plank * 2.4)
    rings = np.sin((y + warp) / 6.5) + 0.6 * np.sin((y + 1.7 * warp) / 2.9)
    fibres = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), sigmaX=22, sigmaY=0.7)
    fibres /= float(fibres.std())
    tone = 1 + 0.035 * rings + 0.05 * fibres + 0.06 * np.sin(plank * 5.1 + 1)
    gap = np.minimum(y % 210, 210 - y % 210) < 1.5
    tone = np.where(gap, 0.55 * tone, tone)
    return np.array((92, 132, 172), np.float32) * tone[..., None]


def _cloth(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A woven cloth in a dull colour, float32 (h, w, 3)."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    weave = np.sin(x * 1.35) * np.sin(y * 1.35) + 0.5 * np.sin((x + y) * 0.9)
    folds = smooth_noise(shape, 190, rng)
    tone = 1 + 0.07 * weave + 0.06 * folds + 0.05 * rng.standard_normal(shape, np.float32)
    color = np.array((112, 92, 70), np.float32) * rng.uniform(0.8, 1.3, 3).astype(np.float32)
    return color * tone[..., None]


def lit(photo: np.ndarray, shot: Shot) -> np.ndarray:
    """Return the photo in the shot's light: gradient, vignette, exposure and colour cast."""
    h, w = photo.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    u, v = 2 * x / w - 1, 2 * y / h - 1
    angle = np.deg2rad(shot.light_from)
    slope = (u * np.cos(angle) + v * np.sin(angle)) / np.sqrt(2)
    field = 1 + 0.5 * shot.light * (slope - 1) - shot.vignette * (u**2 + v**2) / 2
    cast = 1 + shot.warmth * np.array([-0.16, -0.03, 0.05])
    gain = (shot.exposure * cast).astype(np.float32)
    return photo * field[..., None].astype(np.float32) * gain


def shadowed(photo: np.ndarray, shot: Shot, rng: np.random.Generator) -> np.ndarray:
    """Return the photo with a shadow falling on it: a head's soft or a straight hard one."""
    if shot.shadow == "none":
        return photo
    h, w = photo.shape[:2]
    cx, cy = shot.shadow_at[0] * w, shot.shadow_at[1] * h
    mask = np.zeros((h, w), np.uint8)
    if shot.shadow == "hard":
        angle = rng.uniform(0.7, 1.3)
        along = np.array([np.cos(angle), np.sin(angle)]) * 2 * w
        across = np.array([-np.sin(angle), np.cos(angle)]) * w
        middle = np.array([cx, cy])
        band = [middle - along, middle + along, middle + along + across, middle - along + across]
        cv2.fillPoly(mask, [np.rint(band).astype(np.int32)], 255)
    else:
        for _ in range(3):
            at = rng.normal((cx, cy), 0.06 * w)
            axes = rng.uniform(0.16, 0.3, 2) * w
            cv2.ellipse(
                mask, (round(at[0]), round(at[1])), (round(axes[0]), round(axes[1])),
                float(rng.uniform(0, 180)), 0, 360, 255, cv2.FILLED,
            )  # fmt: skip
    sigma = (0.004 if shot.shadow == "hard" else 0.05) * w
    # At a quarter of the size the wide blur costs a sixteenth, and looks the same.
    small = cv2.resize(mask, (w // 4, h // 4), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / 4), (w, h)) / 255
    return photo * (1 - shot.shadow_depth * soft)[..., None]


def blurred(photo: np.ndarray, sigma: float, shake: float, rng: np.random.Generator) -> np.ndarray:
    """Return the photo through a soft lens (sigma, px) and an unsteady hand (shake, px)."""
    if sigma > 0:
        photo = cv2.GaussianBlur(photo, (0, 0), sigma)
    if shake > 1:
        photo = cv2.filter2D(photo, -1, _motion_kernel(shake, rng.uniform(0, np.pi)))
    return photo


def _motion_kernel(length: float, angle: float) -> np.ndarray:
    reach = int(np.ceil(length / 2)) + 1
    at = np.linspace(-length / 2, length / 2, 32)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    columns = np.rint(reach + at * np.cos(angle)).astype(int)
    rows = np.rint(reach + at * np.sin(angle)).astype(int)
    np.add.at(kernel, (rows, columns), 1 / len(at))
    return kernel


def sensed(photo: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Return the photo with sensor noise that grows with the square root of the light."""
    if noise <= 0:
        return photo
    h, w = photo.shape[:2]
    spread = noise * (0.35 + 0.65 * np.sqrt(np.clip(photo, 0, None) / 128))
    luma = rng.standard_normal((h, w, 1), np.float32)
    # Demosaicing smears the colour part over neighbouring pixels.
    chroma = rng.standard_normal((h // 2 + 1, w // 2 + 1, 3), np.float32)
    chroma = cv2.resize(chroma, (w, h), interpolation=cv2.INTER_LINEAR)
    return photo + spread * (0.85 * luma + 0.5 * chroma)


def compressed(picture: np.ndarray, quality: int) -> np.ndarray:
    """Return the picture after a trip through JPEG, uint8 (H, W, 3)."""
    return cv2.imdecode(encode_jpeg(picture, quality), cv2.IMREAD_COLOR)


def encode_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Return the bytes of a JPEG, uint8 (n,); quality 1 … 100."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
