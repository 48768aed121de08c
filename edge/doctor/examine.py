"""All checks, one after another, with what this machine really is."""

from __future__ import annotations

import os
import platform
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from edge.commands.places import data_folder
from edge.config import Config
from edge.config_load import Settings, load
from edge.doctor import camera, machine, packages, reading, sensors
from edge.doctor.finding import Finding, within
from edge.doctor.packages import Packages
from edge.doctor.settings import (
    check_access,
    check_directory,
    check_files,
    check_settings,
)

# Seconds for a check that only looks at files.
_QUICK_S = 10.0
# More than a check's own processes may take.
_SPARE_S = 5.0


def examine(
    path: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    source: str | None = None,
) -> Iterator[Finding]:
    """Check one thing after another, and yield what each check has found.

    Args:
        path: the settings' file; see `config_load.load`.
        environ: the environment.
        source: of the camera, instead of the one that is set.
    """
    settings: list[Settings] = []

    def settled() -> Finding:
        finding, loaded = check_settings(partial(load, path, environ, {"camera.source": source}))
        if loaded is not None:
            settings.append(loaded)
        return finding

    yield within(_QUICK_S, "settings", settled)
    config = settings[0].config if settings else Config()
    seen = Packages()

    def packaged() -> Finding:
        nonlocal seen
        seen = packages.look()
        return packages.check_packages(seen)

    yield within(_QUICK_S, "system", _system)
    yield within(packages.LIMIT_S + _SPARE_S, "packages", packaged)
    for limit_s, name, check in _of(config):
        yield within(limit_s, name, check)
    yield within(
        _QUICK_S,
        "display",
        lambda: machine.check_display(environ, seen.windows, sensors.has_screen()),
    )


def _of(config: Config) -> Iterator[tuple[float, str, Callable[[], Finding]]]:
    """Yield the checks that depend on settings: limit in seconds, name, check."""
    reader = config.reader
    model = reader.model or reading.BUNDLED_MODEL
    directory = None if reader.directory is None else str(reader.directory)
    source = config.camera.source
    yield _QUICK_S, "files", lambda: check_files(config, sensors.mode_of)
    yield _QUICK_S, "access", lambda: check_access(config.kiosk)
    yield _QUICK_S, "model", lambda: reading.check_model(model)
    yield (
        2 * reading.LIMIT_S + _SPARE_S,
        "runtime",
        lambda: reading.check_runtime(partial(reading.try_reading, reader.model), reader.xnnpack),
    )
    yield _QUICK_S, "directory", lambda: check_directory(directory, _count)
    yield (
        2 * camera.LIMIT_S + _SPARE_S,
        "camera",
        lambda: camera.check_camera(
            source, sensors.devices(), camera.try_picamera, camera.try_frame, sensors.connects
        ),
    )
    folder = data_folder(config.journal.folder)
    yield (
        _QUICK_S,
        "disk",
        lambda: machine.check_disk(folder, config.journal.most_mb, sensors.disk),
    )
    yield (
        _QUICK_S,
        "clock",
        lambda: machine.check_clock(time.localtime().tm_year, sensors.is_synchronised()),
    )
    yield (
        _QUICK_S,
        "heat",
        lambda: machine.check_heat(sensors.celsius(), sensors.throttled()),
    )


def _system() -> Finding:
    return machine.check_system(platform.machine(), 8 * struct.calcsize("P"), sys.version_info[:2])


def _count(source: str) -> int:
    from edge.directory import Directory

    return int(Directory.open(source).valid.sum())
