"""Is the model whole, and does the runtime read with it on this processor?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.card import load_card
from edge.doctor.child import Ended, run_module
from edge.doctor.finding import Finding, fail, ok, warn
from edge.doctor.sample import POSTCODE
from edge.errors import ModelError

BUNDLED_MODEL = Path(__file__).parents[1] / "models" / "postcode.tflite"
"""The classifier's own; here so that nothing has to be imported that may be missing."""

# Seconds for a process that reads one postcode; a Pi Zero takes some to import all.
LIMIT_S = 60.0


@dataclass(frozen=True)
class Trial:
    """What came of reading the built-in postcode in a process of its own."""

    guess: str | None
    """What was read; None where nothing was."""
    ms: float
    """How long the reading took."""
    runtime: str
    """Which interpreter read it."""
    problem: str
    """Why nothing was read; "" where something was."""
    is_dead: bool = False
    """Whether the process died or hung, instead of saying what is wrong."""


def check_model(path: Path) -> Finding:
    """Look at the model file and at its card, without running it."""
    try:
        content = path.read_bytes()
        if content[4:8] != b"TFL3":
            return fail("model", f"{path} is no TFLite model, or a truncated one", "copy it again")
        card = load_card(path, content)
    except OSError as error:
        return fail("model", f"{path} can't be read ({error.strerror})", "check reader.model")
    except ModelError as error:
        return fail("model", str(error), "copy the model and its card again")
    if card is None:
        return warn(
            "model",
            f"{path} has no card, so its hash and how sure it may be are not known",
            "copy the .json file too that was written beside it, or convert the model again",
        )
    size = f"{len(content):,} bytes"
    return ok("model", f"{path}: {card.quantization}, {size}, SHA-256 {card.sha256[:12]}…")


def check_runtime(attempt: Callable[[bool], Trial], xnnpack: bool) -> Finding:
    """Look whether the runtime reads, and if not, whether it does the other way.

    Args:
        attempt: reads the built-in postcode, with XNNPACK or without.
        xnnpack: how it is set.
    """
    tried = attempt(xnnpack)
    way = "with" if xnnpack else "without"
    if tried.guess is not None:
        return _judge(tried, way)
    if xnnpack and tried.is_dead:
        plain = attempt(False)
        if plain.guess == POSTCODE:
            return fail(
                "runtime",
                f"with XNNPACK it {tried.problem}; without, {plain.runtime} reads in "
                f"{plain.ms:.1f} ms",
                "set xnnpack = false in [reader]",
            )
        return fail(
            "runtime",
            f"with XNNPACK it {tried.problem}, and without it {plain.problem or 'misreads'}",
            "install the runtime again: pip install --force-reinstall ai-edge-litert",
        )
    if tried.is_dead:
        return fail(
            "runtime",
            f"{way} XNNPACK it {tried.problem}",
            "install the runtime again: pip install --force-reinstall ai-edge-litert",
        )
    return fail("runtime", tried.problem, "see what it says, and the line of the model")


def try_reading(model: Path | None, xnnpack: bool, limit_s: float = LIMIT_S) -> Trial:
    """Read the built-in postcode in a process of its own.

    Args:
        model: None is the bundled one.
        xnnpack: whether the runtime may use it.
        limit_s: seconds.
    """
    how = "xnnpack" if xnnpack else "plain"
    arguments = [str(model) if model else "", how]
    return as_trial(run_module("edge.doctor.sample", arguments, limit_s))


def as_trial(ended: Ended) -> Trial:
    """Return what a process that read it has said."""
    if ended.code != 0:
        is_dead = ended.code is None or ended.code < 0
        problem = ended.how if is_dead else ended.error or ended.how
        return Trial(None, 0.0, "", problem, is_dead)
    try:
        said = json.loads(ended.out.splitlines()[-1])
        # A blank box among the five leaves no guess.
        return Trial(str(said["guess"]), float(said["ms"]), str(said["runtime"]), "")
    except (ValueError, LookupError, TypeError):
        return Trial(None, 0.0, "", f"says {ended.out[:60]!r} instead of a postcode", True)


def _judge(tried: Trial, way: str) -> Finding:
    if tried.guess != POSTCODE:
        return fail(
            "runtime",
            f"{tried.runtime} reads {tried.guess} {way} XNNPACK, where {POSTCODE} is written",
            "take the bundled model: leave reader.model out",
        )
    return ok("runtime", f"{tried.runtime} reads {tried.guess} {way} XNNPACK in {tried.ms:.1f} ms")
