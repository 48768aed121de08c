"""What several test modules need: where the real data lies, and small images."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return a function that finds a file of the real data, or skips the test."""
    folder = Path(os.environ.get("FIVEBOX_DATA") or ROOT.parent / "shared" / "data")

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            pytest.skip(f"{name} is not in {folder} (set FIVEBOX_DATA to the data's folder)")
        return path

    return find
