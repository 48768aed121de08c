"""Can the settings be used, and are the files there that they name?"""

from __future__ import annotations

import ipaddress
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.config import Config, Key, Kiosk, keys
from edge.config_load import DEFAULT, Settings, secret
from edge.doctor.finding import Finding, fail, ok, warn
from edge.errors import ConfigError, DirectoryError

# Files that hold secrets.
_SECRET = ("kiosk.token_file", "publish.mqtt_password_file", "publish.webhook_secret_file",
           "publish.mqtt_key_file")  # fmt: skip
# Looked at by checks of their own, or made where they are missing.
_OTHERS = ("reader.model", "reader.directory", "journal.folder")


def check_settings(load: Callable[[], Settings]) -> tuple[Finding, Settings | None]:
    """Load the settings; return what came of it, and the settings where they can be used."""
    try:
        settings = load()
    except ConfigError as error:
        return fail("settings", str(error), "mend that line; docs/settings.md has all keys"), None
    set_ones = sum(origin != DEFAULT for origin in settings.origins.values())
    where = str(settings.path) if settings.path else "no file"
    return ok("settings", f"{where}, {set_ones} set, the others as they are by default"), settings


def check_files(config: Config, mode_of: Callable[[Path], int]) -> Finding:
    """Look at the files that the settings name, and who may read those with secrets.

    Args:
        config: the settings.
        mode_of: opens a file to read, and returns its `st_mode`.
    """
    named = [(key, path) for key, path in _paths(config) if key.full not in _OTHERS]
    for key, path in named:
        try:
            mode = mode_of(path)
        except OSError as error:
            return fail(
                "files",
                f"{key.full}: {path} can't be read ({error.strerror})",
                "make the file, let this user read it, or leave the setting out",
            )
        if key.full in _SECRET and mode & (stat.S_IROTH | stat.S_IWOTH):
            return warn(
                "files", f"{key.full}: everyone on this machine may read {path}", f"chmod o= {path}"
            )
    return ok("files", f"{len(named)} named by settings, each can be read")


def check_access(kiosk: Kiosk) -> Finding:
    """Look whether the page demands a token where others can reach it."""
    try:
        token = secret(kiosk, "token")
    except ConfigError as error:
        return fail("access", str(error), "write at least 16 letters and digits into it")
    if _is_own(kiosk.host):
        return ok("access", "only this machine can open the page")
    if token:
        return ok("access", f"{kiosk.host} demands a token")
    return fail(
        "access",
        f"kiosk.host is {kiosk.host}, so others can reach the page, and no token is set",
        "set kiosk.token_file to a file with at least 16 letters and digits",
    )


def check_directory(source: str | None, count: Callable[[str], int]) -> Finding:
    """Look whether the directory of valid postcodes can be used.

    Args:
        source: a path, or the name of one that is built in; None for no directory.
        count: opens it and returns how many postcodes it has.
    """
    if source is None:
        return ok("directory", "none: all postcodes exist")
    try:
        number = count(source)
    except DirectoryError as error:
        return fail("directory", str(error), "mend it, or leave reader.directory out")
    return ok("directory", f"{source}: {number:,} postcodes")


def _paths(config: Config) -> Iterator[tuple[Key, Path]]:
    for key in keys():
        value = config.get(key)
        if isinstance(value, Path):
            yield key, value


def _is_own(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
