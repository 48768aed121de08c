"""Writes results aside and moves them into place, so that nothing is ever half written."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge.errors import FiveboxError, OutputError

_STAGED = ".partial-"


def make_folder(folder: Path) -> None:
    """Make the folder where there is none, and try that files can be written into it.

    Raises:
        OutputError: they can't.
    """
    with _one_sentence(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Lend a folder inside `folder` to write in; it is gone afterwards, whatever happened.

    On the same file system as its parent, so what was written can be moved there in
    one step (`publish`).

    Raises:
        OutputError: it can't be made, or what is written into it does not fit.
    """
    with _one_sentence(folder):
        aside = tempfile.TemporaryDirectory(dir=folder, prefix=_STAGED)
    with aside as name, _one_sentence(folder):
        yield Path(name)


def publish(*staged: Path) -> None:
    """Move files from their staging folder into its parent, over what is there.

    Raises:
        OutputError: one can't be moved; those before it already were.
    """
    for path in staged:
        target = path.parent.parent / path.name
        with _one_sentence(target):
            path.replace(target)


def sweep(folder: Path) -> None:
    """Remove what processes that were killed have left of their staging folders."""
    for aside in folder.glob(f"{_STAGED}*"):
        shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def _one_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except FiveboxError:
        raise
    except OSError as error:
        raise OutputError(
            f"{target}: can't be written ({error.strerror}); choose another place for the results"
        ) from error
