"""A machine that is only a folder: its root, and stand-ins for the commands that change it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"
INSTALLER = DEPLOY / "install.sh"

_TRIXIE = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_CODENAME=trixie\nID=debian\n'

# What is only noted down, each call a line.
_NOTED = ("apt-get", "useradd", "usermod", "systemctl", "chown")
# The environment that a real one would make: it "reads", and its edge is the tree's.
_PYTHON = """#!/bin/sh
echo "python $*" >>"$FIVEBOX_CALLS"
case "$*" in
"-m venv "*)
    for folder; do :; done
    mkdir -p "$folder/bin"
    cp "$0" "$folder/bin/python"
    ;;
*"-m pip "* | *"/pip install "*) exit "${FAKE_PIP:-0}" ;;
"-m edge.doctor.sample"*) [ "$4" = plain ] || exit "${FAKE_XNNPACK:-0}"; exit "${FAKE_PLAIN:-0}" ;;
"-m edge doctor"*) echo "ok    system     as faked"; exit "${FAKE_DOCTOR:-0}" ;;
"-c import sys; "*) echo "${FAKE_PYTHON:-3.13}" ;;
*has_images.py) exit "${FAKE_CV2:-0}" ;;
*) PYTHONPATH=$FIVEBOX_TREE exec "$FIVEBOX_PYTHON" "$@" ;;
esac
"""


@dataclass(frozen=True)
class Ran:
    """How the installer ended."""

    code: int
    out: str
    error: str


class Machine:
    """One that can be installed on.

    Args:
        folder: an empty one.
        python: a Python that can import edge's settings.
    """

    def __init__(self, folder: Path, python: str) -> None:
        self.root, self._bin = folder / "root", folder / "bin"
        self.calls_file, self._python = folder / "calls", python
        self._bin.mkdir()
        self.write("etc/os-release", _TRIXIE)
        self.write("proc/meminfo", "MemTotal:        3884316 kB\n")
        self.write("run/systemd/system/.there", "")
        for name in _NOTED:
            self.command(name, f'echo "{name} $*" >>"$FIVEBOX_CALLS"')
        self.command("uname", "echo aarch64")
        self.command("getconf", "echo 64")
        self.command("id", "echo 0")
        self.disk(20_000)
        self.command("apt-cache", '[ "$2" != python3-picamera2 ]')
        self.command("dpkg-query", "exit 1")
        self.command("getent", '[ "$1" = group ] && [ "$2" != render ]')
        self.command("runuser", 'shift 3; exec "$@"')
        # Owners that this machine may not know.
        self.command(
            "install",
            "for word; do shift; case $word in -o | -g) skip=1 ;; *) "
            '[ -n "$skip" ] || set -- "$@" "$word"; skip= ;; esac; done\n'
            'exec /usr/bin/install "$@"',
        )
        self.command("cage", "exit 0")
        script = self._bin / "python3"
        script.write_text(_PYTHON)
        script.chmod(0o755)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def read(self, name: str) -> str:
        """Read a file of the root."""
        return (self.root / name).read_text()

    def command(self, name: str, body: str) -> None:
        """Put a stand-in for a command before the real one."""
        path = self._bin / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def disk(self, free_mb: int) -> None:
        """Let so many MB be free."""
        self.command(
            "df",
            "echo 'Filesystem 1048576-blocks Used Available Capacity Mounted on'\n"
            f"echo '/dev/mmcblk0p2 30000 100 {free_mb} 50% /'",
        )

    def install(self, *arguments: str, installer: Path = INSTALLER, **environ: str) -> Ran:
        """Run the installer."""
        ended = subprocess.run(
            [str(installer), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env={
                **{name: value for name, value in os.environ.items() if "FIVEBOX" not in name},
                "PATH": f"{self._bin}:{os.environ['PATH']}",
                "FIVEBOX_ROOT": str(self.root),
                "FIVEBOX_CALLS": str(self.calls_file),
                "FIVEBOX_TREE": str(DEPLOY.parent),
                "FIVEBOX_PYTHON": self._python,
                **environ,
            },
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def calls(self) -> list[str]:
        """Return what was called since the machine began, a line each."""
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def files(self) -> dict[str, str]:
        """Return every file of the root but the log, with its content."""
        return {
            str(path.relative_to(self.root)): path.read_text(errors="replace")
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and path.suffix != ".log"
        }
