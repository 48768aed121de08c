"""Where updates of the model lie, which one is in force, and which was before it.

    models/state.json            which is in force and which was before; null is the bundled one
    models/7-e0e53f6c4dfc/       postcode.tflite, postcode.json, update.json, signature

The state is replaced at one stroke, and only after all files of an update are on the disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.card import sha256_of
from edge.errors import OutputError, UpdateError
from edge.update.package import Package, Update, parse

_STATE = "state.json"
# What an update is called while it is written.
_ASIDE = ".new"


@dataclass(frozen=True)
class State:
    """Folders of updates; None is the bundled model."""

    current: str | None = None
    previous: str | None = None


class Store:
    """Updates in one folder.

    Args:
        folder: need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state(self) -> State:
        """Return what is in force.

        Raises:
            UpdateError: it can't be read.
        """
        path = self.folder / _STATE
        try:
            fields = json.loads(path.read_text("utf-8"))
            state = State(**fields)
        except FileNotFoundError:
            return State()
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise UpdateError(
                f"{path}: can't be read, so the bundled model is used; delete it, and install "
                "the update again"
            ) from error
        for name in (state.current, state.previous):
            if name is not None and (not isinstance(name, str) or name != Path(name).name):
                raise UpdateError(f"{path}: names no update; delete it")
        return state

    def model(self, name: str) -> Path:
        """Return the path of an update's model, compared with its hash.

        Raises:
            UpdateError: the update is not there, or its model was changed or damaged.
        """
        folder = self.folder / name
        try:
            update = self.update(name)
            path = folder / f"{update.name}.tflite"
            is_whole = sha256_of(path.read_bytes()) == update.model_sha256
            card = path.with_suffix(".json").read_bytes()
        except OSError as error:
            raise UpdateError(f"{folder}: can't be read ({error.strerror}); roll back") from error
        if not is_whole or sha256_of(card) != update.card_sha256:
            raise UpdateError(f"{path}: changed or damaged since it was installed; roll back")
        return path

    def update(self, name: str) -> Update:
        """Return what an update says of itself.

        Raises:
            OSError: it is not there.
            UpdateError: that can't be read.
        """
        return parse((self.folder / name / "update.json").read_bytes())

    def usable(self) -> tuple[Path | None, str]:
        """Return the model to read with, and what to say about it.

        The one in force; where that is damaged the one before it; else None, for the bundled
        one. The second is "" where all is well.
        """
        try:
            state = self.state()
        except UpdateError as error:
            return None, str(error)
        problem = ""
        for name in (state.current, state.previous):
            if name is None:
                break
            try:
                return self.model(name), problem
            except UpdateError as error:
                problem = problem or str(error)
        return None, problem

    def names(self) -> list[str]:
        """Return all updates that are kept, the newest first."""
        found = [path.parent.name for path in self.folder.glob("*/update.json")]
        shown = [name for name in found if name.partition("-")[0].isdigit()]
        return sorted(shown, key=lambda name: int(name.partition("-")[0]), reverse=True)

    def add(self, package: Package) -> str:
        """Write an update, without putting it in force, and return its name.

        Raises:
            OutputError: it can't be written.
        """
        update = package.update
        target, aside = self.folder / update.folder, self.folder / _ASIDE
        parts = {
            f"{update.name}.tflite": package.model,
            f"{update.name}.json": package.card,
            "signature": package.signature,
            "update.json": package.update_bytes,
        }
        with _one_sentence(target):
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
            for name, content in parts.items():
                _write(aside / name, content)
            _flush(aside)
            # The same update was tried before, or is damaged.
            shutil.rmtree(target, ignore_errors=True)
            aside.rename(target)
            _flush(self.folder)
        return update.folder

    def remove(self, name: str) -> None:
        """Remove an update that is neither in force nor the one before."""
        state = self.state()
        if name not in (state.current, state.previous):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def switch(self, name: str | None) -> State:
        """Put an update in force, and return the new state.

        Args:
            name: None for the bundled model.

        Raises:
            OutputError: it can't be written; then the old one stays.
        """
        try:
            before = self.state()
        except UpdateError:
            before = State()
        kept = before.previous if before.current == name else before.current
        return self.restore(State(name, kept))

    def restore(self, state: State) -> State:
        """Put a state in force as it was.

        Raises:
            OutputError: it can't be written; then what is there stays.
        """
        path, aside = self.folder / _STATE, self.folder / f"{_STATE}.new"
        content = json.dumps({"current": state.current, "previous": state.previous}) + "\n"
        with _one_sentence(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(aside, content.encode())
            aside.replace(path)
            _flush(self.folder)
        return state

    def roll_back(self) -> State:
        """Put the one before in force, and return the new state.

        Raises:
            UpdateError: there was none before.
            OutputError: it can't be written.
        """
        state = self.state()
        if state.current is None and state.previous is None:
            raise UpdateError("no update was installed, so there is nothing to roll back to")
        if state.previous is not None:
            self.model(state.previous)
        return self.restore(State(state.previous, state.current))

    def sweep(self) -> None:
        """Remove what is neither in force nor the one before."""
        for name in self.names():
            self.remove(name)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _one_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{target}: can't be written ({error.strerror}); run it as the user that owns the "
            "folder, or make room"
        ) from error
