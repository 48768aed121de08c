"""Cuts out the samples' digits: `digits.py SAMPLES OUT.npy`, so that two machines see the same."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from edge.recognizer import Recognizer


def main(arguments: list[str]) -> int:
    """Write `uint8 (n, 28, 28)`, all digits of all photos."""
    recognizer = Recognizer()
    digits = [
        box.digit
        for path in sorted(Path(arguments[0]).glob("*.jpg"))
        for box in recognizer.observe(cv2.imread(str(path))).boxes
        if box.digit is not None
    ]
    np.save(arguments[1], np.stack(digits))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
