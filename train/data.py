"""MNIST, from a file, from Keras's cache or from Keras's download, checked before use."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.errors import DataError

SIDE = 28
CLASSES = 10

# A server that is there answers within this; a machine without a network fails at once.
_DOWNLOAD_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Digits:
    """Digit images and what they show."""

    images: NDArray[np.uint8]
    """`(n, 28, 28)`, white ink on black."""
    labels: NDArray[np.uint8]
    """`(n,)`, 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.integer[Any]]) -> Digits:
        """Return the digits at these places, in this order."""
        return Digits(self.images[index], self.labels[index])


@dataclass(frozen=True)
class Dataset:
    """A file of training and test digits."""

    path: Path
    """As it was given."""
    sha256: str
    """Of the file, lower-case hexadecimal."""
    train: Digits
    """Digits to learn from."""
    test: Digits
    """Digits that no decision is made on."""


def load(path: str | Path | None = None) -> Dataset:
    """Load MNIST as Keras ships it.

    Args:
        path: an `.npz` file with `x_train`, `y_train`, `x_test` and `y_test`; None
            takes Keras's cached copy, and where there is none lets Keras download it.

    Returns:
        The checked digits.

    Raises:
        DataError: there is no such file, or it is not what it should be.
    """
    if path is not None:
        return _read(Path(path))
    cached = keras_cache()
    if not cached.exists():
        _download()
    return _read(cached)


def keras_cache() -> Path:
    """Return where Keras keeps its MNIST; `KERAS_HOME` moves it."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"


def hold_out(digits: Digits, count: int, seed: int) -> tuple[Digits, Digits]:
    """Split digits at random into those to learn from and those kept apart.

    Args:
        digits: all of them.
        count: how many to keep apart.
        seed: the same seed keeps the same digits.

    Returns:
        The digits to learn from, and the `count` kept apart.

    Raises:
        DataError: nothing would be left to learn from.
    """
    if count >= len(digits):
        raise DataError(
            f"{count} digits can't be held out of {len(digits)}; give a smaller --holdout"
        )
    order = np.random.default_rng(seed).permutation(len(digits))
    return digits.take(order[count:]), digits.take(order[:count])


def _read(path: Path) -> Dataset:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; check the path given with --data") from error
    except OSError as error:
        raise DataError(f"{path}: the file can't be read ({error.strerror})") from error
    arrays = _arrays(content, path)
    train = _digits(arrays["x_train"], arrays["y_train"], f"{path}: x_train and y_train")
    test = _digits(arrays["x_test"], arrays["y_test"], f"{path}: x_test and y_test")
    return Dataset(path, hashlib.sha256(content).hexdigest(), train, test)


def _arrays(content: bytes, path: Path) -> dict[str, NDArray[Any]]:
    names = ("x_train", "y_train", "x_test", "y_test")
    damaged = f"{path}: not an .npz file of arrays, or a damaged one; fetch mnist.npz again"
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise DataError(damaged)
        missing = [name for name in names if name not in loaded.files]
        if missing:
            raise DataError(
                f"{path}: {', '.join(missing)} not in it; "
                f"an .npz file with {', '.join(names)} is needed"
            )
        arrays = {name: loaded[name] for name in names}
    except DataError:
        raise
    # What numpy raises depends on which byte is wrong; a header may even ask for
    # more memory than there is.
    except (OSError, ValueError, EOFError, KeyError, MemoryError, NotImplementedError,
            zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
        raise DataError(damaged) from error
    # A member that is no array comes as its bytes.
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise DataError(damaged)
    return arrays


def _digits(images: NDArray[Any], labels: NDArray[Any], name: str) -> Digits:
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8:
        raise DataError(
            f"{name}: the images are {images.dtype} {images.shape}, "
            f"where uint8 (n, {SIDE}, {SIDE}) is needed"
        )
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"{name}: the labels are {labels.dtype} {labels.shape}, "
            f"where one whole number for each of {len(images)} images is needed"
        )
    if not len(images):
        raise DataError(f"{name}: there are no digits in it")
    if labels.min() < 0 or labels.max() >= CLASSES:
        raise DataError(f"{name}: the labels run from {labels.min()} to {labels.max()}, not 0 to 9")
    return Digits(images, labels.astype(np.uint8))


def _download() -> None:
    import keras

    try:
        with _socket_timeout(_DOWNLOAD_TIMEOUT_S), contextlib.redirect_stdout(io.StringIO()):
            keras.datasets.mnist.load_data()
    # Keras raises a bare Exception when a download fails.
    except Exception as error:
        raise DataError(
            "MNIST is not on this machine and can't be downloaded; fetch mnist.npz on another "
            f"machine and pass --data mnist.npz, or copy it to {keras_cache()}"
        ) from error


@contextlib.contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
