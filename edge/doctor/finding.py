"""What a check has found, and checks that can't hang."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What a check has found."""

    name: str
    """Of the check, a word."""
    state: State
    """`fail`: the kiosk can't work so; `warn`: it can, but not as it should."""
    message: str
    """What is there, or what is wrong, in a sentence."""
    mend: str | None = None
    """What to do about it; None where nothing has to be done."""


def ok(name: str, message: str) -> Finding:
    """Return that all is well."""
    return Finding(name, "ok", message)


def warn(name: str, message: str, mend: str) -> Finding:
    """Return that something is not as it should be."""
    return Finding(name, "warn", message, mend)


def fail(name: str, message: str, mend: str) -> Finding:
    """Return that the kiosk can't work."""
    return Finding(name, "fail", message, mend)


def within(limit_s: float, name: str, check: Callable[[], Finding]) -> Finding:
    """Run a check in a thread of its own, and leave it alone where it takes too long.

    Args:
        limit_s: seconds.
        name: of the check.
        check: may hang in a file system, a driver or the network, and may raise.
    """
    found: list[Finding] = []

    def run() -> None:
        try:
            found.append(check())
        except Exception as error:
            # A check that breaks is a finding, too: the others still run.
            what = " ".join(f"{type(error).__name__}: {error}".split())
            found.append(fail(name, f"it can't be checked ({what})", "report this line"))

    thread = threading.Thread(target=run, name=f"fivebox-doctor-{name}", daemon=True)
    thread.start()
    thread.join(limit_s)
    if found:
        return found[0]
    return fail(
        name,
        f"nothing came of it within {limit_s:g} s",
        "look whether a disk, a driver or the network hangs: dmesg | tail",
    )


def worst(findings: Iterable[Finding]) -> State:
    """Return the worst state of all; `ok` where there is none."""
    order: tuple[State, ...] = ("ok", "warn", "fail")
    return max((finding.state for finding in findings), key=order.index, default="ok")
