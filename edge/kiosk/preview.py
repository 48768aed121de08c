"""What the camera sees, as JPEG: made once for all who look, and only while somebody does."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.kiosk.streams import encode_frame
from edge.live import View

# Percent, as libjpeg counts: what a hint is about can be seen.
_QUALITY = 75
# So often a client gets the last frame again while no new one comes.
_AGAIN_S = 5.0


class Preview:
    """The newest frame, for any number of clients. `show` may be called from any thread.

    Args:
        frames_per_s: at most so many go to one client.
    """

    def __init__(self, frames_per_s: float) -> None:
        self._pause_s = 1 / frames_per_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._newest: View | None = None
        self._is_told = False
        self._closed = False
        self._arrived: set[asyncio.Event] = set()
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._made: tuple[int, asyncio.Future[bytes]] | None = None

    def open(self) -> None:
        """Begin, in the event loop that runs here."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Let everyone go; called in the event loop's thread."""
        self._closed = True
        self._wake()
        # What was begun is a few ms of work, and awaited.
        self._encoder.shutdown(wait=False)

    def show(self, view: View) -> None:
        """Take a frame in place of the one before; from any thread, without waiting."""
        with self._lock:
            self._newest = view
            if self._is_told or not self._arrived or self._loop is None:
                return
            self._is_told = True
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._wake)

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield parts of MJPEG: whenever one is asked for, the newest frame, and each once."""
        arrived = asyncio.Event()
        self._arrived.add(arrived)
        number = None
        try:
            while not self._closed:
                view = self._newest
                if view is not None and view.number != number:
                    number = view.number
                    start = time.monotonic()
                    yield encode_frame(await self._encoded(view))
                    await asyncio.sleep(max(0.0, start + self._pause_s - time.monotonic()))
                    continue
                arrived.clear()
                try:
                    await asyncio.wait_for(arrived.wait(), _AGAIN_S)
                except TimeoutError:
                    # A client that has gone unheard is noticed when it is sent something.
                    number = None
        finally:
            self._arrived.discard(arrived)

    async def _encoded(self, view: View) -> bytes:
        loop = asyncio.get_running_loop()
        if self._made is None or self._made[0] != view.number:
            self._made = view.number, loop.run_in_executor(self._encoder, _jpeg, view.preview)
        # Others wait for the same picture: who goes meanwhile takes it from nobody.
        return await asyncio.shield(self._made[1])

    def _wake(self) -> None:
        with self._lock:
            self._is_told = False
        for arrived in list(self._arrived):
            arrived.set()


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    """Return `uint8 (h, w, 3)` BGR as a JPEG file."""
    _, content = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return content.tobytes()
