"""Where a training run keeps its state, so that a stopped one goes on where it was."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge import files
from train.errors import CheckpointError

_HISTORY, _RUN, _COUNTS, _STATE, _BEST = "history", "run", "counts", "state_", "best_"


@dataclass(frozen=True)
class Progressed:
    """How far a training run has come."""

    state: list[NDArray[Any]]
    """Every variable of network, optimiser and average, in their order."""
    history: list[dict[str, Any]]
    """What each epoch brought."""
    best: list[NDArray[Any]] | None = None
    """The weights of the best epoch, where early stopping looks for one."""


class Checkpoint:
    """One file that is replaced as a whole after every epoch.

    Args:
        path: the `.npz` file.
        run: what identifies the run; the state of another one is not taken up.
    """

    def __init__(self, path: Path, run: str) -> None:
        self.path = path
        self._run = run

    def save(self, progressed: Progressed) -> None:
        """Keep a state in the place of the one before.

        Raises:
            OutputError: it can't be written; the one before is still there.
        """
        arrays: dict[str, Any] = {
            _RUN: np.array(self._run),
            _HISTORY: np.array(json.dumps(progressed.history)),
            _COUNTS: np.array([len(progressed.state), len(progressed.best or [])]),
        }
        arrays |= {f"{_STATE}{k}": value for k, value in enumerate(progressed.state)}
        arrays |= {f"{_BEST}{k}": value for k, value in enumerate(progressed.best or [])}
        with files.staging(self.path.parent) as aside:
            staged = aside / self.path.name
            with staged.open("wb") as file:
                np.savez(file, **arrays)
                file.flush()
                # A power cut must not leave a new name on an empty file.
                os.fsync(file.fileno())
            files.publish(staged)

    def load(self) -> Progressed | None:
        """Return the state that was kept last; None where there is none.

        Raises:
            CheckpointError: it is damaged, or another run's.
        """
        try:
            # numpy leaves a file open in which it finds no arrays.
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                if str(arrays[_RUN]) != self._run:
                    raise CheckpointError(
                        f"{self.path}: the state of another run; choose another --out or remove it"
                    )
                states, bests = arrays[_COUNTS].tolist()
                return Progressed(
                    state=[arrays[f"{_STATE}{k}"] for k in range(states)],
                    history=json.loads(str(arrays[_HISTORY])),
                    best=[arrays[f"{_BEST}{k}"] for k in range(bests)] or None,
                )
        except FileNotFoundError:
            return None
        except CheckpointError:
            raise
        # What numpy raises depends on which byte is wrong: a dozen kinds have been seen.
        except Exception as error:
            raise CheckpointError(
                f"{self.path}: the state of the stopped run is damaged; remove it to start anew"
            ) from error

    def clear(self) -> None:
        """Remove the state, where there is one."""
        self.path.unlink(missing_ok=True)
