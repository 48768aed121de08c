"""Small labelled photos of five drawn boxes, to learn from within seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from tests.edge.drawing import row

BOXES = np.array(
    [[[60 + 50 * k, 80], [100 + 50 * k, 80], [100 + 50 * k, 130], [60 + 50 * k, 130]]
     for k in range(5)], np.float32)  # fmt: skip
"""Their corners, px of a photo."""


def write_photos(folder: Path, count: int = 6, empty: int = 1) -> Path:
    """Write photos, the last ones without a row, and their `labels.csv`."""
    folder.mkdir(parents=True)
    lines = ["file,postcode,corners"]
    rng = np.random.default_rng(0)
    for number in range(count):
        paper = rng.normal(200, 5, (240, 400, 3)).clip(0, 255).astype(np.uint8)
        corners = ""
        if number < count - empty:
            moved = BOXES + rng.integers(-30, 30, 2)
            for box in moved:
                cv2.polylines(paper, [box.astype(np.int32)], True, (60, 40, 40), 3)
            corners = " ".join(f"{value:.2f}" for value in moved.ravel())
        cv2.imwrite(str(folder / f"{number:04d}.png"), paper)
        lines.append(f"{number:04d}.png,12345,{corners}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def write_rows(folder: Path) -> Path:
    """Write two photos of written rows, 04524 and 67381, and one without, and `labels.csv`."""
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "postcode", "corners"])
        for name, postcode in (("a.png", "04524"), ("b.png", "67381"), ("none.png", "")):
            image, corners = row(postcode)
            cv2.imwrite(str(folder / name), image)
            numbers = np.ravel(corners) if postcode else []
            rows.writerow([name, postcode, " ".join(map(str, numbers))])
    return folder
