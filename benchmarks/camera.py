"""How many frames a second go through the whole camera pipeline: `python -m benchmarks.camera`.

Rendered photos (`benchmarks.envelopes`, validation writers) are shown to the pipeline as a
camera shows an envelope: 1640×1232, thirty frames a second, each with its own noise, lying still
or in a hand that trembles; and desks without a postcode. One thread on one core copies each frame
out of the camera's buffer, makes the preview, looks (finds, follows, cuts and classifies) and
combines; what is counted is the time for which the core really worked. Writes
`benchmarks/results/camera.json`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

# So that `python benchmarks/camera.py` finds the packages as `-m` does.
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import envelopes
from benchmarks.rendering.grades import GRADES
from benchmarks.reporting import has_data, keep, machine, positive, print_machine
from edge import Recognizer
from edge.consensus import Consensus
from edge.sources.source import Shot
from edge.watch import Watcher

RESULTS = Path(__file__).parent / "results" / "camera.json"
SEED = 31
SIZE = (1640, 1232)
RATE = 30.0
# What is asked for, frames a second.
LEAST_RATE = 25.0

# How far the picture moves from frame to frame, px and degrees, standard deviations.
SCENES = {"still": (0.0, 0.0), "hand": (3.0, 0.1), "nothing": (0.0, 0.0)}
# Standard deviation of a sensor's noise in room light, of 255.
_NOISE = 4.0
# Different pictures of noise; which of them comes next is of no matter.
_NOISES = 5


@dataclass
class Tally:
    """What happened to the frames of one kind of scene."""

    ms: list[float] = field(default_factory=list)
    """Of every frame."""
    first_s: list[float] = field(default_factory=list)
    """Of every envelope that was read, seconds of work until it was."""
    envelopes: int = 0
    read: int = 0
    """Envelopes with an accepted postcode that is right."""
    wrong: int = 0
    with_boxes: int = 0
    """Frames in which a row was seen."""

    @property
    def rate(self) -> float:
        """Frames a second."""
        return 1000 * len(self.ms) / sum(self.ms)

    def row(self) -> dict[str, float]:
        """Return what is printed and written."""
        p50, p90, p99 = np.percentile(self.ms, [50, 90, 99])
        return {
            "frames": len(self.ms),
            "per_second": round(self.rate, 1),
            "p50_ms": round(float(p50), 2),
            "p90_ms": round(float(p90), 2),
            "p99_ms": round(float(p99), 2),
            "with_boxes": round(self.with_boxes / len(self.ms), 3),
            "envelopes": self.envelopes,
            "read": self.read,
            "wrong": self.wrong,
            "seconds_to_read": round(float(np.median(self.first_s)), 3) if self.first_s else 0.0,
        }


def film(
    photo: NDArray[np.uint8], scene: str, count: int, rng: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames of a camera that looks at a photo.

    Args:
        photo: `uint8 (h, w, 3)` BGR, of any size.
        scene: of `SCENES`.
        count: how many.
        rng: decides movement and noise.
    """
    still = cv2.resize(photo, SIZE, interpolation=cv2.INTER_AREA)
    noises = [rng.normal(0, _NOISE, still.shape).astype(np.int16) for _ in range(_NOISES)]
    pixels, degrees = SCENES[scene]
    place = np.zeros(3)
    for number in range(count):
        # A hand comes back to where it was.
        place = 0.9 * place + rng.normal(0, 1, 3) * [pixels, pixels, degrees]
        frame = still
        if pixels:
            move = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), place[2], 1)
            move[:, 2] += place[:2]
            frame = cv2.warpAffine(still, move, SIZE, borderMode=cv2.BORDER_REPLICATE)
        noisy = frame.astype(np.int16) + noises[number % _NOISES]
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def watch(
    recognizer: Recognizer, frames: Iterator[NDArray[np.uint8]], postcode: str, tally: Tally
) -> None:
    """Show one envelope to the pipeline, and note how long each frame took and what was read."""
    watcher = Watcher(recognizer)
    consensus = Consensus(recognizer.threshold, recognizer.directory)
    spent_s = 0.0
    tally.envelopes += 1
    for number, buffer in enumerate(frames):
        start_s = time.process_time()
        shot = Shot(buffer.copy(), number / RATE)
        look = watcher.look(shot, consensus.is_reported)
        seen = look.observation
        reports = consensus.take(seen.boxes, seen.found, shot.time_s, look.is_anew)
        took_s = time.process_time() - start_s
        spent_s += took_s
        tally.ms.append(1000 * took_s)
        tally.with_boxes += bool(seen.boxes)
        for reading, _ in reports:
            if reading.postcode is not None:
                tally.read += reading.postcode == postcode
                tally.wrong += reading.postcode != postcode
                tally.first_s.append(spent_s)


def measure(recognizer: Recognizer, grade: str, scene: str, photos: int, frames: int) -> Tally:
    """Show a number of envelopes, one after another."""
    tally = Tally()
    rng = np.random.default_rng([SEED, list(SCENES).index(scene)])
    kind = "negatives" if scene == "nothing" else grade
    for each in envelopes.photos(kind, photos, SEED, "validation"):
        image = cv2.imdecode(np.frombuffer(each.jpeg, np.uint8), cv2.IMREAD_COLOR)
        upright = image if image.shape[1] >= image.shape[0] else np.rot90(image)
        watch(recognizer, film(np.ascontiguousarray(upright), scene, frames, rng),
              each.postcode, tally)  # fmt: skip
    return tally


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.camera", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--model", help="instead of the bundled model")
    parser.add_argument("--grade", choices=GRADES, default="desk", help="(default: desk)")
    parser.add_argument("--photos", type=positive, default=12, help="of each scene (default: 12)")
    parser.add_argument("--frames", type=positive, default=90, help="of each photo (default: 90)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args(argv)
    if not has_data("camera"):
        return 1

    cv2.setNumThreads(1)
    recognizer = Recognizer(options.model)
    where = machine()
    print_machine(where)
    print(f"{'scene':8} {'frames/s':>9} {'p50 ms':>8} {'p90 ms':>8} {'p99 ms':>8} "
          f"{'boxes':>6} {'read':>6} {'wrong':>6} {'work s':>7}")  # fmt: skip
    rows = {}
    for scene in SCENES:
        tally = measure(recognizer, options.grade, scene, options.photos, options.frames)
        row = rows[scene] = tally.row()
        mark = "" if row["per_second"] >= LEAST_RATE else "  MISS"
        read = f"{row['read']}/{row['envelopes']}"
        print(f"{scene:8} {row['per_second']:9.1f} {row['p50_ms']:8.2f} {row['p90_ms']:8.2f} "
              f"{row['p99_ms']:8.2f} {row['with_boxes']:6.0%} {read:>6} {row['wrong']:6.0f} "
              f"{row['seconds_to_read']:7.2f}{mark}")  # fmt: skip
    result = {
        "machine": where,
        "camera": {"size": SIZE, "fps": RATE, "noise": _NOISE, "one_core": True},
        "photos": {"grade": options.grade, "count": options.photos, "frames": options.frames},
        "scenes": rows,
    }
    keep(options.out, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
