"""Gathers what helps to find a fault into one file: no postcode, no image, no secret is in it."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import re
import sqlite3
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

from edge.card import card_path
from edge.commands.places import JOURNAL, data_folder
from edge.config import Config, keys
from edge.config_docs import in_force
from edge.config_load import Settings
from edge.doctor.child import run
from edge.doctor.finding import Finding
from edge.doctor.reading import BUNDLED_MODEL

HIDDEN = "…"
# Of the services' journals, lines; and of any part, characters, the last ones of it.
_LINES = 5000
_LONGEST = 4_000_000
_QUICK_S = 10.0
_SERVICES = ("fivebox.service", "fivebox-screen.service")
_LOGS = (Path("/var/log/fivebox-install.log"),)
_ABOUT = (
    Path("/etc/os-release"),
    Path("/proc/device-tree/model"),
    Path("/proc/meminfo"),
    Path("/proc/uptime"),
    Path("/proc/mounts"),
    Path("/proc/loadavg"),
)
# User and password in an address.
_LOGIN = re.compile(r"(?<=://)[^/\s@\"']+@")
# What five digits in a row are in a log: a postcode, and where it was read.
_POSTCODE = re.compile(r"(?<![\d.:])\d{5}(?![\d.:])")
# A secret that is shorter would make holes everywhere.
_LEAST_SECRET = 4


@dataclass(frozen=True)
class Part:
    """A file of the archive."""

    name: str
    """With its suffix."""
    text: str
    """What is in it."""


def gather(
    settings: Settings, findings: Callable[[], Iterable[Finding]], problem: str = ""
) -> Iterator[Part]:
    """Yield the parts, each as soon as it is there; one that can't be had says why.

    Args:
        settings: those in force.
        findings: runs the doctor.
        problem: why other settings can't be used; "" where these are those that were meant.
    """
    config = settings.config
    hide = hider(secrets(config))
    parts: tuple[tuple[str, Callable[[], str]], ...] = (
        ("doctor.json", lambda: _json([asdict(each) for each in findings()])),
        ("settings.txt", lambda: f"{problem}\n\n{in_force(settings)}".lstrip() + "\n"),
        ("versions.txt", versions),
        ("machine.txt", machine),
        ("model.json", lambda: model_card(config)),
        ("readings.json", lambda: _json(figures(data_folder(config.journal.folder) / JOURNAL))),
        ("metrics.txt", lambda: metrics(config)),
        ("services.log", lambda: without_postcodes(services())),
        ("install.log", lambda: without_postcodes(_read(_LOGS))),
        ("kernel.log", lambda: _said(["dmesg", "--level", "emerg,alert,crit,err,warn"])),
    )
    for name, make in parts:
        try:
            text = make()
        except Exception as error:
            # Whatever is broken here is what the file is made for.
            text = f"it can't be had ({type(error).__name__}: {error})\n"
        yield Part(name, hide(text[-_LONGEST:]))


def pack(parts: Iterable[Part], folder: str, now_s: float) -> bytes:
    """Return a `.tar.gz` of the parts.

    Args:
        parts: what goes into it.
        folder: in which all of them lie when it is unpacked.
        now_s: seconds since 1970, the files' time.
    """
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for part in parts:
            data = part.text.encode("utf-8", "replace")
            about = tarfile.TarInfo(f"{folder}/{part.name}")
            about.size, about.mtime, about.mode = len(data), int(now_s), 0o600
            archive.addfile(about, io.BytesIO(data))
    return content.getvalue()


def secrets(config: Config) -> list[str]:
    """Return all secrets that are set, or lie in files that are."""
    found = []
    for key in keys():
        value = config.get(key)
        if key.rule.is_secret and value:
            found.append(value)
        if key.name.endswith(("token_file", "password_file", "secret_file")) and value:
            # A file that can't be read is of no use to anyone.
            with contextlib.suppress(OSError):
                found.append(value.read_text("utf-8", "replace").strip())
    # Some services take a key in the address.
    if config.publish.webhook_url:
        found.append(urlsplit(config.publish.webhook_url).query)
    return found


def hider(hidden: Iterable[str]) -> Callable[[str], str]:
    """Return what takes secrets, and logins in addresses, out of a text."""
    # Of two the longer first: one may be a part of the other.
    words = sorted({one for one in hidden if len(one) >= _LEAST_SECRET}, key=len, reverse=True)

    def hide(text: str) -> str:
        for word in words:
            text = text.replace(word, HIDDEN)
        return _LOGIN.sub(f"{HIDDEN}@", text)

    return hide


def without_postcodes(text: str) -> str:
    """Return a text in which every five digits that stand alone are hidden."""
    return _POSTCODE.sub(HIDDEN * 5, text)


def versions() -> str:
    """Return Python's version and that of every package, a line each."""
    packages = {f"{each.name} {each.version}" for each in distributions()}
    return "\n".join([f"Python {sys.version}", *sorted(packages, key=str.lower)]) + "\n"


def machine() -> str:
    """Return what machine this is, and how it does."""
    name = platform.uname()
    about = f"{name.system} {name.release} {name.version} {name.machine}\n"
    disks = _said(["df", "-h"])
    return f"{about}\n{_read(_ABOUT)}\n--- df\n{disks}"


def model_card(config: Config) -> str:
    """Return the card of the model that is set."""
    return card_path(config.reader.model or BUNDLED_MODEL).read_text("utf-8")


def figures(journal: Path) -> dict[str, object]:
    """Return how large the journal is and how many readings ended how, but none of them.

    Args:
        journal: the database; it is only read.
    """
    files = {
        path.name: path.stat().st_size for path in sorted(journal.parent.glob(f"{journal.name}*"))
    }
    found: dict[str, object] = {"bytes": files}
    if not journal.exists():
        return found
    with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as database:
        found["version"] = database.execute("PRAGMA user_version").fetchone()[0]
        tables = [
            name
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
        ]
        found["rows"] = {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for name in tables
        }
        if "readings" in tables:
            found["readings"] = [
                {"status": status, "reason": reason, "count": count}
                for status, reason, count in database.execute(
                    "SELECT status, reason, count(*) FROM readings GROUP BY 1, 2 ORDER BY 1, 2"
                )
            ]
    return found


def metrics(config: Config, limit_s: float = 5.0) -> str:
    """Return what the running kiosk measures of itself, and how it is."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.kiosk.host, config.kiosk.host)
    token = next(iter(secrets(Config(kiosk=config.kiosk))), "")
    # Whatever proxy is set, it does not lead to this machine.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    parts = []
    for path in ("/health", "/metrics"):
        request = urllib.request.Request(f"http://{host}:{config.kiosk.port}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with direct.open(request, timeout=limit_s) as answer:
                text = answer.read(_LONGEST).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                text = f"{error.code} " + error.read(_LONGEST).decode("utf-8", "replace")
        parts.append(f"--- {path}\n{text}\n")
    return "\n".join(parts)


def services() -> str:
    """Return the last lines that the services have logged."""
    units = [option for unit in _SERVICES for option in ("--unit", unit)]
    return _said(["journalctl", "--no-pager", f"--lines={_LINES}", "--output=short-iso", *units])


def stamp(now_s: float) -> str:
    """Return a moment as a file's name has it, in UTC."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_s))


def _read(paths: Iterable[Path]) -> str:
    parts = []
    for path in paths:
        try:
            text = path.read_text("utf-8", "replace").replace("\0", "")
        except OSError as error:
            text = f"it can't be read ({error.strerror})"
        parts.append(f"--- {path}\n{text}\n")
    return "\n".join(parts)


def _said(command: list[str]) -> str:
    ended = run(command, _QUICK_S, {"LC_ALL": "C.UTF-8"})
    return ended.out if ended.code == 0 else f"{command[0]} {ended.how}\n{ended.out}"


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
