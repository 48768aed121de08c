"""Do the packages fit together? What is imported is imported in a process of its own."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.doctor.child import Ended, run_module
from edge.doctor.finding import Finding, fail, ok, warn

LIMIT_S = 60.0
_ABSENT = "not installed"
# In the place of a package: it was none of them that ended the process.
_PYTHON = "python"
RUNTIMES = ("ai_edge_litert", "tflite_runtime", "tensorflow")
# Both own the module `cv2`, and the one that was installed later has overwritten the other.
_OPENCVS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
# What NumPy and Cython say where a package was built for another NumPy.
_CLASHES = ("numpy.dtype size changed", "compiled using NumPy 1.x", "_ARRAY_API not found",
            "numpy.core.multiarray failed to import")  # fmt: skip
_FROM_APT = (
    "take all of them from apt: pip uninstall numpy opencv-python-headless, then "
    "sudo apt install python3-numpy python3-opencv"
)


@dataclass(frozen=True)
class Packages:
    """What is installed."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the modules that could be imported."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """What the others said, or how the process ended."""
    distributions: tuple[str, ...] = ()
    """Names of what pip or apt has installed of OpenCV."""
    windows: str = ""
    """How this OpenCV opens windows, for example `QT5`; "" where it can't."""


def check_packages(found: Packages) -> Finding:
    """Look whether NumPy, OpenCV and the runtime are there and fit together."""
    return _missing(found) or _unfit(found)


def _missing(found: Packages) -> Finding | None:
    """Return which package can't be imported, or is there twice; None where all is well."""
    for module, what in found.errors.items():
        if any(clash in what for clash in _CLASHES):
            there = found.versions.get("numpy", "that is here")
            return fail("packages", f"{module} was built for another NumPy than {there}", _FROM_APT)
    for module, package in (("numpy", "numpy"), ("cv2", "opencv-python-headless")):
        if module not in found.versions:
            if module not in found.errors and _PYTHON in found.errors:
                return fail(
                    "packages",
                    f"{found.errors[_PYTHON]} before it has looked at {module}",
                    "run this again when the machine has less to do",
                )
            what = found.errors.get(module, _ABSENT)
            return fail(
                "packages", f"{module} can't be imported ({what})", f"pip install {package}"
            )
    if _runtime(found) is None:
        told = [found.errors[name] for name in RUNTIMES if name in found.errors]
        why = next((what for what in told if what != _ABSENT), _ABSENT)
        return fail(
            "packages",
            f"no TFLite interpreter can be imported ({why})",
            "pip install ai-edge-litert",
        )
    several = sorted(found.distributions)
    if len(several) > 1:
        return fail(
            "packages",
            f"{' and '.join(several)} are both installed and overwrite each other's cv2",
            f"pip uninstall {' '.join(several)}, and install one of them again",
        )
    return None


def _unfit(found: Packages) -> Finding:
    """Look at the versions of packages that are all there."""
    runtime = _runtime(found)
    assert runtime is not None, "else it is missing"
    numpy, opencv = _numbers(found.versions["numpy"]), _numbers(found.versions["cv2"])
    shown = (
        f"numpy {found.versions['numpy']}, OpenCV {found.versions['cv2']}, "
        f"{runtime} {found.versions[runtime]}"
    )
    if not _fits(numpy, opencv):
        return fail("packages", f"{shown}: this OpenCV wants another NumPy", _wanted(opencv))
    if runtime == "tflite_runtime" and numpy >= (2,):
        return fail(
            "packages",
            f"{shown}: tflite-runtime does not work with NumPy 2",
            "pip install ai-edge-litert, or pip install 'numpy<2'",
        )
    if opencv >= (5,):
        return warn(
            "packages",
            f"{shown}: OpenCV 5 warps images a little differently from what was tested",
            "pip install 'opencv-python-headless<5'",
        )
    return ok("packages", shown)


def _runtime(found: Packages) -> str | None:
    return next((name for name in RUNTIMES if name in found.versions), None)


def look(limit_s: float = LIMIT_S) -> Packages:
    """Return what is installed, as a process of its own sees it."""
    return as_packages(run_module("edge.doctor.packages", [], limit_s))


def as_packages(ended: Ended) -> Packages:
    """Return what a process that looked has said, line by line until it ended."""
    versions: dict[str, str] = {}
    errors: dict[str, str] = {}
    distributions: list[str] = []
    windows, begun = "", ""
    for line in ended.out.splitlines():
        try:
            kind, name, value = json.loads(line)
        except (ValueError, TypeError):
            # A library that greets.
            continue
        if kind == "begin":
            begun = name
        elif kind == "version":
            versions[name], begun = value, ""
        elif kind == "error":
            errors[name], begun = value, ""
        elif kind == "distribution":
            distributions.append(name)
        elif kind == "windows":
            windows = value
    if ended.code != 0:
        errors[begun or _PYTHON] = f"the process {ended.how}"
    return Packages(versions, errors, tuple(distributions), windows)


def main() -> int:
    """Import one package after another, and print what is there."""
    from importlib.metadata import PackageNotFoundError, version

    for name in _OPENCVS:
        try:
            _say("distribution", name, version(name))
        except PackageNotFoundError:
            continue
    # TensorFlow takes long to import, and is needed only where nothing else is there.
    for name in ("numpy", "cv2"):
        _try(name)
    next((name for name in RUNTIMES if _try(name)), None)
    cv2 = sys.modules.get("cv2")
    if cv2 is not None:
        _say("windows", "cv2", _windows(cv2.getBuildInformation().splitlines()))
    return 0


def _try(name: str) -> bool:
    _say("begin", name, "")
    try:
        module: Any = importlib.import_module(name)
        if name in RUNTIMES[:2]:
            importlib.import_module(f"{name}.interpreter")
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == name
        what = _ABSENT if missing else " ".join(f"{error}".split())[:300]
        _say("error", name, what)
        return False
    _say("version", name, str(getattr(module, "__version__", "of unknown version")))
    return True


def _say(kind: str, name: str, value: str) -> None:
    print(json.dumps([kind, name, value]), flush=True)


def _windows(lines: Iterable[str]) -> str:
    """Return the line of OpenCV's build information that says how windows are opened."""
    for line in lines:
        name, _, value = line.strip().partition(":")
        if name == "GUI":
            return "" if value.strip().upper() in ("", "NONE", "NO") else value.strip()
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version."""
    numbers = []
    for part in version.split("."):
        digits = "".join(letter for letter in part if letter.isdecimal())
        if not part[:1].isdecimal():
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _fits(numpy: tuple[int, ...], opencv: tuple[int, ...]) -> bool:
    """Tell whether an OpenCV's wheel was built for this NumPy; by its own requirements."""
    if opencv < (4, 12):
        return numpy >= (1, 26)
    if opencv < (4, 13):
        return (2,) <= numpy < (2, 3)
    return numpy >= (2,)


def _wanted(opencv: tuple[int, ...]) -> str:
    if opencv < (4, 12):
        return "pip install 'numpy>=1.26'"
    return "pip install 'numpy>=2,<2.3'" if opencv < (4, 13) else "pip install 'numpy>=2'"


if __name__ == "__main__":
    sys.exit(main())
