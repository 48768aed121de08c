"""Stands in for picamera2 in tests on a machine that has no camera and no Raspberry Pi archive."""

from __future__ import annotations


class Picamera2:
    """What is asked before a camera is opened."""

    def __init__(self, camera_num: int = 0) -> None:
        raise IndexError("list index out of range")

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        """Return the cameras: none."""
        return []
