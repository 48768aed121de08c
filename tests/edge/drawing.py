"""Small pictures with a known truth: written digits, rows of printed boxes, recordings."""

from __future__ import annotations

import cv2
import numpy as np

from samples.handwriting import Hand, write_digit

BLACK = (20, 20, 20)
RED = (60, 50, 210)
ORANGE = (70, 130, 235)
BLUE = (190, 100, 50)
GREY = (150, 150, 150)

# Sevens are crossed: of a plain one that is so upright the model is not sure enough to accept it.
HAND = Hand(styles=(0,) * 7 + (1, 0, 0), sloppiness=0.0, tremor=0.0)


def write(image, digit, low, high, pen=None, ink=BLACK):
    """Write a digit into the rectangle from `low` to `high`, px, in place."""
    low, high = np.array(low, float), np.array(high, float)
    side = 0.7 * float((high - low)[1])
    pen = pen or max(1, round(side / 9))
    ink = ink if image.ndim == 3 else ink[0]
    start = (low + high - side) / 2
    for stroke in write_digit(int(digit), HAND, np.random.default_rng(0)):
        points = np.rint((stroke * side + start) * 16).astype(np.int32)
        cv2.polylines(image, [points], False, ink, pen, cv2.LINE_AA, 4)


def written(digit, side=90, width=None, pen=None):
    """Return a crop with one digit, `uint8 (side, width)`, dark on light."""
    crop = np.full((side, width or side), 245, np.uint8)
    write(crop, digit, (0, 0), (crop.shape[1], side), pen)
    return crop


def row(
    postcode="",
    box=(60, 80),
    pitch=80,
    at=(70, 90),
    size=(560, 260),
    line=3,
    color=BLACK,
    ink=BLACK,
    count=5,
    paper=246,
):
    """Return a picture of printed boxes, written in, and the corners of the boxes."""
    image = np.full((size[1], size[0], 3), paper, np.uint8)
    corners = []
    for k in range(count):
        left, top = at[0] + k * pitch, at[1]
        right, bottom = left + box[0], top + box[1]
        cv2.rectangle(image, (left, top), (right, bottom), color, line, cv2.LINE_AA)
        corners.append([[left, top], [right, top], [right, bottom], [left, bottom]])
    for quad, digit in zip(corners, postcode, strict=False):
        if digit != " ":
            write(image, digit, quad[0], quad[2], ink=ink)
    return image, np.array(corners, np.float32)


def turned(image, corners, degrees):
    """Return picture and corners turned about the picture's middle, clockwise."""
    height, width = image.shape[:2]
    side = int(np.hypot(height, width)) + 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    matrix[:, 2] += [(side - width) / 2, (side - height) / 2]
    return seen(image, corners, np.vstack([matrix, [0, 0, 1]]), (side, side))


def tilted(image, corners, amount):
    """Return picture and corners as seen with the top leaning away, 0 to about 0.3."""
    height, width = image.shape[:2]
    inset = amount * width / 2
    before = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    after = before + np.array([[inset, 0], [-inset, 0], [0, 0], [0, 0]], np.float32)
    return seen(image, corners, cv2.getPerspectiveTransform(before, after), (width, height))


def seen(image, corners, homography, size):
    picture = cv2.warpPerspective(
        image, homography, size, flags=cv2.INTER_AREA, borderValue=(246, 246, 246)
    )
    return picture, cv2.perspectiveTransform(corners.reshape(-1, 1, 2), homography).reshape(
        corners.shape
    )


def away(found, true):
    """Return how far found corners lie from the true ones at most, in box heights."""
    height = np.linalg.norm(true[:, 3] - true[:, 0], axis=1).mean()
    return float(np.linalg.norm(found - true, axis=2).max() / height)


BOXES = [[20 + 150 * k, 40, 130, 180] for k in range(5)]


def recording(postcode, boxes=BOXES):
    """Return a touch recording of a postcode; a blank leaves its box empty."""
    strokes = []
    for digit, (x, y, width, height) in zip(postcode, boxes, strict=True):
        if digit != " ":
            side = 0.7 * min(width, height)
            corner = np.array([x + (width - side) / 2, y + (height - side) / 2])
            for stroke in write_digit(int(digit), HAND, np.random.default_rng(0)):
                strokes.append((stroke * side + corner).round(1).tolist())
    return {"boxes": boxes, "strokes": strokes}


def frozen(array):
    """Return the array, which nobody may write to any more."""
    array.setflags(write=False)
    return array
