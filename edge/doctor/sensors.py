"""What this machine says of itself: devices, file system, clock, heat."""

from __future__ import annotations

import errno
import getpass
import grp
import os
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path

from edge.doctor.camera import Devices
from edge.doctor.child import run
from edge.doctor.machine import Disk

_ROOT = Path("/")


def devices(root: Path = _ROOT) -> Devices:
    """Return the cameras that the kernel has made devices of, and what this user may."""
    found = sorted(root.glob("dev/video*"), key=lambda path: (len(path.name), path.name))
    videos = {f"/{path.relative_to(root)}": os.access(path, os.R_OK | os.W_OK) for path in found}
    group = _group(found[0].stat().st_gid) if found else "video"
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # No name belongs to this number, as in many a container.
        user = str(os.getuid())
    return Devices(videos, group, user, tuple(map(_group, {os.getegid(), *os.getgroups()})))


def disk(folder: Path) -> Disk:
    """Look at the file system of a folder, or of the nearest one above it that is there.

    Raises:
        OSError: it can't be looked at.
    """
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    told = os.statvfs(place)
    problem = ""
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"fivebox" * 1000)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        problem = error.strerror or str(error)
        if error.errno == errno.EROFS:
            return Disk(0.0, True, 0, 0, problem)
    return Disk(
        told.f_bavail * told.f_frsize / 1e6,
        bool(told.f_flag & os.ST_RDONLY),
        told.f_favail,
        told.f_files,
        problem,
    )


def is_synchronised(root: Path = _ROOT, limit_s: float = 5.0) -> bool | None:
    """Return whether the clock follows a time server; None where nobody knows."""
    if (root / "run/systemd/timesync/synchronized").exists():
        return True
    ended = run(["timedatectl", "show", "--property=NTPSynchronized", "--value"], limit_s)
    return {"yes": True, "no": False}.get(ended.out.strip()) if ended.code == 0 else None


def celsius(root: Path = _ROOT) -> float | None:
    """Return the processor's temperature; None where nothing measures it."""
    for kind in _readable(root.glob("sys/class/thermal/thermal_zone*/type")):
        text = kind.read_text("ascii", "replace").lower()
        if "cpu" in text or "soc" in text or "x86_pkg" in text:
            return _celsius(kind.with_name("temp"))
    return None


def throttled(root: Path = _ROOT) -> int | None:
    """Return the word in which a Raspberry Pi's firmware says how it is slowed down."""
    for path in _readable(root.glob("sys/devices/platform/soc/*firmware/get_throttled")):
        try:
            return int(path.read_text("ascii", "replace").strip(), 16)
        except ValueError:
            return None
    return None


def has_screen(root: Path = _ROOT) -> bool:
    """Return whether the kernel knows of a screen that is connected."""
    return any(
        path.read_text("ascii", "replace").strip() == "connected"
        for path in _readable(root.glob("sys/class/drm/*/status"))
    )


def connects(host: str, port: int, limit_s: float = 4.0) -> str:
    """Try to reach a port; return "" or why it can't be."""
    try:
        with socket.create_connection((host, port), limit_s):
            return ""
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__


def mode_of(path: Path) -> int:
    """Open a file to read, and return its mode.

    Raises:
        OSError: it can't be opened.
    """
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_mode


def _celsius(path: Path) -> float | None:
    try:
        return int(path.read_text("ascii", "replace")) / 1000
    except (OSError, ValueError):
        return None


def _readable(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if os.access(path, os.R_OK))


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
