"""Exits with 0 where the system's own NumPy and OpenCV are there and new enough."""

from __future__ import annotations

import sys


def main() -> int:
    """Import both, for what is installed may not fit together."""
    try:
        import cv2
        import numpy
    except Exception:
        # Not only ImportError: builds that don't belong together fail in many ways, and each
        # means the same, that both are to be taken from elsewhere. The caller says so.
        return 1
    opencv = tuple(int(part) for part in cv2.__version__.split(".")[:2])
    return int(opencv < (4, 10) or int(numpy.__version__.split(".")[0]) < 2)


if __name__ == "__main__":
    sys.exit(main())
