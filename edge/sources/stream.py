"""A camera in the network, by its RTSP or HTTP address."""

from __future__ import annotations

import http.client
import os
import socket
import time
from urllib.parse import SplitResult, urlsplit

import cv2
import numpy as np

from edge.arrays import MOST_PIXELS, too_large
from edge.errors import (
    SourceDeniedError,
    SourceError,
    SourceLostError,
    SourceMissingError,
    SourceUriError,
)
from edge.sources.source import Camera, Shot
from edge.sources.uri import without_password

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
# Seconds for a connection, and milliseconds for ffmpeg's opening and reading.
_CONNECT_S = 3.0
_OPEN_MS, _READ_MS = 8000, 1800
_USUAL_RATE = 25.0


class Stream(Camera):
    """What ffmpeg can play of an address.

    Args:
        url: the address; a password in it is never printed.

    Raises:
        SourceMissingError: nobody answers there, or has nothing there.
        SourceDeniedError: it asks for a user and a password.
        SourceError: what it sends is no video.
    """

    def __init__(self, url: str) -> None:
        name = without_password(url)
        _knock(name, urlsplit(url))
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        self._capture = cv2.VideoCapture(
            url,
            cv2.CAP_FFMPEG,
            [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_MS,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_MS,
            ],
        )  # fmt: skip
        try:
            if not self._capture.isOpened():
                raise SourceError(
                    f"{name}: it sends no video that can be played; check the address, "
                    "and the user and password in it"
                )
            width, height = (
                int(self._capture.get(each))
                for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
            )
            if width * height > MOST_PIXELS:
                raise SourceError(f"{name}: {too_large(width, height)}")
        except SourceError:
            self._capture.release()
            raise
        told = self._capture.get(cv2.CAP_PROP_FPS)
        super().__init__(name, told if 0 < told < 1000 else _USUAL_RATE)

    def _read(self) -> Shot | None:
        is_there, frame = self._capture.read()
        if not is_there or frame is None:
            raise SourceLostError(f"{self.name}: the connection was lost")
        return Shot(np.asarray(frame, np.uint8), time.monotonic())

    def _release(self) -> None:
        self._capture.release()


def check_url(url: str) -> None:
    """Return if an address has a host, and a port that can be one.

    Raises:
        SourceUriError: it hasn't.
    """
    try:
        parts = urlsplit(url)
        is_right = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise SourceUriError(
            f"{without_password(url)}: an address is written rtsp://host:port/path"
        )


def _knock(name: str, parts: SplitResult) -> None:
    """Tell what is wrong with an address, where ffmpeg only says that it can't be opened."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        with socket.create_connection((host, port), _CONNECT_S):
            pass
    except OSError as error:
        raise SourceMissingError(
            f"{name}: nobody answers at {host}, port {port} ({error.strerror or error}); "
            "check the address, and that the camera is on"
        ) from error
    if not parts.scheme.startswith("http"):
        return
    status = _status(parts, host, port)
    # With a user ffmpeg answers whatever is asked for, and says whether that was right.
    if status in (401, 403) and parts.username is None:
        raise SourceDeniedError(
            f"{name}: it asks for a user and a password; write http://user:password@{host}/…"
        )
    if status in (404, 410):
        raise SourceMissingError(f"{name}: the camera has nothing at this path; check it")


def _status(parts: SplitResult, host: str, port: int) -> int | None:
    """Return the status of an HTTP answer; None where it can't be told."""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=_CONNECT_S)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
