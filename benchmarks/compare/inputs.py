"""The photos and recordings that all programs are measured on, made once and kept.

Rendered photos and touch recordings are of writers on whom nothing was chosen; they are the
first ones of those that `benchmarks.accuracy` measures. Real photos are taken where they lie. The
row of a photo is where our own program finds one, so that others are told apart by how they read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks import datasets, envelopes
from benchmarks.accuracy import RENDERED_SEED, TOUCH_SEED
from benchmarks.compare import rows
from benchmarks.compare.items import Item, load_items, save_items
from edge import FiveboxError, Recognizer
from edge.sources.images import load_picture

GRADES = ("scan", "desk", "hard")
REAL = ("envelopes", "box_strips")
# Photos of a grade, and touch recordings.
PHOTOS = 100
TOUCHES = 100

_MADE_OF = (
    "benchmarks/rendering/*.py", "benchmarks/envelopes.py", "benchmarks/datasets.py",
    "benchmarks/compare/inputs.py", "benchmarks/compare/rows.py", "samples/*.py", "train/*.py",
    "edge/*.py", "edge/models/postcode.*",
)  # fmt: skip


def prepare(folder: Path, limit: int | None = None, jobs: int = 1) -> list[Item]:
    """Return what is read, made anew only where something about it has changed.

    Args:
        folder: where pictures are written to.
        limit: of each set; None for all.
        jobs: processes that render.

    Raises:
        DataError: the digits that photos are rendered of are missing or damaged.
    """
    listed, told = folder / "items.json", folder / "made-of.txt"
    recipe = _recipe(limit)
    if told.is_file() and told.read_text("utf-8") == recipe:
        return load_items(listed)
    folder.mkdir(parents=True, exist_ok=True)
    # What is written here no longer belongs to what is told until all of it is there.
    told.unlink(missing_ok=True)
    recognizer = Recognizer()
    items = [
        _with_row(photo, recognizer, folder)
        for photo in (*_rendered(folder, limit, jobs), *_real(limit))
    ]
    items += _touched(folder, limit)
    save_items(listed, items)
    told.write_text(recipe, "utf-8")
    return items


def fingerprint(items: list[Item]) -> str:
    """Return a hash of all that is read, wherever it lies."""
    whole = hashlib.sha256()
    for item in items:
        whole.update(json.dumps([item.set, item.postcode, item.boxes, item.recording]).encode())
        for path in (item.picture, item.row):
            whole.update(hashlib.sha256(Path(path).read_bytes() if path else b"").digest())
    return whole.hexdigest()


def _recipe(limit: int | None) -> str:
    """Return what pictures are made of: numbers, data and the code that makes them."""
    lines = [f"{PHOTOS} {TOUCHES} {limit} {datasets.data_folder()} opencv {cv2.__version__}"]
    for pattern in _MADE_OF:
        for path in sorted(datasets.ROOT.glob(pattern)):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"{content} {path.relative_to(datasets.ROOT)}")
    return "\n".join(lines) + "\n"


def _rendered(folder: Path, limit: int | None, jobs: int) -> Iterator[Item]:
    count = PHOTOS if limit is None else min(PHOTOS, limit)
    for grade in GRADES:
        made = envelopes.photos(grade, count, RENDERED_SEED, "test", jobs=jobs)
        for number, photo in enumerate(made):
            path = folder / f"{grade}-{number:04d}.jpg"
            path.write_bytes(photo.jpeg)
            yield Item(grade, "photo", photo.postcode, str(path), None)


def _real(limit: int | None) -> Iterator[Item]:
    """Yield real photos where they are there."""
    for name in REAL:
        if (datasets.data_folder() / name).is_dir():
            for photo in islice(getattr(datasets, name)(), limit):
                yield Item(name, "photo", photo.postcode, str(photo.path), None)


def _touched(folder: Path, limit: int | None) -> Iterator[Item]:
    count = TOUCHES if limit is None else min(TOUCHES, limit)
    each = -(-count // len(datasets.STROKE_SETS))
    for name in datasets.STROKE_SETS:
        digits = datasets.unseen_digits(name)
        for number, touch in enumerate(datasets.touch_recordings(digits, each, TOUCH_SEED)):
            row = rows.touched(touch.recording)
            path = folder / f"touch-{name}-{number:04d}.png"
            cv2.imwrite(str(path), row.image)
            yield Item(
                "touch", "touch", touch.postcode, str(path), str(path), row.boxes, touch.recording
            )


def _with_row(item: Item, recognizer: Recognizer, folder: Path) -> Item:
    """Return a photo with the row that our own program finds in it, where it finds one."""
    try:
        picture = load_picture(Path(item.picture))
        quads = [digit.box for digit in recognizer.read(picture).digits]
    except FiveboxError:
        return item
    row = rows.photographed(picture, np.array(quads, np.float32)) if quads else None
    if row is None:
        return item
    name = Path(item.picture).stem.removeprefix(f"{item.set}-")
    path = folder / f"{item.set}-{name}.row.png"
    cv2.imwrite(str(path), row.image)
    return replace(item, row=str(path), boxes=row.boxes)
