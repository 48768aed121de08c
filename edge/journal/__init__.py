"""The journal: every reading kept in SQLite, so that none is lost when the power is.

with Journal(Path("journal.db")) as journal:
    entry = journal.add(reading, "camera", probabilities)     # on the disk when it returns
    journal.correct(entry.id, "04524")
"""

from __future__ import annotations

from edge.journal.entry import Entry, Event
from edge.journal.journal import Journal

__all__ = ["Entry", "Event", "Journal"]
