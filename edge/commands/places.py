"""Where fivebox keeps what must last, unless it is told another place."""

from __future__ import annotations

import os
from pathlib import Path

JOURNAL = "journal.db"


def data_folder(given: Path | None = None) -> Path:
    """Return the folder of the journal: the one given, else that of the XDG base directories."""
    if given is not None:
        return given
    base = os.environ.get("XDG_DATA_HOME", "")
    # The specification has relative paths ignored.
    return (Path(base) if base.startswith("/") else Path.home() / ".local/share") / "fivebox"
