"""How much disk and memory a program takes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

# Belong to the system, not to who uses them, as Python itself does.
_SYSTEM = ("ld-", "libc.so", "libm.so", "libdl.so", "librt.so", "libpthread.so", "libgcc_s.so",
           "libstdc++.so", "linux-vdso")  # fmt: skip


def packages_bytes(roots: Iterable[str], find: Callable[[str], Distribution] = distribution) -> int:
    """Return the size of packages and of all that they need, as they were installed.

    Args:
        roots: as `pip install` takes them, with extras: `fivebox[edge]`.
        find: gives an installed package by its name.

    Raises:
        PackageNotFoundError: one of the roots is not installed.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    total, waiting = 0, [(Requirement(root), True) for root in roots]
    seen: set[tuple[str, str]] = set()
    counted: set[str] = set()
    while waiting:
        wanted, is_root = waiting.pop()
        name = canonicalize_name(wanted.name)
        extras = {"", *wanted.extras}
        fresh = {(name, extra) for extra in extras} - seen
        if not fresh:
            continue
        seen |= fresh
        try:
            found = find(name)
        except PackageNotFoundError:
            if is_root:
                raise
            # Somebody chose to do without it.
            continue
        if name not in counted:
            counted.add(name)
            total += _files_bytes(found)
        for line in found.requires or ():
            each = Requirement(line)
            if each.marker is None or any(each.marker.evaluate({"extra": e}) for e in extras):
                waiting.append((each, False))
    return total


def _files_bytes(found: Distribution) -> int:
    paths = [Path(str(found.locate_file(file))) for file in found.files or ()]
    return sum(p.stat().st_size for p in paths if p.suffix != ".pyc" and p.is_file())


def folder_bytes(folder: Path) -> int:
    """Return the size of a folder's files but for what Python compiled."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.suffix != ".pyc" and p.is_file())


def libraries_bytes(name: str) -> int:
    """Return the size of a shared library that this process has loaded and of all it needs.

    Args:
        name: how the file's name begins, `libtesseract.`.

    Raises:
        FileNotFoundError: no such library is loaded, or there is no `ldd` to ask.
    """
    lines = Path("/proc/self/maps").read_text("utf-8").splitlines()
    mapped = {Path(line.split()[-1]) for line in lines if "/" in line}
    mine = [path for path in mapped if path.name.startswith(name)]
    if not mine:
        raise FileNotFoundError(f"no library {name} is loaded")
    told = subprocess.run(["ldd", mine[0]], capture_output=True, text=True, check=True).stdout
    needed = {Path(path).resolve() for path in re.findall(r"=> (/\S+)", told)}
    needed = {path for path in needed if not path.name.startswith(_SYSTEM)}
    return sum(path.stat().st_size for path in {mine[0].resolve(), *needed})


def peak_bytes() -> int:
    """Return the most memory that this process ever held."""
    # Linux counts `ru_maxrss` on from the process that started this one; VmHWM is its own.
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no VmHWM")
