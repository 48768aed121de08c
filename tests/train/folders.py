"""What a run leaves, and how to look at it."""

from __future__ import annotations

import json
from dataclasses import replace

from train.recipes import RECIPES

PICTURES = ["confusion.png", "curves.png", "worst.png"]
REPORTS = ["report.json", "report.md"]
SMALL = replace(
    RECIPES["mlp-adam"], hidden=(24,), epochs=2, batch_size=64, validation=60, learning_rate=0.005
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    """Return what is in a folder and when it was written."""
    return {
        path.relative_to(folder): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def report_of(folder):
    return json.loads((folder / "report.json").read_text())
