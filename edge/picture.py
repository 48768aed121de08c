"""A picture at several scales, each made when it is first asked for.

Most of a photo is looked at coarsely, and only the row of boxes closely. A JPEG file can be
decoded at half its size in half of the time: its full size is decoded only where the
boxes are so small that it is needed, and then without its colours. Most files have them at half
the size, so that around the row they are laid over the brightness from what was decoded before.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.ink import resize

Decode = Callable[[int], NDArray[np.uint8]]
DecodeGrey = Callable[[], NDArray[np.uint8] | None]


class Picture:
    """A picture and its halvings.

    Args:
        width: px.
        height: px.
        decode: given how often to halve, 0 or up to `most`, returns the pixels,
            `uint8 (h, w, 3)` BGR or `(h, w)`. Called at most once for each.
        most: halvings that `decode` can do; others are made from them.
        decode_grey: returns the picture without its colours, `uint8 (h, w)`, or None if it can't;
            given where that is quicker, and what `decode` halves once has all of them. Called at
            most once.
    """

    def __init__(
        self,
        width: int,
        height: int,
        decode: Decode,
        most: int = 0,
        decode_grey: DecodeGrey | None = None,
    ) -> None:
        self.width, self.height = width, height
        self._decode, self._most = decode, most
        self._levels: dict[int, NDArray[np.uint8]] = {}
        self._decode_grey = decode_grey
        self._grey: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, image: NDArray[np.uint8] | Picture) -> Picture:
        """Return an image, `uint8 (h, w, 3)` BGR or `(h, w)`, as a picture, or a picture itself."""
        if isinstance(image, Picture):
            return image
        return cls(image.shape[1], image.shape[0], lambda _: image)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture as it is; not to be written to."""
        return self.halved(0)

    def halved(self, times: int) -> NDArray[np.uint8]:
        """Return the picture halved so often, each pixel the mean of those it covers.

        `uint8 (h, w, 3)` BGR or `(h, w)`, in any order of memory; not to be written to.

        Raises:
            ImageError: it is damaged.
        """
        if times not in self._levels:
            if times <= self._most:
                self._levels[times] = self._decode(times)
            else:
                self._levels[times] = resize(self.halved(times - 1), 0.5)
        return self._levels[times]

    def brightness(self, times: int) -> NDArray[np.uint8]:
        """Return the picture halved so often, as `halved` does, but without colours if need be.

        `uint8 (h, w)` where colours of this size aren't decoded yet and need not be; not to be
        written to.

        Raises:
            ImageError: it is damaged.
        """
        if times > 0 or 0 in self._levels or self._decode_grey is None:
            return self.halved(times)
        if self._grey is None:
            self._grey = self._decode_grey()
            if self._grey is None:
                self._decode_grey = None
                return self.halved(0)
        return self._grey

    def around(
        self, points: NDArray[np.float32], room: float, halvings: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
        """Return the part of the halved picture around some points, and where it begins.

        Args:
            points: `(…, 2)`, px of the picture as it is; may lie outside.
            room: px of the picture, on each side.
            halvings: of what is returned.

        Returns:
            `uint8 (h, w, 3)` BGR or `(h, w)`, at least 2 × 2 px as far as the picture reaches, and
            all of it where nothing of it is there; and `(2,)`, x and y of its first pixel in the
            halved picture.

        Raises:
            ImageError: it is damaged.
        """
        scale = 0.5**halvings
        flat = points.reshape(-1, 2)
        low = np.maximum(np.floor((flat.min(axis=0) - room) * scale), 0).astype(np.intp)
        high = np.maximum(np.ceil((flat.max(axis=0) + room) * scale), low + 2).astype(np.intp)
        image = self.brightness(halvings)
        part = image[low[1] : high[1], low[0] : high[0]]
        if part.size == 0:
            return self.halved(halvings), np.zeros(2, np.intp)
        return (self._coloured(part, low) if image is self._grey else part), low

    def _coloured(self, grey: NDArray[np.uint8], low: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Return a part of the picture with the colours of the halved one.

        Args:
            grey: `uint8 (h, w)`.
            low: `(2,)`, x and y of its first pixel.

        Returns:
            `uint8 (h, w, 3)` BGR.
        """
        # A pixel more on each side: colours are interpolated.
        first = np.maximum(low // 2 - 1, 0)
        left, top = low - 2 * first
        height, width = grey.shape
        right, bottom = first + (np.array([left + width, top + height]) // 2 + 2)
        half = self.halved(1)[first[1] : bottom, first[0] : right]
        colours = cv2.cvtColor(half, cv2.COLOR_BGR2YCrCb)
        # Between two samples, as libjpeg interpolates them.
        whole = cv2.resize(colours, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        found = whole[top : top + height, left : left + width]
        found[..., 0] = grey
        return np.asarray(cv2.cvtColor(found, cv2.COLOR_YCrCb2BGR), np.uint8)
