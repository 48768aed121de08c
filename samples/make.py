"""Writes the gallery: photos, touch recordings and `labels.csv` with the true postcodes."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from samples.camera import encode_jpeg
from samples.gallery import JPEG_QUALITY, PHOTOS, TOUCHES
from samples.handwriting import writer
from samples.touch import record, to_json

SEED = 5


def write_gallery(out: Path, seed: int = SEED) -> list[Path]:
    """Write every sample, and return the files in the order of `labels.csv`, which comes last.

    Args:
        out: an existing folder; files of the same names are replaced.
        seed: another seed is the same scenes, written another time.

    Raises:
        OSError: the folder cannot be written to.
    """
    files, labels = [], ["file,postcode"]
    for name, postcode, content in _contents(seed):
        path = out / name
        path.write_bytes(content)
        files.append(path)
        labels.append(f"{name},{postcode}")
    table = out / "labels.csv"
    table.write_text("\n".join(labels) + "\n", encoding="ascii", newline="\n")
    return [*files, table]


def _contents(seed: int) -> Iterator[tuple[str, str, bytes]]:
    """File name, postcode and bytes of every sample."""
    for name, scene in PHOTOS.items():
        photo, _ = scene.render(dice(seed, name))
        yield f"{name}.jpg", scene.postcode, encode_jpeg(photo, JPEG_QUALITY).tobytes()
    for name, touch in TOUCHES.items():
        recording = record(
            touch.postcode,
            touch.screen,
            touch.hand,
            writer(touch.hand),
            dice(seed, name),
            touch.order,
        )
        yield f"{name}.json", touch.postcode, to_json(recording).encode("ascii")


def dice(seed: int, name: str) -> np.random.Generator:
    """Return a sample's own generator, so that a new sample does not change the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
