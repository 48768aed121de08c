"""Where the journals of these tests lie."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path(tmp_path):
    """Return a folder in memory where there is one: each reading waits for the disk twice.

    No test here can cut the power, so none loses anything by it.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="fivebox-", dir=MEMORY)
    except OSError:
        yield tmp_path
        return
    with folder as name:
        # Some tests are somebody else.
        Path(name).chmod(0o755)
        yield Path(name)
