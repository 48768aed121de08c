"""Compares what two machines have read: `compare.py HERE.json THERE.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

# A float's worth, beside a step.
_ROUNDING = 1e-4


def differences(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """Return what is not the same, a sentence each.

    Args:
        here: of `probe.py`.
        there: of another machine; read with the same samples and digits.
    """
    told = []
    for name in sorted({*here["readings"], *there["readings"]}):
        ours, theirs = here["readings"].get(name), there["readings"].get(name)
        if ours != theirs:
            told.append(f"{name}: {ours} here, {theirs} there")
    step = here["step"]
    if step != there["step"]:
        told.append(f"the models differ: one step is {step} here, {there['step']} there")
    apart = np.abs(np.asarray(here["logits"]) - np.asarray(there["logits"]))
    if apart.max() > step + _ROUNDING:
        told.append(f"logits differ by {apart.max() / step:.1f} steps, where 1 is allowed")
    return told


def main(arguments: list[str]) -> int:
    """Print both machines and what differs; 1 where something does."""
    here, there = (json.loads(Path(name).read_text()) for name in arguments)
    for told in (here, there):
        versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
        print(f"{told['machine']}, Python {told['python']}: {versions}")
    wrong = differences(here, there)
    if wrong:
        print(*wrong, sep="\n")
        return 1
    logits, ours = np.asarray(here["logits"]), np.asarray(here["probabilities"])
    apart = np.abs(logits - np.asarray(there["logits"])).max() / here["step"]
    gap = np.abs(ours - np.asarray(there["probabilities"])).max()
    print(
        f"the same: {len(here['readings'])} samples; of {len(logits)} digits the logits differ by"
    )
    print(f"at most {apart:.0f} quantisation steps, the probabilities by at most {gap:.5f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
