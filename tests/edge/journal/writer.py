"""Writes readings until it is killed, and tells each one that is stored: python writer.py FILE."""

from __future__ import annotations

import sys
from pathlib import Path

from edge.journal import Journal
from tests.edge.journal.making import accepted, doubtful, pictures, table

with Journal(Path(sys.argv[1]), keep_images=True, outbox=True, most_mb=100) as journal:
    number = 0
    while True:
        number += 1
        entry = journal.add(doubtful(f"{number:05}"), "write", table(number), pictures(number))
        print("stored", entry.id, flush=True)
        if number % 3 == 0:
            word = f"{number:05}"
            entry = journal.add(accepted(), "camera", table(number))
            journal.correct(entry.id, word)
            print("corrected", entry.id, word, flush=True)
