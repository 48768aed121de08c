"""The manual's page for who looks after a kiosk: nothing is shown that it doesn't explain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS = json.loads((ROOT / "edge/kiosk/page/text/en.json").read_text("utf-8"))
# What says that all is well needs no explanation.
WELL = {"camera.state.live", "camera.state.reconnecting"}
MESSAGES = sorted(
    key
    for key in WORDS
    if key.startswith(
        ("reason.", "camera.state.", "camera.problem.", "error.", "server.", "store.")
    )
    and key not in WELL
)


def explained() -> dict[str, tuple[str, str]]:
    """Return what the tables say of each message: what it is, and what to do."""
    rows = {}
    for line in (ROOT / "docs/operations.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5:
            rows[cells[1]] = (cells[2], cells[3])
    return rows


@pytest.mark.parametrize("key", MESSAGES)
def test_each_message_of_the_page_is_explained(key: str) -> None:
    what, action = explained()[WORDS[key]]
    assert what
    assert action
