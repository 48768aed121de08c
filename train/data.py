"""Image sets as Keras ships them: from a file, Keras's cache or its download; checked."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.errors import DataError

CLASSES = 10
IMPOSTOR = 10
"""The label of an image that shows none of the classes."""

# A server that is there answers within this; a machine without a network fails at once.
_DOWNLOAD_TIMEOUT_S = 10.0

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_EXTRA_ARRAYS = ("images", "labels")


@dataclass(frozen=True)
class Examples:
    """Images and what they show."""

    images: NDArray[np.uint8]
    """`(n, 28, 28)`, white ink on black, or `(n, 32, 32, 3)`."""
    labels: NDArray[np.uint8]
    """`(n,)`, 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.integer[Any]]) -> Examples:
        """Return the images at these places, in this order."""
        return Examples(self.images[index], self.labels[index])


@dataclass(frozen=True)
class Dataset:
    """A file of training and test images."""

    path: Path
    """As it was given."""
    sha256: str
    """Of the file, lower-case hexadecimal."""
    train: Examples
    """To learn from."""
    test: Examples
    """No decision is made on these."""


@dataclass(frozen=True)
class Extra:
    """Digits to learn from beside a data set, which nothing is measured on."""

    path: Path
    """Of their file, as it was given."""
    sha256: str
    """Of the file, lower-case hexadecimal."""
    examples: Examples

    def account(self) -> dict[str, Any]:
        """Return what the report says of it."""
        return {"name": self.path.name, "sha256": self.sha256, "digits": len(self.examples)}


@dataclass(frozen=True)
class _Kind:
    """What is known of a data set before it is read."""

    shape: tuple[int, ...]
    """Of one image."""
    cached: str
    """Its file in Keras's cache."""
    classes: tuple[str, ...]
    """What the ten classes are called."""
    read: Callable[[Path], tuple[str, dict[str, NDArray[Any]]]]
    """Reads the cached file → its SHA-256 and its arrays."""


def load(name: str = "mnist", path: str | Path | None = None) -> Dataset:
    """Load a data set.

    Args:
        name: `mnist` or `cifar10`.
        path: an `.npz` file with `x_train`, `y_train`, `x_test` and `y_test`; None
            takes Keras's cached copy, and where there is none lets Keras download it.

    Returns:
        The checked images.

    Raises:
        DataError: there is no such file, or it is not what it should be.
    """
    kind = KINDS[name]
    if path is not None:
        sha256, arrays = _read_npz(Path(path))
        return _dataset(Path(path), sha256, arrays, kind)
    cached = keras_cache(name)
    if not cached.exists():
        _download(name)
    return _dataset(cached, *kind.read(cached), kind)


def load_extra(path: Path) -> Extra:
    """Load digits to learn from, as `python -m edge export --reviewed` writes them.

    Args:
        path: an `.npz` file with `images`, `uint8 (n, 28, 28)`, white ink on black, and
            `labels`, n whole numbers from 0 to 9.

    Raises:
        DataError: there is no such file, or it is not what it should be.
    """
    sha256, arrays = _read_npz(path, _EXTRA_ARRAYS, "--extra")
    images, labels = (arrays[name] for name in _EXTRA_ARRAYS)
    name = f"{path}: images and labels"
    return Extra(path, sha256, _examples(images, labels, KINDS["mnist"], name))


def keras_cache(name: str = "mnist") -> Path:
    """Return where Keras keeps its copy of a data set; `KERAS_HOME` moves it."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / KINDS[name].cached


def hold_out(examples: Examples, count: int, seed: int) -> tuple[Examples, Examples]:
    """Split images at random into those to learn from and those kept apart.

    Args:
        examples: all of them.
        count: how many to keep apart.
        seed: the same seed keeps the same images.

    Returns:
        The images to learn from, and the `count` kept apart.

    Raises:
        DataError: nothing would be left to learn from.
    """
    if count >= len(examples):
        raise DataError(
            f"{count} images can't be held out of {len(examples)}; give a smaller --validation"
        )
    order = np.random.default_rng(seed).permutation(len(examples))
    return examples.take(order[count:]), examples.take(order[:count])


def folds(examples: Examples, count: int, seed: int) -> Iterator[tuple[Examples, Examples]]:
    """Yield the splits of a cross-validation: each image is kept apart in one of them.

    Args:
        examples: all of them.
        count: how many folds, at least 2.
        seed: the same seed makes the same folds.

    Yields:
        The images to learn from, and those kept apart.

    Raises:
        DataError: there are fewer images than folds.
    """
    if count > len(examples):
        raise DataError(f"{len(examples)} images can't be cut into {count} folds; give fewer")
    order = np.random.default_rng(seed).permutation(len(examples))
    parts = np.array_split(order, count)
    for held in range(count):
        learnt = np.concatenate([part for k, part in enumerate(parts) if k != held])
        yield examples.take(learnt), examples.take(parts[held])


def _read_npz(
    path: Path, names: Sequence[str] = _ARRAYS, flag: str = "--data"
) -> tuple[str, dict[str, NDArray[Any]]]:
    content = _content(path, flag)
    damaged = f"{path}: not an .npz file of arrays, or a damaged one; fetch it again"
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
    # What numpy raises depends on which byte is wrong: a dozen kinds have been seen, and a
    # header may even ask for more memory than there is.
    except Exception as error:
        raise DataError(damaged) from error
    # A member that is no array comes as its bytes.
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise DataError(damaged)
    return hashlib.sha256(content).hexdigest(), arrays


def _read_cifar10(path: Path) -> tuple[str, dict[str, NDArray[Any]]]:
    """Let Keras unpack its own archive."""
    import keras

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    # What Keras raises for a damaged archive depends on where the damage is.
    except Exception as error:
        raise DataError(
            f"{path}: Keras can't read its copy of CIFAR-10; remove it so that it is fetched again"
        ) from error
    # Only now, as Keras fetches an archive again that is not the one it knows.
    sha256 = hashlib.sha256(_content(path)).hexdigest()
    return sha256, dict(zip(_ARRAYS, (x_train, y_train, x_test, y_test), strict=True))


KINDS = MappingProxyType(
    {
        "mnist": _Kind((28, 28), "mnist.npz", tuple("0123456789"), _read_npz),
        "cifar10": _Kind(
            (32, 32, 3),
            "cifar-10-batches-py-target_archive",
            ("airplane", "automobile", "bird", "cat", "deer",
             "dog", "frog", "horse", "ship", "truck"),
            _read_cifar10,
        ),
    }
)  # fmt: skip
"""What is known of each data set, by its name."""


def _content(path: Path, flag: str = "--data") -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; check the path given with {flag}") from error
    except OSError as error:
        raise DataError(f"{path}: the file can't be read ({error.strerror})") from error


def _dataset(path: Path, sha256: str, arrays: dict[str, NDArray[Any]], kind: _Kind) -> Dataset:
    return Dataset(
        path,
        sha256,
        _examples(arrays["x_train"], arrays["y_train"], kind, f"{path}: x_train and y_train"),
        _examples(arrays["x_test"], arrays["y_test"], kind, f"{path}: x_test and y_test"),
    )


def _examples(images: NDArray[Any], labels: NDArray[Any], kind: _Kind, name: str) -> Examples:
    if images.shape[1:] != kind.shape or images.dtype != np.uint8:
        wanted = ", ".join(map(str, ("n", *kind.shape)))
        raise DataError(
            f"{name}: the images are {images.dtype} {images.shape}, "
            f"where uint8 ({wanted}) is needed"
        )
    # CIFAR-10's labels come as a column.
    if labels.shape == (len(images), 1):
        labels = labels[:, 0]
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"{name}: the labels are {labels.dtype} {labels.shape}, "
            f"where one whole number for each of {len(images)} images is needed"
        )
    if not len(images):
        raise DataError(f"{name}: there are no images in it")
    if labels.min() < 0 or labels.max() >= CLASSES:
        raise DataError(f"{name}: the labels run from {labels.min()} to {labels.max()}, not 0 to 9")
    return Examples(images, labels.astype(np.uint8))


def _download(name: str) -> None:
    import keras

    try:
        with _socket_timeout(_DOWNLOAD_TIMEOUT_S), contextlib.redirect_stdout(io.StringIO()):
            getattr(keras.datasets, name).load_data()
    # Keras raises a bare Exception when a download fails.
    except Exception as error:
        raise DataError(
            f"{name} is not on this machine and can't be downloaded; fetch it on another machine "
            f"and pass --data {name}.npz, or copy it to {keras_cache(name)}"
        ) from error


@contextlib.contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
